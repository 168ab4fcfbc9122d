// Any bytes as the start of a picture, and as a whole one: what is said of it can be true.
#include "tests/fuzz/fuzz.h"
#include "thumbnailer/header.h"
#include "thumbnailer/sniff.h"

namespace miniatura {
namespace {

void read(ByteView bytes, ImageFormat format, ImageExtent extent) {
  const auto header = read_header(bytes, format, extent);
  if (!header) {
    must(!header.error().message.empty() && !header.error().retryable());
    return;
  }
  must(header->width >= 0 && header->height >= 0);
  must(header->orientation >= 1 && header->orientation <= 8);
  must(header->data_begin <= bytes.size());
  if (extent == ImageExtent::start && header->data_begin == 0) return;
  must(header->width > 0 && header->height > 0);
  must(!essential_bytes(bytes, *header).empty());
}

}  // namespace
}  // namespace miniatura

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  const ByteView bytes = view_of(data, size);
  const auto format = sniff(bytes);
  if (!format) return 0;
  read(bytes, *format, ImageExtent::start);
  read(bytes, *format, ImageExtent::whole);
  return 0;
}
