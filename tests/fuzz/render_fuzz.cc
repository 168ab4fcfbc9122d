// Any bytes, of any format but libheif's, to two thumbnails: all of thumbnailer/, as a worker has
// it.
#include "tests/fuzz/fuzz.h"
#include "thumbnailer/render.h"
#include "thumbnailer/sniff.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  const ByteView bytes = view_of(data, size);
  // Where an AV1 stream is damaged, libdav1d 1.0 leaks, which is no matter to a worker, and would
  // hide whatever else is found here. What is read before it: image_headers_fuzz.cc.
  const auto format = sniff(bytes);
  if (format && (*format == ImageFormat::avif || *format == ImageFormat::heic)) return 0;
  static const std::vector<RenderOrder> orders = {
      {*parse_preset("jpeg=24x24"), ImageFormat::jpeg},
      {*parse_preset("png=16x12:cover"), ImageFormat::png}};
  Limits limits;
  limits.pixels = 1'000'000;
  limits.decoded_bytes = std::uint64_t{64} << 20;
  limits.frames = 20;
  MemorySource source{Bytes(bytes)};
  const auto rendered = render(source, orders, limits);
  if (!rendered) {
    must(!rendered.error().message.empty());
    return 0;
  }
  must(rendered->thumbnails.size() == orders.size());
  for (const Thumbnail& thumbnail : rendered->thumbnails) {
    must(sniff(thumbnail.bytes) == thumbnail.format);
    must(thumbnail.width > 0 && thumbnail.width <= 24 && thumbnail.height > 0 &&
         thumbnail.height <= 24);
  }
  return 0;
}
