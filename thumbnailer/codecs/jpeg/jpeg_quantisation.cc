#include "thumbnailer/codecs/jpeg/jpeg_quantisation.h"

#include <algorithm>
#include <cstddef>

namespace miniatura {
namespace {

// Of quality 50.
constexpr QuantisationTable kBrightness = {
    11, 15, 18, 21, 24, 31, 38, 46,  //
    15, 16, 19, 22, 26, 33, 40, 47,  //
    18, 19, 21, 24, 30, 36, 43, 49,  //
    21, 22, 24, 27, 34, 41, 47, 51,  //
    24, 26, 30, 34, 40, 45, 51, 54,  //
    31, 33, 36, 41, 45, 50, 54, 57,  //
    38, 40, 43, 47, 51, 54, 57, 60,  //
    46, 47, 49, 51, 54, 57, 60, 62,
};
constexpr QuantisationTable kColours = {
    13, 18, 24, 31, 38, 40, 41, 41,  //
    18, 20, 26, 33, 39, 40, 41, 41,  //
    24, 26, 31, 37, 39, 40, 41, 41,  //
    31, 33, 37, 39, 40, 41, 41, 42,  //
    38, 39, 39, 40, 41, 41, 42, 42,  //
    40, 40, 40, 41, 41, 41, 42, 42,  //
    41, 41, 41, 41, 42, 42, 42, 42,  //
    41, 41, 41, 42, 42, 42, 42, 42,
};

// What libjpeg's scale is multiplied by, in thousandths, so that the bytes are those of its tables
// and its rounding: ours spare more at low qualities. Between the points: a straight line.
struct Correction {
  int quality;
  int thousandths;
};
constexpr std::array<Correction, 11> kCorrections{{{1, 700},
                                                   {10, 740},
                                                   {30, 845},
                                                   {50, 920},
                                                   {70, 960},
                                                   {80, 1015},
                                                   {90, 1075},
                                                   {95, 1140},
                                                   {97, 1240},
                                                   {98, 1490},
                                                   {100, 2000}}};

int correction_at(int quality) {
  const auto* const after =
      std::find_if(kCorrections.begin() + 1, kCorrections.end() - 1,
                   [&](const Correction& point) { return point.quality >= quality; });
  const Correction& before = *(after - 1);
  return before.thousandths + (after->thousandths - before.thousandths) *
                                  (quality - before.quality) / (after->quality - before.quality);
}

// As jpeg_quality_scaling() has it.
int libjpegs_percent(int quality) { return quality < 50 ? 5000 / quality : 200 - 2 * quality; }

QuantisationTable scaled(const QuantisationTable& table, unsigned scale) {
  constexpr unsigned kWhole = 100'000;
  QuantisationTable made{};
  std::transform(table.begin(), table.end(), made.begin(), [&](unsigned step) {
    return std::clamp((step * scale + kWhole / 2) / kWhole, 1U, 255U);
  });
  return made;
}

}  // namespace

QuantisationTables quantisation_tables(int quality) {
  const int known = std::clamp(quality, 1, 100);
  const auto scale = static_cast<unsigned>(libjpegs_percent(known) * correction_at(known));
  return {scaled(kBrightness, scale), scaled(kColours, scale)};
}

}  // namespace miniatura
