#include "thumbnailer/codecs/webp/webp_decode.h"

#include <fmt/core.h>
#include <webp/decode.h>

#include <algorithm>
#include <new>
#include <utility>

#include "thumbnailer/box_shrink.h"
#include "thumbnailer/byte_order.h"
#include "thumbnailer/plane_writer.h"

namespace miniatura {
namespace {

constexpr int kLossy = 1;  // WebPBitstreamFeatures::format

// The library's options, and the picture that it makes.
class Decoding {
 public:
  Decoding() {
    // Wrong only for a library of another version than its headers.
    if (WebPInitDecoderConfig(&config_) == 0) throw std::bad_alloc();
  }
  Decoding(const Decoding&) = delete;
  Decoding& operator=(const Decoding&) = delete;
  ~Decoding() { WebPFreeDecBuffer(&config_.output); }

  const WebPBitstreamFeatures& features() const { return config_.input; }

  VP8StatusCode read_features(ByteView bytes) {
    return WebPGetFeatures(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                           &config_.input);
  }
  // `rough`: without smoothing the edges of blocks, a sixth of the time, which what is predicted
  // from them does not need. Averaging 2x2 pixels hides them (47 to 52 dB, measured), and the
  // library itself leaves it out where it scales.
  VP8StatusCode decode(ByteView bytes, WEBP_CSP_MODE mode, bool rough) {
    config_.output.colorspace = mode;
    config_.options.bypass_filtering = rough ? 1 : 0;
    return WebPDecode(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), &config_);
  }
  WebPDecBuffer& picture() { return config_.output; }

 private:
  WebPDecoderConfig config_{};
};

Result<void> check(VP8StatusCode status) {
  ErrorCode code = ErrorCode::image_corrupt;
  std::string_view why = "broken";
  switch (status) {
    case VP8_STATUS_OK:
      return {};
    case VP8_STATUS_OUT_OF_MEMORY:
      code = ErrorCode::memory_exhausted;
      why = "out of memory";
      break;
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      code = ErrorCode::image_unsupported;
      why = "of a kind that is not read";
      break;
    case VP8_STATUS_NOT_ENOUGH_DATA:
      why = "breaks off";
      break;
    case VP8_STATUS_INVALID_PARAM:
    case VP8_STATUS_BITSTREAM_ERROR:
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_USER_ABORT:
      break;
  }
  return fail(code, fmt::format("webp: {}", why));
}

// What stands in the chunk ICCP; empty if there is none.
Bytes profile_of(ByteView webp) {
  constexpr std::size_t kFileHeaderBytes = 12, kChunkHeaderBytes = 8;
  std::size_t at = kFileHeaderBytes;
  while (at + kChunkHeaderBytes <= webp.size()) {
    const std::size_t length = little_endian_32(webp, at + 4);
    if (slice(webp, at, 4) == "ICCP") return Bytes(slice(webp, at + kChunkHeaderBytes, length));
    at += kChunkHeaderBytes + length + (length & 1U);
  }
  return {};
}

Size halved(Size size) { return {(size.width + 1) / 2, (size.height + 1) / 2}; }

Plane plane_of(const std::uint8_t* samples, int stride, Size size, int denominator) {
  return shrunk_plane(samples, stride, {.size = size}, denominator);
}

// Brightness, and colour of every 2x2 pixels. RFC 6386, 9.2: by BT.601, of the limited range. What
// is shrunk has its colours on the grid of its brightness, as libwebp's own scaling and libjpeg's
// have: there is enough of them.
Planes ycbcr_of(const WebPYUVABuffer& picture, Size size, int denominator) {
  Planes planes;
  planes.stored = size;
  planes.coding = Coding::ycbcr;
  planes.matrix.full_range = false;
  planes.colour.push_back(plane_of(picture.y, picture.y_stride, size, denominator));
  for (const auto& [samples, stride] :
       {std::pair(picture.u, picture.u_stride), {picture.v, picture.v_stride}}) {
    Plane plane = plane_of(samples, stride, halved(size), std::max(1, denominator / 2));
    plane.across /= 2;
    plane.down /= 2;
    planes.colour.push_back(std::move(plane));
  }
  return planes;
}

Planes rgb_of(const WebPRGBABuffer& picture, const ImageHeader& header, int channels,
              int denominator) {
  PlaneWriter writer(header, {channels, 8}, denominator);
  for (int y = 0; y < writer.size().height; ++y) {
    writer.add(picture.rgba + static_cast<std::ptrdiff_t>(y) * picture.stride);
  }
  return writer.planes();
}

Result<DecodedPicture> decode(ByteView essential, const ImageHeader& header, int denominator) {
  Decoding decoding;
  CHECKED(check(decoding.read_features(essential)));
  const WebPBitstreamFeatures features = decoding.features();
  const Size size = {features.width, features.height};
  if (size != (header.frame ? Size{header.frame->width, header.frame->height}
                            : Size{header.width, header.height})) {
    return fail(
        ErrorCode::image_corrupt,
        fmt::format("webp: {}x{} pixels, not as its container says", size.width, size.height));
  }
  DecodedPicture decoded;
  const bool alpha = features.has_alpha != 0;
  const bool rough = denominator > 1;
  if (features.format == kLossy && !alpha && !header.frame) {
    CHECKED(check(decoding.decode(essential, MODE_YUV, rough)));
    decoded.planes = ycbcr_of(decoding.picture().u.YUVA, size, denominator);
  } else {
    CHECKED(check(decoding.decode(essential, alpha ? MODE_RGBA : MODE_RGB, rough)));
    decoded.planes = rgb_of(decoding.picture().u.RGBA, header, alpha ? 4 : 3, denominator);
  }
  decoded.icc_profile = profile_of(essential);
  return decoded;
}

}  // namespace

Result<DecodedPicture> decode_webp(ByteView essential, const ImageHeader& header, int denominator) {
  try {
    return decode(essential, header, denominator);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::memory_exhausted, "webp: out of memory");
  }
}

}  // namespace miniatura
