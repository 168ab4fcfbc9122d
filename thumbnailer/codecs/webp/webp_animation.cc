#include "thumbnailer/codecs/webp/webp_animation.h"

#include <fmt/core.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <algorithm>
#include <memory>

#include "thumbnailer/codecs/webp/webp_chunks.h"

namespace miniatura {
namespace {

constexpr int kEndMsMax = 2'000'000'000;  // times are counted in an int

struct Release {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
  void operator()(WebPAnimEncoder* encoder) const { WebPAnimEncoderDelete(encoder); }
};
template <class T>
using Owned = std::unique_ptr<T, Release>;

WebPData data_of(ByteView bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

// What is left to the caller to free.
Bytes taken(WebPData& data) {
  Bytes bytes(reinterpret_cast<const char*>(data.bytes), data.size);
  WebPDataClear(&data);
  return bytes;
}

tl::unexpected<Error> failed(std::string_view doing, std::string_view why) {
  // Of a finished raster and a valid configuration nothing is left to go wrong but memory.
  return fail(ErrorCode::memory_exhausted, fmt::format("webp, {}: {}", doing, why));
}

struct Reading {
  Owned<WebPAnimDecoder> decoder;
  Size size;
  int shown_ms = 0;  // when the next frame begins
};

Result<std::optional<Frame>> next_frame(Reading& reading) {
  WebPAnimDecoder* const decoder = reading.decoder.get();
  if (WebPAnimDecoderHasMoreFrames(decoder) == 0) return std::nullopt;
  std::uint8_t* pixels = nullptr;
  int end_ms = 0;
  if (WebPAnimDecoderGetNext(decoder, &pixels, &end_ms) == 0) {
    return fail(ErrorCode::image_corrupt, "webp: a frame of the animation is broken");
  }
  Frame frame{Raster(reading.size, 4), end_ms - reading.shown_ms};
  std::copy_n(pixels, frame.raster.pixels.size(), frame.raster.pixels.begin());
  reading.shown_ms = end_ms;
  return frame;
}

Result<void> add(WebPAnimEncoder* encoder, const Raster& raster, int begin_ms,
                 const WebPConfig& config) {
  WebPPicture picture;
  if (WebPPictureInit(&picture) == 0) return failed("a frame", "another version of the library");
  const std::unique_ptr<WebPPicture, decltype(&WebPPictureFree)> owned(&picture, WebPPictureFree);
  picture.use_argb = 1;
  picture.width = raster.size.width;
  picture.height = raster.size.height;
  const int row_bytes = raster.size.width * raster.channels;
  const bool imported = raster.channels == 4
                            ? WebPPictureImportRGBA(&picture, raster.pixels.data(), row_bytes) != 0
                            : WebPPictureImportRGB(&picture, raster.pixels.data(), row_bytes) != 0;
  if (!imported) return failed("a frame", "out of memory");
  if (WebPAnimEncoderAdd(encoder, &picture, begin_ms, &config) == 0) {
    return failed("a frame", WebPAnimEncoderGetError(encoder));
  }
  return {};
}

}  // namespace

Result<FrameReader> read_webp_frames(ByteView whole) {
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0) return failed("reading", "another version");
  options.color_mode = MODE_RGBA;
  options.use_threads = 0;
  const WebPData data = data_of(whole);
  // Shared, for a std::function can be copied.
  const auto reading = std::make_shared<Reading>();
  reading->decoder.reset(WebPAnimDecoderNew(&data, &options));
  WebPAnimInfo facts;
  if (reading->decoder == nullptr || WebPAnimDecoderGetInfo(reading->decoder.get(), &facts) == 0) {
    return fail(ErrorCode::image_corrupt, "webp: the animation is broken");
  }
  reading->size = {static_cast<int>(facts.canvas_width), static_cast<int>(facts.canvas_height)};
  return FrameReader{static_cast<int>(facts.loop_count),
                     [reading] { return next_frame(*reading); }};
}

Result<Bytes> encode_webp_animation(const Animation& animation, const Encoding& encoding) {
  const Size size = animation.frames.front().raster.size;
  WebPAnimEncoderOptions options;
  WebPConfig config;
  if (WebPAnimEncoderOptionsInit(&options) == 0 || WebPConfigInit(&config) == 0) {
    return failed("writing", "another version of the library");
  }
  options.anim_params.loop_count = animation.loops;
  config.quality = static_cast<float>(encoding.quality);
  config.thread_level = 0;
  const Owned<WebPAnimEncoder> encoder(WebPAnimEncoderNew(size.width, size.height, &options));
  if (encoder == nullptr) return failed("writing", "out of memory");
  int begin_ms = 0;
  for (const Frame& frame : animation.frames) {
    CHECKED(add(encoder.get(), frame.raster, begin_ms, config));
    begin_ms += std::clamp(frame.duration_ms, 0, kEndMsMax - begin_ms);
  }
  // The end of the last.
  if (WebPAnimEncoderAdd(encoder.get(), nullptr, begin_ms, nullptr) == 0) {
    return failed("the end", WebPAnimEncoderGetError(encoder.get()));
  }
  WebPData assembled;
  WebPDataInit(&assembled);
  if (WebPAnimEncoderAssemble(encoder.get(), &assembled) == 0) {
    return failed("the end", WebPAnimEncoderGetError(encoder.get()));
  }
  return with_metadata(taken(assembled), encoding);
}

}  // namespace miniatura
