// How coarsely a JPEG rounds each frequency, at a quality. Pure.
//
// libjpeg takes the standard's example tables (T.81, Annex K), which round fine detail up to ten
// times as coarsely as slopes. Ours are flatter, and were searched: a step for each of six
// frequencies of brightness and five of the colours, between them by geometry along the frequency
// (across^1.8 + down^1.8)^(1/1.8), climbed to where five metrics together were best at the bytes of
// libjpeg's quality 80, over 23 pictures of nine photographs shrunk by 1.3 to 16. On 81 pictures of
// 19 other photographs, against libjpeg's tables at equal bytes (libjpeg-turbo, 4:2:0; means): PSNR
// +1.2 dB, SSIMULACRA 13 % better, SSIMULACRA2 4 %, butteraugli 13 %, its 3-norm 7 %.
// `bench/quality` measures them in thumbnails, against sharp's, which have libjpeg's tables.
#pragma once

#include <array>

namespace miniatura {

// Row by row, from the mean on; 1 to 255, as a baseline JPEG holds them.
using QuantisationTable = std::array<unsigned, 64>;

struct QuantisationTables {
  QuantisationTable brightness;
  QuantisationTable colours;
};

// For a quality of 1 to 100 as libjpeg means it: in the median over 30 photographs as many bytes as
// with its own tables (within 4 % from 5 to 98), fewer of a smooth one, more of a detailed one. A
// better quality is nowhere coarser; at 100 all steps are 1.
QuantisationTables quantisation_tables(int quality);

}  // namespace miniatura
