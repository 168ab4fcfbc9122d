// Any bytes as a JPEG: what BaselineJpeg takes, it judges and decodes as libjpeg does.
#include "tests/fuzz/fuzz.h"
#include "tests/support/baseline_oracle.h"
#include "thumbnailer/codecs/jpeg/baseline_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  const ByteView jpeg = view_of(data, size);
  const auto header = baseline::read_baseline_header(jpeg.substr(0, oracle::head_bytes(jpeg)));
  // Time is linear in bytes and pixels, and here it is spent on the former.
  constexpr int kPixelsMax = 1 << 16;
  if (!header || header->size.width > kPixelsMax / header->size.height) return 0;
  for (const int eighths : {1, 2, 4}) {
    for (const Grids grids : {Grids::own, Grids::fine}) {
      must(oracle::compare(jpeg, eighths, grids).difference.empty());
    }
  }
  return 0;
}
