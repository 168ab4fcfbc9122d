#include "thumbnailer/render_wire.h"

#include <algorithm>

#include "runtime/text.h"

namespace miniatura {

template <>
inline constexpr ImageFormat kLastOf<ImageFormat> = ImageFormat::avif;
template <>
inline constexpr Fit kLastOf<Fit> = Fit::outside;
template <>
inline constexpr Gravity kLastOf<Gravity> = Gravity::north_west;
template <>
inline constexpr Subsampling kLastOf<Subsampling> = Subsampling::s444;
template <>
inline constexpr ErrorCode kLastOf<ErrorCode> = ErrorCode::internal;

// Each struct's parts, both ways.

template <class Archive>
void fields(Archive& archive, Either<Limits> auto& limits) {
  auto& [source_bytes, pixels, decoded_bytes, frames, scans, metadata_bytes, cpu_ms] = limits;
  archive(source_bytes, pixels, decoded_bytes, frames, scans, metadata_bytes, cpu_ms);
}

template <class Archive>
void fields(Archive& archive, Either<Preset> auto& preset) {
  auto& [name, width, height, fit, format, quality, background, gravity, enlarge, progressive,
         subsampling, max_bytes, linear, sharpen, animated, keep_copyright, keep_icc] = preset;
  archive(name, width, height, fit, format, quality, background, gravity, enlarge, progressive,
          subsampling, max_bytes, linear, sharpen, animated, keep_copyright, keep_icc);
}

template <class Archive>
void fields(Archive& archive, Either<RenderOrder> auto& order) {
  auto& [preset, format] = order;
  archive(preset, format);
}

template <class Archive>
void fields(Archive& archive, Either<RenderJob> auto& job) {
  auto& [limits, orders, announced_bytes] = job;
  archive(limits, orders, announced_bytes);
}

template <class Archive>
void fields(Archive& archive, Either<Capture> auto& capture) {
  auto& [camera_make, camera_model, time] = capture;
  archive(camera_make, camera_model, time);
}

template <class Archive>
void fields(Archive& archive, Either<SourceFacts> auto& source) {
  auto& [format, width, height, bytes, orientation, colour_space, icc_profile, capture] = source;
  archive(format, width, height, bytes, orientation, colour_space, icc_profile, capture);
}

template <class Archive>
void fields(Archive& archive, Either<Stopwatch::Lap> auto& lap) {
  auto& [wall_ms, cpu_ms] = lap;
  archive(wall_ms, cpu_ms);
}

template <class Archive>
void fields(Archive& archive, Either<RenderTimings> auto& timings) {
  auto& [download, decode, render] = timings;
  archive(download, decode, render);
}

namespace {

// A thumbnail without its bytes.
struct Label {
  std::string preset;
  int width = 0;
  int height = 0;
  ImageFormat format = ImageFormat::jpeg;
  std::uint64_t size_bytes = 0;
};

template <class Archive>
void fields(Archive& archive, Either<Label> auto& label) {
  auto& [preset, width, height, format, size_bytes] = label;
  archive(preset, width, height, format, size_bytes);
}

struct Failure {
  ErrorCode code = ErrorCode::internal;
  std::string message;
};

template <class Archive>
void fields(Archive& archive, Either<Failure> auto& failure) {
  auto& [code, message] = failure;
  archive(code, message);
}

struct Reply {
  std::optional<Failure> failure;
  SourceFacts source;
  std::vector<Label> thumbnails;
  RenderTimings timings;
};

template <class Archive>
void fields(Archive& archive, Either<Reply> auto& reply) {
  auto& [failure, source, thumbnails, timings] = reply;
  archive(failure, source, thumbnails, timings);
}

constexpr std::size_t kErrorBytesMax = 1'000;

// Of a picture, or of the program; never one that speaks for stores, credentials or deadlines: it
// would make others wait.
bool may_be_said(ErrorCode code) {
  constexpr std::array kCodes = {ErrorCode::image_corrupt,    ErrorCode::image_unsupported,
                                 ErrorCode::image_too_large,  ErrorCode::source_too_large,
                                 ErrorCode::memory_exhausted, ErrorCode::internal};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

bool is_plausible(const SourceFacts& source) {
  return source.width > 0 && source.height > 0 && source.orientation >= 1 &&
         source.orientation <= 8;
}

bool answers(std::span<const Label> thumbnails, std::span<const RenderOrder> orders) {
  return std::equal(thumbnails.begin(), thumbnails.end(), orders.begin(), orders.end(),
                    [](const Label& thumbnail, const RenderOrder& order) {
                      return thumbnail.preset == order.preset.name &&
                             thumbnail.format == order.format && thumbnail.width > 0 &&
                             thumbnail.height > 0 && thumbnail.size_bytes > 0;
                    });
}

// Nothing where the sum is no number.
std::optional<std::uint64_t> sum_of_sizes(std::span<const Label> thumbnails) {
  std::uint64_t sum = 0;
  for (const Label& thumbnail : thumbnails) {
    if (__builtin_add_overflow(sum, thumbnail.size_bytes, &sum)) return std::nullopt;
  }
  return sum;
}

// They go into the journal and onto terminals.
void make_fit_for_people(SourceFacts& source) {
  for (std::string* text : {&source.colour_space, &source.icc_profile, &source.capture.camera_make,
                            &source.capture.camera_model, &source.capture.time}) {
    *text = source_text(*text);
  }
}

}  // namespace

Bytes pack_job(const RenderJob& job) {
  Packer packer;
  packer(job);
  return std::move(packer).bytes();
}

std::optional<RenderJob> unpack_job(ByteView bytes) {
  RenderJob job;
  Unpacker unpacker(bytes);
  unpacker(job);
  if (!unpacker.done()) return std::nullopt;
  return job;
}

Bytes pack_ask(std::uint64_t bytes) {
  Packer packer;
  packer(bytes);
  return std::move(packer).bytes();
}

std::optional<std::uint64_t> unpack_ask(ByteView bytes) {
  std::uint64_t asked = 0;
  Unpacker unpacker(bytes);
  unpacker(asked);
  if (!unpacker.done()) return std::nullopt;
  return asked;
}

Bytes pack_reply(const Result<Rendered>& rendered) {
  Reply reply;
  if (rendered) {
    reply.source = rendered->source;
    reply.timings = rendered->timings;
    for (const Thumbnail& thumbnail : rendered->thumbnails) {
      reply.thumbnails.push_back({thumbnail.preset, thumbnail.width, thumbnail.height,
                                  thumbnail.format, thumbnail.bytes.size()});
    }
  } else {
    reply.failure = {rendered.error().code, cropped(rendered.error().message, kErrorBytesMax)};
  }
  Packer packer;
  packer(reply);
  return std::move(packer).bytes();
}

std::optional<Result<Rendered>> unpack_reply(ByteView bytes, std::span<const RenderOrder> orders,
                                             const ReadReplyFile& read_file) {
  Reply reply;
  Unpacker unpacker(bytes);
  unpacker(reply);
  if (!unpacker.done()) return std::nullopt;
  if (reply.failure) {
    if (!may_be_said(reply.failure->code)) return std::nullopt;
    return fail(reply.failure->code, cropped(one_line(reply.failure->message), kErrorBytesMax));
  }
  const auto size_bytes = sum_of_sizes(reply.thumbnails);
  if (!size_bytes || !answers(reply.thumbnails, orders) || !is_plausible(reply.source)) {
    return std::nullopt;
  }
  const auto all = read_file(*size_bytes);
  if (!all || all->size() != *size_bytes) return std::nullopt;
  make_fit_for_people(reply.source);
  Rendered rendered{std::move(reply.source), {}, reply.timings};
  std::size_t at = 0;
  for (Label& label : reply.thumbnails) {
    rendered.thumbnails.push_back({std::move(label.preset), all->substr(at, label.size_bytes),
                                   label.width, label.height, label.format});
    at += label.size_bytes;
  }
  return rendered;
}

}  // namespace miniatura
