// jpeg_decode [ROUNDS] FILE…: what decoding a JPEG at 1, 2 and 4 eighths costs, by BaselineJpeg (of
// a progressive one, by ProgressiveDc at 1, by ProgressiveJpeg at 2 and 4) and by libjpeg-turbo's
// raw data (planes, no colour conversion), in CPU milliseconds of this thread. The two take turns
// in each round; each number is the median of ROUNDS (9). Prints a Markdown table, and as its last
// row the median of the ratios: how many times as long libjpeg takes. "read": how much of the file
// is pulled at 1/8.
#include <fmt/core.h>
// jpeglib.h needs size_t and FILE, and does not say so.
#include <cstddef>
#include <cstdio>
//
#include <jpeglib.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/codecs/jpeg/baseline.h"
#include "thumbnailer/codecs/jpeg/progressive.h"
#include "thumbnailer/codecs/jpeg/progressive_dc.h"

namespace miniatura {
namespace {

constexpr std::array<int, 3> kEighths = {1, 2, 4};
constexpr std::uint64_t kFileBytesMax = std::uint64_t{1} << 30U;

double thread_cpu_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

class ViewSource : public ByteSource {
 public:
  explicit ViewSource(ByteView left) : left_(left) {}
  std::size_t left_bytes() const { return left_.size(); }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    const std::size_t taken = std::min(buffer.size(), left_.size());
    std::memcpy(buffer.data(), left_.data(), taken);
    left_.remove_prefix(taken);
    return taken;
  }
  ByteView left_;
};

// Up to the end of the first scan's header.
std::size_t head_bytes(ByteView jpeg) {
  std::size_t at = 2;
  while (at < jpeg.size()) {
    const bool scan = byte_at(jpeg, at + 1) == 0xDA;
    at += 2 + big_endian_16(jpeg, at + 2);
    if (scan) break;
  }
  return std::min(at, jpeg.size());
}

struct Decoded {
  std::vector<Plane> planes;
  double read = 0;      // of the file, 0 to 1
  bool exactly = true;  // as libjpeg does: what a progressive one still lacks may be left out
};

// Nothing where it is not taken or fails.
std::optional<Decoded> ours(ByteView jpeg, int eighths) {
  constexpr std::uint64_t kScansMax = 1000;
  const ByteView head = jpeg.substr(0, head_bytes(jpeg));
  ViewSource scan(jpeg.substr(head.size()));
  auto baseline = BaselineJpeg::open(head, eighths);
  auto means = eighths == 1 ? ProgressiveDc::open(head) : std::nullopt;
  auto progressive = eighths != 1 ? ProgressiveJpeg::open(head, jpeg.size()) : std::nullopt;
  if (!baseline && !means && !progressive) return std::nullopt;
  auto planes = baseline ? baseline->decode(scan)
                : means  ? means->decode(scan, kScansMax)
                         : progressive->decode(eighths, scan, kScansMax);
  if (!planes) {
    fmt::print(stderr, "{}\n", planes.error().message);
    return std::nullopt;
  }
  const double left = static_cast<double>(scan.left_bytes()) / static_cast<double>(jpeg.size());
  return Decoded{std::move(planes->colour), 1 - left, !means};
}

// libjpeg ends the program at an error, and tells warnings by itself.
std::vector<Plane> theirs(ByteView jpeg, int eighths) {
  jpeg_decompress_struct decoder{};
  jpeg_error_mgr errors{};
  decoder.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&decoder);
  jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(jpeg.data()), jpeg.size());
  jpeg_read_header(&decoder, TRUE);
  decoder.scale_num = static_cast<unsigned>(eighths);
  decoder.scale_denom = 8;
  decoder.raw_data_out = TRUE;
  decoder.do_fancy_upsampling = FALSE;
  jpeg_start_decompress(&decoder);

  std::vector<Plane> planes;
  const auto count = static_cast<std::size_t>(decoder.num_components);
  const auto group_rows =
      static_cast<unsigned>(decoder.max_v_samp_factor * decoder.min_DCT_scaled_size);
  for (std::size_t i = 0; i < count; ++i) {
    const jpeg_component_info& component = decoder.comp_info[i];
    planes.emplace_back(
        Size{static_cast<int>(component.width_in_blocks + 2) * component.DCT_scaled_size,
             static_cast<int>(component.height_in_blocks + 2) * component.DCT_scaled_size},
        8);
  }
  int group = 0;
  while (decoder.output_scanline < decoder.output_height) {
    std::array<std::array<JSAMPROW, 32>, 4> rows{};
    std::array<JSAMPARRAY, 4> arrays{};
    for (std::size_t i = 0; i < count; ++i) {
      const jpeg_component_info& component = decoder.comp_info[i];
      const int per_group = component.v_samp_factor * component.DCT_scaled_size;
      for (int y = 0; y < per_group; ++y) {
        rows[i][static_cast<std::size_t>(y)] =
            planes[i].row(std::min(group * per_group + y, planes[i].size.height - 1));
      }
      arrays[i] = rows[i].data();
    }
    jpeg_read_raw_data(&decoder, arrays.data(), group_rows);
    ++group;
  }
  jpeg_abort_decompress(&decoder);
  jpeg_destroy_decompress(&decoder);
  return planes;
}

// Is brightness the same? It is what both decode at the same scale, whatever the sampling.
bool is_same(const std::vector<Plane>& our_planes, const std::vector<Plane>& their_planes) {
  const Size size = our_planes[0].size;
  for (int y = 0; y < size.height; ++y) {
    if (std::memcmp(our_planes[0].row(y), their_planes[0].row(y),
                    static_cast<std::size_t>(size.width)) != 0) {
      return false;
    }
  }
  return true;
}

// The medians of both, in milliseconds; nothing where one cannot be compared.
struct Times {
  double our_ms = 0;
  double their_ms = 0;
};
std::optional<Times> measure(ByteView jpeg, int eighths, int rounds) {
  std::vector<double> our_ms;
  std::vector<double> their_ms;
  for (int round = 0; round < rounds; ++round) {
    const double begin = thread_cpu_ms();
    const auto our = ours(jpeg, eighths);
    const double middle = thread_cpu_ms();
    const std::vector<Plane> their_planes = theirs(jpeg, eighths);
    their_ms.push_back(thread_cpu_ms() - middle);
    our_ms.push_back(middle - begin);
    if (!our) return std::nullopt;
    if (our->exactly && !is_same(our->planes, their_planes)) {
      fmt::print(stderr, "samples differ at {}/8\n", eighths);
      return std::nullopt;
    }
  }
  return Times{median(our_ms), median(their_ms)};
}

std::string kind_of(ByteView jpeg) {
  std::string text;
  for (std::size_t at = 2; at < jpeg.size(); at += 2 + big_endian_16(jpeg, at + 2)) {
    const std::uint32_t marker = byte_at(jpeg, at + 1);
    if (marker < 0xC0 || marker > 0xC2) continue;
    for (std::size_t i = 0; i < byte_at(jpeg, at + 9); ++i) {
      const std::uint32_t factors = byte_at(jpeg, at + 11 + 3 * i);
      text += fmt::format("{}{}x{}", i == 0 ? "" : " ", factors >> 4U, factors & 15U);
    }
    return text + (marker == 0xC2 ? " progressive" : "");
  }
  return text;
}

int run(int rounds, const std::vector<std::string>& files) {
  fmt::print("| file | MB | kind | read |");
  for (const int eighths : kEighths) fmt::print(" {}/8 ms | libjpeg | ratio |", eighths);
  fmt::print("\n|---|---|---|---|{}\n", "---|---|---|---|---|---|---|---|---|");
  std::array<std::vector<double>, kEighths.size()> ratios;
  for (const std::string& file : files) {
    const auto jpeg = read_file(file, kFileBytesMax, ErrorCode::source_too_large);
    if (!jpeg) {
      fmt::print(stderr, "{}\n", jpeg.error().message);
      return 1;
    }
    const auto once = ours(*jpeg, 1);
    fmt::print("| {} | {:.1f} | {} | {:.0f} % |", file.substr(file.rfind('/') + 1),
               static_cast<double>(jpeg->size()) / 1e6, kind_of(*jpeg),
               once ? once->read * 100 : 100);
    for (std::size_t i = 0; i < kEighths.size(); ++i) {
      const auto times = measure(*jpeg, kEighths[i], rounds);
      if (!times) {
        fmt::print(" - | - | - |");
        continue;
      }
      ratios[i].push_back(times->their_ms / times->our_ms);
      fmt::print(" {:.1f} | {:.1f} | {:.2f} |", times->our_ms, times->their_ms, ratios[i].back());
    }
    fmt::print("\n");
  }
  fmt::print("| median | | | |");
  for (const auto& each : ratios) fmt::print(" | | {:.2f} |", median(each));
  fmt::print("\n");
  return 0;
}

}  // namespace
}  // namespace miniatura

int main(int count, char** words) {
  std::vector<std::string> files(words + 1, words + count);
  int rounds = 9;
  if (!files.empty() && files.front().find_first_not_of("0123456789") == std::string::npos) {
    rounds = std::max(1, std::stoi(files.front()));
    files.erase(files.begin());
  }
  return miniatura::run(rounds, files);
}
