#include "runtime/heap.h"

#include <malloc.h>

namespace miniatura {

void give_back_large_blocks() {
  constexpr int kLargeBytes = 4 << 20;
  // Once set, it does not grow any more.
  ::mallopt(M_MMAP_THRESHOLD, kLargeBytes);
}

}  // namespace miniatura
