// What a baseline JPEG's markers say before its scan, for the decoder that knows only the common
// kind: whatever is out of the ordinary is not for it, and libjpeg says what is wrong with it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "runtime/bytes.h"
#include "thumbnailer/codecs/jpeg/baseline_huffman.h"
#include "thumbnailer/codecs/jpeg/baseline_idct.h"
#include "thumbnailer/geometry.h"

namespace miniatura::baseline {

// From place in the file's order to place in the block. A run of zeros may lead beyond the end;
// like libjpeg we then put the coefficient last.
extern const std::array<std::uint8_t, 64 + 16> kNaturalOrder;

struct BaselineComponent {
  int across = 1;  // blocks in an MCU; sampling factors
  int down = 1;
  Quantisation quantisation{};
  std::size_t dc_code = 0;  // of BaselineHeader's
  std::size_t ac_code = 0;
};

struct BaselineHeader {
  Size size;
  int count = 0;  // of components: 1 (grey) or 3 (YCbCr)
  std::array<BaselineComponent, 3> components{};
  std::array<std::optional<CodeTable>, 4> dc_codes{};
  std::array<std::optional<CodeTable>, 4> ac_codes{};
  int restart_interval = 0;  // in MCUs; 0: none

  int across_max() const;
  int down_max() const;
};

// `head`: from the start of image to the end of the first scan's header, and not a byte more.
// Nothing if it is not of the kind that BaselineJpeg takes. Linear in the bytes.
std::optional<BaselineHeader> read_baseline_header(ByteView head);

}  // namespace miniatura::baseline
