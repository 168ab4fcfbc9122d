#include "runtime/heap.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>

#include "tests/support/sanitized.h"

namespace miniatura {
namespace {

// Bytes that malloc() has from the system for this block alone.
std::size_t mapped_for(std::size_t bytes) {
  const std::size_t before = ::mallinfo2().hblkhd;
  void* volatile block = std::malloc(bytes);
  const std::size_t mapped = ::mallinfo2().hblkhd - before;
  std::free(block);
  return mapped;
}

TEST(heap, gives_large_blocks_back_however_large_those_before_were) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer has a heap of its own";
  give_back_large_blocks();
  EXPECT_GE(mapped_for(std::size_t{20} << 20), std::size_t{20} << 20);
  EXPECT_GE(mapped_for(std::size_t{5} << 20), std::size_t{5} << 20);
  EXPECT_EQ(mapped_for(std::size_t{1} << 20), 0U) << "the smaller ones stay";
}

}  // namespace
}  // namespace miniatura
