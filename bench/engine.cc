// bench_engine: what it costs to make thumbnails of a file's bytes, in one thread and without a
// network. A server on its standard input, so that its rounds can alternate with another program's
// and no start of a process is counted. One request a line, its words separated by tabs:
//
//   render ROUNDS PRESETS FILE [FOLDER]    PRESETS in the short form ("a=256x256:jpeg,b=…"); with a
//                                          folder the last round's thumbnails are written into it,
//                                          as NAME.EXTENSION
//   magick …                               the same by the plain engine
//   stream …                               the same from the file as it is read, and not from
//   memory heif ROUNDS FILE                       libheif's decoding alone, to the planes that it
//   has
//
// Each is answered by one line of JSON:
//
//   {"cpu_ms":[…],"bytes":{"NAME":…},"peak_kb":…}    CPU of the whole process, a number a round;
//                                                    the last round's bytes; VmHWM up to now
//   {"error":"…"}
#include <fmt/core.h>
#include <libheif/heif.h>
#include <sys/resource.h>

#include <charconv>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/heap.h"
#include "runtime/json.h"
#include "thumbnailer/magick_render.h"
#include "thumbnailer/preset.h"
#include "thumbnailer/render.h"

namespace miniatura {
namespace {

constexpr std::uint64_t kSourceBytesMax = std::uint64_t{1} << 30;

double process_cpu_ms() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

// VmHWM, not getrusage's ru_maxrss: that one keeps what the parent had before exec.
long peak_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

tl::unexpected<Error> refused(std::string message) {
  Error error;
  error.code = ErrorCode::config_invalid;
  error.message = std::move(message);
  return tl::unexpected(std::move(error));
}

Result<std::unique_ptr<ByteSource>> source_of(const std::string& way, const std::string& file) {
  if (way == "stream") {
    TRY(opened, LocalFile::open(file));
    return std::unique_ptr<ByteSource>(std::move(opened));
  }
  TRY(bytes, read_file(file, kSourceBytesMax, ErrorCode::source_too_large));
  return std::unique_ptr<ByteSource>(std::make_unique<MemorySource>(std::move(bytes)));
}

Result<Rendered> render_once(const std::string& way, const std::string& file,
                             const std::vector<RenderOrder>& orders, std::vector<double>& cpu_ms) {
  TRY(source, source_of(way, file));
  Limits limits;
  limits.source_bytes = kSourceBytesMax;
  const double before = process_cpu_ms();
  TRY(rendered, way == "magick" ? render_by_magick(*source, orders, limits)
                                : render(*source, orders, limits));
  cpu_ms.push_back(process_cpu_ms() - before);
  return std::move(rendered);
}

Result<Json> answer_render(const std::string& way, int rounds, const std::string& presets,
                           const std::string& file, const std::string& folder) {
  TRY(wanted, parse_presets(presets));
  std::vector<RenderOrder> orders;
  for (const Preset& preset : wanted) orders.push_back({preset, output_format(preset, file)});
  std::vector<double> cpu_ms;
  Rendered last;
  for (int round = 0; round < rounds; ++round) {
    TRY(rendered, render_once(way, file, orders, cpu_ms));
    last = std::move(rendered);
  }
  Json bytes = Json::object();
  for (const Thumbnail& thumbnail : last.thumbnails) {
    bytes[thumbnail.preset] = thumbnail.bytes.size();
    if (folder.empty()) continue;
    const std::string name =
        fmt::format("{}/{}.{}", folder, thumbnail.preset, format_extension(thumbnail.format));
    CHECKED(write_file(name, thumbnail.bytes));
  }
  return Json{{"cpu_ms", cpu_ms}, {"bytes", bytes}, {"peak_kb", peak_kb()}};
}

template <class T>
using HeifPointer = std::unique_ptr<T, void (*)(const T*)>;

// The floor under a thumbnail of a HEIC: what nobody who uses libheif can do without.
Result<void> decode_heif(const Bytes& bytes) {
  const std::unique_ptr<heif_context, decltype(&heif_context_free)> context(heif_context_alloc(),
                                                                            heif_context_free);
  heif_error done = heif_context_read_from_memory_without_copy(context.get(), bytes.data(),
                                                               bytes.size(), nullptr);
  heif_image_handle* handle = nullptr;
  if (done.code == heif_error_Ok) {
    done = heif_context_get_primary_image_handle(context.get(), &handle);
  }
  const HeifPointer<heif_image_handle> keeps_handle(handle, heif_image_handle_release);
  heif_image* image = nullptr;
  if (done.code == heif_error_Ok) {
    done = heif_decode_image(handle, &image, heif_colorspace_undefined, heif_chroma_undefined,
                             nullptr);
  }
  const HeifPointer<heif_image> keeps_image(image, heif_image_release);
  if (done.code != heif_error_Ok) return refused(done.message);
  return {};
}

Result<Json> answer_heif(int rounds, const std::string& file) {
  TRY(bytes, read_file(file, kSourceBytesMax, ErrorCode::source_too_large));
  std::vector<double> cpu_ms;
  for (int round = 0; round < rounds; ++round) {
    const double before = process_cpu_ms();
    CHECKED(decode_heif(bytes));
    cpu_ms.push_back(process_cpu_ms() - before);
  }
  return Json{{"cpu_ms", cpu_ms}, {"bytes", Json::object()}, {"peak_kb", peak_kb()}};
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words(1);
  for (const char letter : line) {
    if (letter == '\t') {
      words.emplace_back();
    } else {
      words.back().push_back(letter);
    }
  }
  return words;
}

Result<Json> answer(const std::vector<std::string>& words) {
  int rounds = 0;
  if (words.size() >= 2)
    std::from_chars(words[1].data(), words[1].data() + words[1].size(), rounds);
  if (rounds >= 1) {
    const bool renders = words[0] == "render" || words[0] == "magick" || words[0] == "stream";
    if (renders && (words.size() == 4 || words.size() == 5)) {
      return answer_render(words[0], rounds, words[2], words[3], words.size() == 5 ? words[4] : "");
    }
    if (words[0] == "heif" && words.size() == 3) return answer_heif(rounds, words[2]);
  }
  return refused(
      "a request is \"render\", \"magick\" or \"stream\", rounds, presets, file[, folder], or "
      "\"heif\", rounds, file; "
      "separated by tabs");
}

int serve() {
  for (std::string line; std::getline(std::cin, line);) {
    const Result<Json> said = answer(words_of(line));
    const Json reply = said ? *said : Json{{"error", said.error().message}};
    std::cout << to_text(reply)
              << std::endl;  // NOLINT(performance-avoid-endl): the other side waits
  }
  return 0;
}

}  // namespace
}  // namespace miniatura

int main() {
  miniatura::give_back_large_blocks();
  return miniatura::serve();
}
