// How coarsely a JPEG rounds each frequency, at a quality. Pure.
//
// libjpeg takes the standard's example tables (T.81, Annex K), which round fine detail up to ten
// times as coarsely as slopes, and rounds to the nearest step. Two things are better:
//   flatter tables   searched: a step for each of six frequencies of brightness and five of the
//                    colours, between them by geometry along the frequency
//                    (across^1.8 + down^1.8)^(1/1.8), climbed to where five metrics together were
//                    best at the bytes of libjpeg's quality 80; then, with the dead zone, taken an
//                    eighth of the way to Annex K's, and the colours a little finer
//   a dead zone      most frequencies are small, many of these are noise, and a step costs more
//   bits
//                    than it mends when the frequency is hardly nearer to it than to 0: so between
//                    two steps it falls to the lower one up to six tenths of the way; what that
//                    spares buys finer steps
// On 90 cuts of 15 photographs shrunk by 1.3 to 16, against libjpeg's tables and rounding at equal
// bytes (means): PSNR +1.3 dB, SSIMULACRA 12 % better, SSIMULACRA2 4 %, butteraugli 20 %, its
// 3-norm 11 %; without the dead zone 1.2 dB, 9 %, 3 %, 14 %, 6 %. `bench/quality` measures them in
// thumbnails, against sharp's, which are libjpeg's.
#pragma once

#include <array>

namespace miniatura {

// Row by row, from the mean on; 1 to 255, as a baseline JPEG holds them.
using QuantisationTable = std::array<unsigned, 64>;

struct QuantisationTables {
  QuantisationTable brightness;
  QuantisationTable colours;
};

// For a quality of 1 to 100 as libjpeg means it: with the roundings below, in the median over 34
// photographs as many bytes as with its own tables (within 2 %), fewer of a smooth one, more of a
// detailed one. A better quality is nowhere coarser; at 100 all steps are 1.
QuantisationTables quantisation_tables(int quality);

// A frequency becomes n steps from n less this many on. Colours have fewer bits to spare.
constexpr float kRoundingOfBrightness = 0.38F;
constexpr float kRoundingOfColours = 0.45F;

}  // namespace miniatura
