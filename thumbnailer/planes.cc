#include "thumbnailer/planes.h"

#include <new>

namespace miniatura {

Plane::Plane(Size its_size, int its_bits) : size(its_size), bits(its_bits) {
  const std::size_t row_bytes = static_cast<std::size_t>(size.width) * (bits > 8 ? 2 : 1);
  stride_bytes_ = (row_bytes + kAlignment - 1) / kAlignment * kAlignment;
  samples_.reset(static_cast<std::uint8_t*>(::operator new[](
      stride_bytes_* static_cast<std::size_t>(size.height), std::align_val_t{kAlignment})));
}

void Plane::Free::operator()(std::uint8_t* samples) const {
  ::operator delete[](samples, std::align_val_t{kAlignment});
}

}  // namespace miniatura
