#include "thumbnailer/heif_exif.h"

#include <algorithm>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/iso_items.h"

namespace miniatura {

ByteView heif_exif(ByteView file, ByteView meta) {
  const std::vector<IsoItem> items = iso_items(file, meta);
  const auto exif = std::find_if(items.begin(), items.end(),
                                 [](const IsoItem& item) { return item.type == "Exif"; });
  if (exif == items.end()) return {};
  // First stands how far behind this number the TIFF structure begins.
  return slice(exif->bytes, std::size_t{4} + big_endian_32(exif->bytes, 0));
}

}  // namespace miniatura
