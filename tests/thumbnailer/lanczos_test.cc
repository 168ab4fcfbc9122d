#include "thumbnailer/lanczos.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace miniatura {
namespace {

double sum_of(const LineWeights& line, std::size_t i) {
  return std::accumulate(line.of(i), line.of(i) + line.taps, 0.0);
}

// By the definition, place by place.
std::vector<double> reference(int from, const Stretch& stretch, int to, int i) {
  const double ratio = stretch.length / to;
  const double width = std::max(ratio, 1.0);
  const double middle = std::clamp<double>(stretch.begin + (i + 0.5) * ratio, 0, from);
  const auto sinc = [](double x) {
    return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
  };
  std::vector<double> weights(static_cast<std::size_t>(from));
  double sum = 0;
  for (int place = 0; place < from; ++place) {
    const double x = (place + 0.5 - middle) / width;
    if (std::abs(x) >= 3) continue;
    weights[static_cast<std::size_t>(place)] = sinc(x) * sinc(x / 3);
    sum += weights[static_cast<std::size_t>(place)];
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

struct Line {
  int from;
  Stretch stretch;
  int to;
};

TEST(lanczos, is_the_definition_at_every_ratio_between_samples_and_beyond_the_ends) {
  for (const auto& [from, stretch, to] :
       {Line{100, {0, 100}, 50}, Line{100, {0, 100}, 77}, Line{100, {0, 100}, 7},
        Line{100, {0, 100}, 100}, Line{100, {0, 100}, 250}, Line{100, {10.25, 33.5}, 12},
        Line{100, {-9, 118}, 30}, Line{100, {90, 40}, 20}, Line{5, {0, 5}, 2}, Line{5, {0, 5}, 9},
        Line{1, {0, 1}, 4}, Line{2, {-3, 9}, 3}}) {
    const LineWeights line = lanczos_weights(from, stretch, to);
    ASSERT_EQ(line.first.size(), static_cast<std::size_t>(to));
    for (int i = 0; i < to; ++i) {
      const auto at = static_cast<std::size_t>(i);
      std::vector<double> weights = reference(from, stretch, to, i);
      ASSERT_GE(line.first[at], 0) << from << " to " << to;
      ASSERT_LE(line.first[at] + line.taps, from) << from << " to " << to;
      for (int tap = 0; tap < line.taps; ++tap) {
        const int place = line.first[at] + tap;
        weights[static_cast<std::size_t>(place)] -= static_cast<double>(line.of(at)[tap]);
      }
      for (const double left : weights) ASSERT_NEAR(left, 0, 1e-6) << from << " to " << to;
      ASSERT_NEAR(sum_of(line, at), 1, 1e-6);
    }
  }
}

TEST(lanczos, goes_on_as_it_began_at_the_ends) {
  // The first of a slope's samples, at a fourth: it covers 0 to 4, the middle of which is 2.
  const LineWeights line = lanczos_weights(100, {0, 100}, 25);
  double first = 0;
  for (int tap = 0; tap < line.taps; ++tap) {
    first += static_cast<double>(line.of(0)[tap]) * (line.first[0] + tap + 0.5);
  }
  EXPECT_NEAR(first, 2, 0.25);
}

// A line by these weights.
std::vector<double> applied(const LineWeights& line, const std::vector<double>& samples) {
  std::vector<double> made;
  for (std::size_t i = 0; i < line.first.size(); ++i) {
    double sum = 0;
    const double* const from = samples.data() + line.first[i];
    for (int tap = 0; tap < line.taps; ++tap) {
      sum += static_cast<double>(line.of(i)[tap]) * from[tap];
    }
    made.push_back(sum);
  }
  return made;
}

std::vector<double> means_of(const std::vector<double>& samples, std::size_t averaged) {
  std::vector<double> means(samples.size() / averaged);
  for (std::size_t i = 0; i < means.size() * averaged; ++i) {
    means[i / averaged] += samples[i] / static_cast<double>(averaged);
  }
  return means;
}

// But for the ends, where the filter is cut off.
double largest_difference(const std::vector<double>& some, const std::vector<double>& others) {
  constexpr std::size_t kEnd = 4;
  double largest = 0;
  for (std::size_t i = kEnd; i + kEnd < some.size(); ++i) {
    largest = std::max(largest, std::abs(some[i] - others.at(i)));
  }
  return largest;
}

TEST(lanczos, raises_what_means_damped) {
  for (const int averaged : {2, 4, 8}) {
    // Waves of 4 and of 6 samples of the result, each of which covers two means.
    for (const int samples_a_wave : {4, 6}) {
      const int means = 200;
      const int from = means * averaged;
      const int to = means / 2;
      std::vector<double> wave;
      for (int i = 0; i < from; ++i) {
        wave.push_back(std::cos(std::numbers::pi * i / averaged / samples_a_wave));
      }
      const auto shrunk = means_of(wave, static_cast<std::size_t>(averaged));
      const auto wanted = applied(lanczos_weights(from, {0, 0.0 + from}, to), wave);
      const auto raised = applied(lanczos_weights(means, {0, 0.0 + means}, to, averaged), shrunk);
      const auto damped = applied(lanczos_weights(means, {0, 0.0 + means}, to), shrunk);
      EXPECT_LE(largest_difference(raised, wanted), largest_difference(damped, wanted) / 2)
          << averaged << ", " << samples_a_wave;
    }
  }
  const LineWeights line = lanczos_weights(100, {0, 100}, 30, 8);
  for (std::size_t i = 0; i < 30; ++i) EXPECT_NEAR(sum_of(line, i), 1, 1e-6);
}

TEST(lanczos, takes_no_more_samples_than_count) {
  EXPECT_EQ(lanczos_weights(1000, {0, 1000}, 1000).taps, 1) << "each is itself";
  EXPECT_EQ(lanczos_weights(1000, {20, 500}, 500).taps, 1);
  EXPECT_EQ(lanczos_weights(1000, {0, 1000}, 500).taps, 12);
  EXPECT_EQ(lanczos_weights(65'500, {0, 65'500}, 1).taps, 65'500);
}

}  // namespace
}  // namespace miniatura
