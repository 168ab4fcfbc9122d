#include "thumbnailer/resample_rows.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace miniatura {
namespace {

std::vector<float> noise(std::size_t count, float least, float most) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> values(least, most);
  std::vector<float> noise(count);
  for (float& value : noise) value = values(random);
  return noise;
}

template <class Sample>
std::array<std::vector<Sample>, kBand> columns_of(const std::vector<float>& band,
                                                  const LineWeights& columns,
                                                  const Scaling& scaling, Processor processor) {
  std::array<std::vector<Sample>, kBand> rows;
  std::array<Sample*, kBand> places{};
  for (std::size_t r = 0; r < kBand; ++r) {
    rows.at(r).resize(padded(columns.first.size()));
    places.at(r) = rows.at(r).data();
  }
  weigh_columns(band.data(), columns, scaling, places, processor);
  for (auto& row : rows) row.resize(columns.first.size());
  return rows;
}

constexpr std::size_t kColumns = 101;

// Rows by one line's weights and columns by another's, from noise that goes over the range.
template <class Sample>
std::array<std::vector<Sample>, kBand> resampled_noise(float most, Processor processor) {
  const LineWeights weights = lanczos_weights(30, {0, 30}, kBand);
  const LineWeights columns = lanczos_weights(kColumns, {0, kColumns}, 37);
  const std::vector<float> samples = noise(30 * padded(kColumns), -0.1F * most, 1.1F * most);
  std::vector<const float*> lines;
  for (std::size_t y = 0; y < 30; ++y) lines.push_back(samples.data() + y * padded(kColumns));
  std::array<WeighedRows, kBand> rows{};
  for (std::size_t r = 0; r < kBand; ++r) {
    rows.at(r) = {lines.data() + weights.first[r], weights.of(r)};
  }
  std::vector<float> band(kBand * padded(kColumns));
  weigh_rows(rows, weights.taps, kColumns, band.data(), processor);
  return columns_of<Sample>(band, columns, {}, processor);
}

TEST(resample_rows, gives_the_same_bits_with_avx2_and_without) {
  if (this_processor() == Processor::any) GTEST_SKIP() << "no AVX2 here";
  EXPECT_EQ(resampled_noise<std::uint8_t>(255, Processor::any),
            resampled_noise<std::uint8_t>(255, Processor::with_avx2));
  EXPECT_EQ(resampled_noise<std::uint16_t>(65'535, Processor::any),
            resampled_noise<std::uint16_t>(65'535, Processor::with_avx2));
  EXPECT_EQ(resampled_noise<float>(1, Processor::any),
            resampled_noise<float>(1, Processor::with_avx2));
}

TEST(resample_rows, rounds_and_cuts_integers_off_and_leaves_floats) {
  const LineWeights each{1, {0, 1, 2, 3, 4, 5, 6, 7, 8}, std::vector<float>(9, 1.0F)};
  std::vector<float> band(kBand * padded(9));
  const std::array<float, 9> values = {-300, -0.6F, 0.4F, 0.6F, 1.4F, 254.6F, 255.4F, 256, 1e6F};
  for (std::size_t x = 0; x < values.size(); ++x) band[kBand * x + 3] = values.at(x);
  using Bytes = std::vector<std::uint8_t>;
  EXPECT_EQ(columns_of<std::uint8_t>(band, each, {}, this_processor()).at(3),
            (Bytes{0, 0, 0, 1, 1, 255, 255, 255, 255}));
  EXPECT_EQ(columns_of<std::uint16_t>(band, each, {257}, this_processor()).at(3).at(4), 360);
  EXPECT_EQ(columns_of<std::uint16_t>(band, each, {257}, this_processor()).at(3).at(8), 65'535);
  EXPECT_EQ(columns_of<float>(band, each, {0.5F, 10}, this_processor()).at(3).at(0), -160);
}

TEST(resample_rows, converts_every_sample_of_a_row) {
  std::vector<std::uint16_t> samples(kColumns);
  for (std::size_t x = 0; x < kColumns; ++x) samples[x] = static_cast<std::uint16_t>(649 * x);
  for (const Processor processor : {Processor::any, this_processor()}) {
    std::vector<float> floats(kColumns);
    to_floats(samples.data(), kColumns, floats.data(), processor);
    for (std::size_t x = 0; x < kColumns; ++x) ASSERT_EQ(floats[x], static_cast<float>(samples[x]));
  }
}

}  // namespace
}  // namespace miniatura
