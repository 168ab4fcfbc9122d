// Any bytes as a PNG: what passes the header's check is decoded, or is corrupt; whatever the
// fraction of its size, planes are as large as they should be.
#include "tests/fuzz/fuzz.h"
#include "thumbnailer/codecs/png/png_decode.h"
#include "thumbnailer/limits.h"
#include "thumbnailer/sniff.h"

namespace miniatura {
namespace {

void decode(const Bytes& essential, const ImageHeader& header, int denominator) {
  const auto decoded = decode_png(essential, header, denominator);
  if (!decoded) {
    must(decoded.error().code == ErrorCode::image_corrupt);
    return;
  }
  const Size stored{header.width, header.height};
  must(decoded->planes.stored == stored);
  must(decoded->planes.colour.size() == (decoded->planes.coding == Coding::grey ? 1U : 3U));
  must(decoded->planes.alpha.size() <= 1);
  for (const auto* planes : {&decoded->planes.colour, &decoded->planes.alpha}) {
    for (const Plane& plane : *planes) must(plane.size == shrunk_size(stored, denominator));
  }
}

}  // namespace
}  // namespace miniatura

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  const ByteView png = view_of(data, size);
  const auto format = sniff(png);
  if (!format || *format != ImageFormat::png) return 0;
  const auto header = read_header(png, ImageFormat::png, ImageExtent::whole);
  // Time is linear in bytes and pixels, and here it is spent on the former.
  Limits limits;
  limits.pixels = 20'000;
  if (!header || !check_limits(*header, limits)) return 0;
  const Bytes essential = essential_bytes(png, *header);
  for (const int denominator : {1, 2, 4, 8}) decode(essential, *header, denominator);
  return 0;
}
