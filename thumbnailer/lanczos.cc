#include "thumbnailer/lanczos.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <span>

namespace miniatura {
namespace {

constexpr int kLobes = 3;

// Sines of angles that grow by one step, with two multiplications each in place of a call of the
// library's, which took a third of resizing's time.
class Sines {
 public:
  Sines(double angle, double step)
      : sine_(std::sin(angle)),
        cosine_(std::cos(angle)),
        step_sine_(std::sin(step)),
        step_cosine_(std::cos(step)) {}

  double next() {
    const double sine = sine_;
    sine_ = sine * step_cosine_ + cosine_ * step_sine_;
    cosine_ = cosine_ * step_cosine_ - sine * step_sine_;
    return sine;
  }

 private:
  double sine_;
  double cosine_;
  double step_sine_;
  double step_cosine_;
};

// sin(pi x) / (pi x) * sin(pi x / 3) / (pi x / 3), within the lobes.
double lanczos(double x, double sine, double sine_of_third) {
  constexpr double kMiddle = 1e-4;  // where the quotient is 1, and its sines lose their digits
  if (std::abs(x) < kMiddle) return 1;
  if (std::abs(x) >= kLobes) return 0;
  const double angle = std::numbers::pi * x;
  return kLobes * sine * sine_of_third / (angle * angle);
}

// The places in the line that a sample is made of.
struct Window {
  double middle = 0;  // of the sample, in places
  int begin = 0;
  int end = 0;

  // `reach` is how far the filter goes to either side.
  Window(double its_middle, double reach, int from)
      : middle(std::clamp<double>(its_middle, 0, from)),
        begin(std::max(0, static_cast<int>(std::ceil(middle - reach - 0.5)))),
        end(std::min(from, static_cast<int>(std::floor(middle + reach - 0.5)) + 1)) {}
};

// A mean of n samples leaves of a wave that turns by w from one mean to the next the part
// sin(w / 2) / (n sin(w / 2n)): 1 - (1 - 1/n^2) w^2 / 24 and so on. How far a sample stands out
// from its neighbours is 2 - 2 cos w, w^2 and so on, of it: so much of that makes up for the mean.
double part_to_stand_out(int averaged) {
  return (1 - 1.0 / (static_cast<double>(averaged) * averaged)) / 24;
}

void stand_out(std::span<double> weights, double part) {
  double before = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double here = weights[i];
    const double after = i + 1 < weights.size() ? weights[i + 1] : 0;
    weights[i] += part * (2 * here - before - after);
    before = here;
  }
}

// The window's weights at their places from `first` on; their sum is 1.
void weigh(const Window& window, double width, int averaged, int first, std::span<double> weights) {
  std::fill(weights.begin(), weights.end(), 0.0);
  const auto at = [&](int place) { return (place + 0.5 - window.middle) / width; };
  const double angle = std::numbers::pi * at(window.begin);
  Sines sines(angle, std::numbers::pi / width);
  Sines thirds(angle / kLobes, std::numbers::pi / width / kLobes);
  for (int place = window.begin; place < window.end; ++place) {
    weights[static_cast<std::size_t>(place - first)] =
        lanczos(at(place), sines.next(), thirds.next());
  }
  if (averaged > 1) stand_out(weights, part_to_stand_out(averaged));
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
}

// Where a sample lies upon another, all others have weights that are nothing but rounding.
bool counts(float weight) {
  constexpr float kNothing = 1e-8F;
  return std::abs(weight) > kNothing;
}

// The same with as few taps as all samples do with.
LineWeights trimmed(const LineWeights& wide, int from) {
  const auto taps = static_cast<std::size_t>(wide.taps);
  const auto row = [&](std::size_t i) { return std::span(wide.of(i), taps); };
  const auto skipped = [&](std::size_t i) {
    return std::find_if(row(i).begin(), row(i).end(), counts) - row(i).begin();
  };
  LineWeights line;
  for (std::size_t i = 0; i < wide.first.size(); ++i) {
    const auto end = std::find_if(row(i).rbegin(), row(i).rend(), counts);
    line.taps = std::max(line.taps, static_cast<int>(row(i).rend() - end - skipped(i)));
  }
  for (std::size_t i = 0; i < wide.first.size(); ++i) {
    // At the line's end there is no room for as many behind.
    const int first = std::min(wide.first[i] + static_cast<int>(skipped(i)), from - line.taps);
    line.first.push_back(first);
    const auto begin = row(i).begin() + (first - wide.first[i]);
    line.weights.insert(line.weights.end(), begin, begin + line.taps);
  }
  return line;
}

}  // namespace

LineWeights lanczos_weights(int from, const Stretch& stretch, int to, int averaged) {
  const double ratio = stretch.length / to;
  const double width = std::max(ratio, 1.0);  // of a lobe, in samples
  const double reach = kLobes * width;
  LineWeights line;
  line.taps = static_cast<int>(std::min<double>(from, std::ceil(2 * reach) + 1));
  std::vector<double> weights(static_cast<std::size_t>(line.taps));
  line.first.reserve(static_cast<std::size_t>(to));
  line.weights.reserve(static_cast<std::size_t>(to) * weights.size());
  for (int i = 0; i < to; ++i) {
    const Window window(stretch.begin + (i + 0.5) * ratio, reach, from);
    line.first.push_back(std::min(window.begin, from - line.taps));
    weigh(window, width, averaged, line.first.back(), weights);
    for (const double weight : weights) line.weights.push_back(static_cast<float>(weight));
  }
  return trimmed(line, from);
}

}  // namespace miniatura
