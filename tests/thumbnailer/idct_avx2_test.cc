#include "thumbnailer/codecs/jpeg/idct_avx2.h"

#include <gtest/gtest.h>

#include <random>

#include "thumbnailer/codecs/jpeg/baseline_idct.h"
#include "thumbnailer/processor.h"

namespace miniatura::baseline {
namespace {

using EightByFour = std::array<std::uint8_t, 32>;

EightByFour one_by_one(const std::array<Block, 2>& two, const Quantisation& steps) {
  EightByFour samples{};
  idct_4x4(two[0], steps, {samples.data(), 8});
  idct_4x4(two[1], steps, {samples.data() + 4, 8});
  return samples;
}

EightByFour at_once(const std::array<Block, 2>& two, const Quantisation& steps) {
  EightByFour samples{};
  idct_4x4_twice(two.data(), steps, {samples.data(), 8});
  return samples;
}

TEST(IdctAvx2, gives_each_of_two_blocks_its_samples_hostile_ones_too) {
  if (this_processor() != Processor::with_avx2) GTEST_SKIP() << "no AVX2 here";
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    // From what a picture has to what none has: there both wrap and saturate alike.
    const int range = 1 << (3 + round % 13);
    std::array<Block, 2> two;
    Quantisation steps;
    for (Block& block : two) {
      const std::size_t count = random() % 5 == 0 ? 8 : 64;  // one row takes another way
      for (std::size_t i = 0; i < count; ++i) {
        if (random() % 4 == 0) {
          block.coefficients.at(i) = static_cast<std::int16_t>(static_cast<int>(random()) % range);
        }
      }
    }
    for (std::uint16_t& step : steps.steps) step = static_cast<std::uint16_t>(1 + random() % 99);
    ASSERT_EQ(at_once(two, steps), one_by_one(two, steps)) << "coefficients up to " << range;
  }
}

}  // namespace
}  // namespace miniatura::baseline
