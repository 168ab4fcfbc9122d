#include "thumbnailer/iso_box.h"

#include <algorithm>

#include "thumbnailer/byte_order.h"

namespace miniatura {

std::optional<IsoBox> next_box(ByteView& rest) {
  if (rest.size() < 8) return std::nullopt;
  std::uint64_t size = big_endian_32(rest, 0);
  std::size_t header = 8;
  if (size == 1) {
    header = 16;
    size = std::uint64_t{big_endian_32(rest, 8)} << 32U | big_endian_32(rest, 12);
  } else if (size == 0) {
    size = rest.size();  // up to the end
  }
  if (size < header) return std::nullopt;
  IsoBox box;
  box.type = rest.substr(4, 4);
  box.complete = size <= rest.size();
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(size, rest.size()));
  box.body = slice(rest.substr(0, length), header);
  rest.remove_prefix(length);
  return box;
}

}  // namespace miniatura
