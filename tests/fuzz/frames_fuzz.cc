// What a thumbnail takes of a source by our own hand: a GIF's frames, and EXIF's copyright.
#include "tests/fuzz/fuzz.h"
#include "thumbnailer/exif.h"
#include "thumbnailer/gif_frames.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  const ByteView bytes = view_of(data, size);
  const Copyright copyright = read_exif(bytes).copyright;
  must(copyright.artist.size() <= kCopyrightBytesMax);
  must(copyright.copyright.size() <= kCopyrightBytesMax);
  must(read_exif(exif_of(copyright)).copyright == copyright);

  constexpr Size kSize = {33, 17};
  constexpr int kFramesMax = 20;
  const auto reader = read_gif_frames(bytes, kSize);
  must(reader.has_value() && reader->loops >= 0);
  for (int i = 0; i < kFramesMax; ++i) {
    const auto frame = reader->next();
    if (!frame || !*frame) break;
    must((*frame)->raster.size == kSize && (*frame)->duration_ms > 0);
  }
  return 0;
}
