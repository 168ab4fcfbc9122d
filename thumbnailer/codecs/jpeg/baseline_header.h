// What a JPEG's markers say before its scan and between its scans, for the decoders that know only
// the common kinds: whatever is out of the ordinary is not for them, and libjpeg says what is wrong
// with it.
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
  std::size_t dc_code = 0;  // of BaselineHeader's, as the latest scan of it has it
  std::size_t ac_code = 0;
};

struct BaselineHeader {
  Size size;
  int count = 0;  // of components: 1 (grey) or 3 (YCbCr)
  std::array<BaselineComponent, 3> components{};
  std::array<std::optional<CodeTable>, 4> dc_codes{};
  std::array<std::optional<CodeTable>, 4> ac_codes{};
  int restart_interval = 0;  // in MCUs; 0: none
  bool progressive = false;

  int across_max() const;
  int down_max() const;
};

// Of each component: how many samples a block's edge becomes.
using Edges = std::array<int, 3>;

// Of which components a scan is, and what of them.
struct ScanHeader {
  int count = 0;
  std::array<std::size_t, 3> places{};  // in BaselineHeader::components, in the order of its blocks
  int first = 0;                        // of its frequencies, in the file's order
  int last = 0;
  int high = 0;  // up to which bit they are known already; 0: nothing is
  int low = 0;   // and down to which they are known behind it
};

// Takes a JPEG's segments, one after the other; false where it is not of these kinds, or damaged.
class SegmentReader {
 public:
  // `head`: from the start of image to the end of the first scan's header, and not a byte more.
  bool take_head(ByteView head);
  // A segment's marker, and what stands behind its length.
  bool take(std::uint32_t marker, ByteView body);

  const BaselineHeader& header() const { return header_; }
  const ScanHeader& scan() const { return scan_; }  // the latest

 private:
  bool take_next(ByteView head, std::size_t& at);
  bool metadata(std::uint32_t marker, ByteView body);
  bool frame(bool progressive, ByteView body);
  bool huffman_codes(ByteView body);
  bool quantisations(ByteView body);
  bool restarts(ByteView body);
  bool scan(ByteView body);
  bool scan_component(std::size_t place, std::uint32_t codes);
  bool is_ycbcr() const;
  std::size_t count() const { return static_cast<std::size_t>(header_.count); }

  BaselineHeader header_;
  ScanHeader scan_;
  std::array<std::optional<Quantisation>, 4> quantisations_{};
  std::array<std::uint32_t, 3> ids_{};
  std::array<std::size_t, 3> quantisation_of_{};
  std::array<bool, 3> in_a_scan_{};
  bool jfif_ = false;
  std::optional<std::uint32_t> adobe_transform_;
};

// `head`: from the start of image to the end of the first scan's header, and not a byte more.
// Nothing if it is not of the kind that BaselineJpeg takes. Linear in the bytes.
std::optional<BaselineHeader> read_baseline_header(ByteView head);

}  // namespace miniatura::baseline
