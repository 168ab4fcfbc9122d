#include "thumbnailer/codecs/jpeg/jpeg_quantisation.h"

#include <algorithm>
#include <cstddef>

namespace miniatura {
namespace {

// Of quality 50.
constexpr QuantisationTable kBrightness = {
    10, 15, 19, 22, 25, 31, 37, 44,  //
    15, 17, 20, 23, 26, 32, 38, 44,  //
    19, 20, 22, 24, 29, 34, 40, 46,  //
    22, 23, 24, 27, 32, 38, 43, 48,  //
    25, 26, 29, 32, 37, 41, 46, 50,  //
    31, 32, 34, 38, 41, 45, 49, 53,  //
    37, 38, 40, 43, 46, 49, 52, 56,  //
    44, 44, 46, 48, 50, 53, 56, 58,
};
constexpr QuantisationTable kColours = {
    14, 19, 26, 32, 36, 38, 39, 40,  //
    19, 22, 28, 33, 37, 38, 39, 40,  //
    26, 28, 31, 35, 37, 38, 40, 40,  //
    32, 33, 35, 37, 38, 39, 40, 41,  //
    36, 37, 37, 38, 39, 40, 41, 41,  //
    38, 38, 38, 39, 40, 40, 41, 41,  //
    39, 39, 40, 40, 41, 41, 41, 41,  //
    40, 40, 40, 41, 41, 41, 41, 41,
};

// Tables as flat as these do not grow as libjpeg's do for one more of quality: what its scale is
// multiplied by, in thousandths, so that the bytes are its. Between the points: a straight line.
struct Correction {
  int quality;
  int thousandths;
};
constexpr std::array<Correction, 8> kCorrections{
    {{1, 800}, {10, 840}, {50, 1010}, {80, 1130}, {90, 1200}, {95, 1300}, {98, 1640}, {100, 2000}}};

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
