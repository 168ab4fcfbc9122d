#include "thumbnailer/codecs/jpeg/progressive_dc.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "thumbnailer/codecs/jpeg/baseline.h"
#include "thumbnailer/codecs/jpeg/baseline_bits.h"
#include "thumbnailer/codecs/jpeg/baseline_header.h"
#include "thumbnailer/codecs/jpeg/scan_bytes.h"

namespace miniatura {

using namespace baseline;  // NOLINT(google-build-using-namespace): this is another of its decoders

namespace {

constexpr std::uint32_t kDnl = 0xDC, kEoi = 0xD9, kSos = 0xDA, kTem = 0x01;
constexpr int kLowMax = 13;  // libjpeg's
constexpr int kBlockEdge = 8;

// By how many eighths of a sample's steps a mean may be short for its missing bits. With half of
// that added, no sample is off by more than 1; that is what a last bit is worth above quality 50.
// Measured on photographs, at 1/8: 48 dB and better there (51 at quality 75, 54 at 85, all alike
// from 95 on); without the half up to 3 dB less at 60 and below, and all of it darker. That bit
// comes after 25 to 67 % of the file, the rest of DC in the first 6 to 15 %. Lower qualities would
// lose more (42 dB at 30, 34 at 10), and their files are small: there it is waited for.
constexpr int kMissingMax = 16;

int divided_up(int value, int by) { return (value + by - 1) / by; }

// ---- What is known of the means.

// A component's, in whole MCUs.
struct Means {
  Size size;                         // in blocks
  Size own;                          // without what only fills up MCUs
  std::vector<std::int16_t> values;  // row by row
  bool begun = false;                // a first scan of it was read
  int low = 0;                       // down to this bit they are known

  std::int16_t* row(int y) { return values.data() + static_cast<std::ptrdiff_t>(y) * size.width; }
};

Means means_of(const BaselineHeader& header, const BaselineComponent& component) {
  const int across_max = header.across_max();
  const int down_max = header.down_max();
  Means means;
  means.size = {divided_up(header.size.width, kBlockEdge * across_max) * component.across,
                divided_up(header.size.height, kBlockEdge * down_max) * component.down};
  means.own = {divided_up(divided_up(header.size.width * component.across, across_max), kBlockEdge),
               divided_up(divided_up(header.size.height * component.down, down_max), kBlockEdge)};
  means.values.resize(static_cast<std::size_t>(means.size.width) *
                      static_cast<std::size_t>(means.size.height));
  return means;
}

// As libjpeg has it, of 16 bits.
int step_of(const BaselineComponent& component) {
  return static_cast<std::int16_t>(component.quantisation.steps[0]);
}

// What all missing bits together are worth.
int missing(const Means& means, const BaselineComponent& component) {
  return ((1 << means.low) - 1) * step_of(component);
}

bool is_good(const Means& means, const BaselineComponent& component) {
  return means.begun && std::abs(missing(means, component)) <= kMissingMax;
}

// The samples, by libjpeg's jpeg_idct_1x1: it clamps by a table of 1024 places, and what is beyond
// them comes round again.
void put_samples(Means& means, const BaselineComponent& component, Plane& plane) {
  const int step = step_of(component);
  const int more = missing(means, component) / 2 + 4;
  for (int y = 0; y < plane.size.height; ++y) {
    const std::int16_t* from = means.row(y);
    std::uint8_t* to = plane.row(y);
    for (int x = 0; x < plane.size.width; ++x) {
      const int value = (from[x] * step + more) >> 3;
      const int turned = static_cast<int>(static_cast<std::uint32_t>(value + 512) & 1023U) - 512;
      to[x] = static_cast<std::uint8_t>(std::clamp(turned + 128, 0, 255));
    }
  }
}

// ---- One scan of DC.

// A block of an MCU.
struct DcPlace {
  const DcTable* table = nullptr;  // of a first scan
  std::int32_t* last = nullptr;    // of its component
  std::int16_t* at = nullptr;
  int step = 0;  // to the same block of the next MCU
};

struct Damage {
  bool no_code = false;
  bool overflow = false;  // beyond 32 bits; libjpeg refuses that
};

class DcScan {
 public:
  DcScan(const BaselineHeader& header, const ScanHeader& scan, ByteSource& data,
         std::span<Means> means)
      : header_(header), scan_(scan), means_(means), bytes_(data) {
    const bool alone = scan.count == 1;
    for (std::size_t i = 0; i < static_cast<std::size_t>(scan.count); ++i) {
      const std::size_t place = scan.places[i];
      const BaselineComponent& component = header.components[place];
      // A component alone goes block by block over what is its own (T.81, A.2.2).
      const Size blocks = alone ? Size{1, 1} : Size{component.across, component.down};
      mcus_ = alone ? means[place].own
                    : Size{means[place].size.width / component.across,
                           means[place].size.height / component.down};
      if (scan.high == 0) make_table(component.dc_code);
      for (int y = 0; y < blocks.height; ++y) {
        for (int x = 0; x < blocks.width; ++x) {
          places_[used_] = {tables_[component.dc_code].get(), &last_[place], nullptr, blocks.width};
          origins_[used_++] = {place, {x, y}, blocks.height};
        }
      }
    }
  }

  Result<void> run() {
    TRY(reader, bytes_.first_segment());
    for (row_ = 0; row_ < mcus_.height; ++row_) {
      begin_row();
      TRY(next, scan_.high == 0 ? read_row<true>(reader) : read_row<false>(reader));
      reader = next;
    }
    return {};
  }

 private:
  struct Origin {
    std::size_t component = 0;
    struct {
      int x = 0, y = 0;
    } block;
    int rows = 1;  // of blocks in an MCU
  };

  void make_table(std::size_t number) {
    if (!tables_[number]) {
      tables_[number] = std::make_unique<const DcTable>(*header_.dc_codes[number]);
    }
  }

  void begin_row() {
    for (std::size_t i = 0; i < used_; ++i) {
      const Origin& origin = origins_[i];
      places_[i].at =
          means_[origin.component].row(row_ * origin.rows + origin.block.y) + origin.block.x;
    }
  }

  template <bool kFirst>
  Result<BitReader> read_row(BitReader reader) {
    Damage damage;
    for (int column = 0; column < mcus_.width; ++column) {
      if (header_.restart_interval != 0 && restart_in_-- == 0) {
        if (bytes_.ran_out(reader) || damage.no_code) break;
        TRY(next, restart());
        reader = next;
      }
      if (bytes_.is_low(reader)) {
        if (bytes_.ran_out(reader)) break;
        TRY(fed, bytes_.feed(reader));
        reader = fed;
      }
      for (DcPlace& place : std::span(places_).first(used_)) {
        if constexpr (kFirst) {
          reader = read_mean(reader, place, damage);
        } else {
          reader = refine_mean(reader, place);
        }
        place.at += place.step;
      }
    }
    if (damage.no_code) return corrupt("bad Huffman code");
    if (damage.overflow) return corrupt("brightness out of range");
    if (bytes_.ran_out(reader)) return corrupt("premature end of data");
    return reader;
  }

  // A filled reader has 56 bits: a symbol takes 31 at most.
  BitReader read_mean(BitReader reader, const DcPlace& place, Damage& damage) const {
    reader.fill();
    const DcTable::Entry entry = place.table->entries[reader.peek(DcTable::kBits)];
    int difference = 0;
    if (entry.bits != 0) [[likely]] {
      difference = value_in(reader.bits, entry.code_bits(), entry.size());
      reader.drop(entry.bits);
    } else {
      const Symbol symbol = place.table->code.find(reader.peek(CodeTable::kBitsMax));
      damage.no_code |= symbol.length == 0;
      difference = value_in(reader.bits, static_cast<unsigned>(symbol.length),
                            static_cast<unsigned>(symbol.size()));
      reader.drop(symbol.length + symbol.size());
    }
    damage.overflow |= __builtin_add_overflow(*place.last, difference, place.last);
    *place.at = static_cast<std::int16_t>(static_cast<std::uint32_t>(*place.last) << shift());
    return reader;
  }

  BitReader refine_mean(BitReader reader, const DcPlace& place) const {
    reader.fill();
    *place.at = static_cast<std::int16_t>(*place.at | static_cast<int>(reader.peek(1) << shift()));
    reader.drop(1);
    return reader;
  }

  unsigned shift() const { return static_cast<unsigned>(scan_.low); }

  Result<BitReader> restart() {
    const int number = next_restart_;
    next_restart_ = (next_restart_ + 1) % 8;
    restart_in_ = header_.restart_interval - 1;
    last_ = {};
    return bytes_.next_segment(number);
  }

  tl::unexpected<Error> corrupt(const char* what) const {
    return fail(ErrorCode::image_corrupt,
                fmt::format("JPEG: {} in row {} of {}", what, row_ + 1, mcus_.height));
  }

  const BaselineHeader& header_;
  const ScanHeader& scan_;
  std::span<Means> means_;
  EntropyBytes bytes_;
  Size mcus_;
  std::array<std::unique_ptr<const DcTable>, 4> tables_{};
  std::array<DcPlace, 10> places_{};
  std::array<Origin, 10> origins_{};
  std::size_t used_ = 0;
  std::array<std::int32_t, 3> last_{};
  int restart_in_ = header_.restart_interval;
  int next_restart_ = 0;
  int row_ = 0;
};

// ---- All scans.

bool is_of_dc(const ScanHeader& scan) { return scan.first == 0 && scan.last == 0; }

// By libjpeg's rules: what it would refuse.
bool is_sound(const ScanHeader& scan) {
  const bool frequencies =
      scan.first == 0 ? scan.last == 0
                      : scan.count == 1 && scan.last >= scan.first && scan.last <= kLastPlace;
  return frequencies && scan.low <= kLowMax && (scan.high == 0 || scan.low == scan.high - 1);
}

bool has_codes(const BaselineHeader& header, const ScanHeader& scan) {
  const auto places = std::span(scan.places).first(static_cast<std::size_t>(scan.count));
  return std::all_of(places.begin(), places.end(), [&](std::size_t place) {
    return header.dc_codes[header.components[place].dc_code].has_value();
  });
}

tl::unexpected<Error> corrupt(std::string what) {
  return fail(ErrorCode::image_corrupt, "JPEG " + std::move(what));
}

class DcScans {
 public:
  DcScans(SegmentReader& segments, ByteSource& data) : segments_(segments), bytes_(data) {
    for (const BaselineComponent& component : components()) {
      means_.push_back(means_of(segments_.header(), component));
    }
  }

  Result<void> read(std::uint64_t scans_max) {
    for (std::uint64_t scans = 1;; ++scans) {
      if (scans > scans_max) {
        return fail(ErrorCode::image_too_large,
                    fmt::format("JPEG of {} scans, over the limit of {}", scans, scans_max));
      }
      if (is_of_dc(segments_.scan())) CHECKED(read_scan());
      if (all_are_good()) return {};
      TRY(more, next_scan());
      if (!more) return end_of_image();
    }
  }

  std::vector<Plane> planes() {
    std::vector<Plane> planes;
    for (std::size_t i = 0; i < means_.size(); ++i) {
      const BaselineComponent& component = components()[i];
      planes.push_back(plane_of(segments_.header(), component, 1));
      put_samples(means_[i], component, planes.back());
    }
    return planes;
  }

 private:
  std::span<const BaselineComponent> components() const {
    const BaselineHeader& header = segments_.header();
    return std::span(header.components).first(static_cast<std::size_t>(header.count));
  }

  Result<void> read_scan() {
    const ScanHeader& scan = segments_.scan();
    CHECKED(DcScan(segments_.header(), scan, bytes_, means_).run());
    for (std::size_t i = 0; i < static_cast<std::size_t>(scan.count); ++i) {
      Means& means = means_[scan.places[i]];
      means.low = scan.high == 0 ? scan.low : std::min(means.low, scan.low);
      means.begun = means.begun || scan.high == 0;
    }
    return {};
  }

  bool all_are_good() const {
    for (std::size_t i = 0; i < means_.size(); ++i) {
      if (!is_good(means_[i], components()[i])) return false;
    }
    return true;
  }

  // Through the segments up to the next scan's data; false at the end of image.
  Result<bool> next_scan() {
    for (;;) {
      TRY(marker, bytes_.next_marker());
      if (marker == 0) return corrupt("breaks off before its last scan");
      if (marker == kEoi) return false;
      if (marker == kTem) continue;
      TRY(body, bytes_.segment());
      if (marker == kDnl) continue;
      if (!segments_.take(marker, body)) {
        return corrupt(fmt::format("has a bad segment 0x{:02x} between its scans", marker));
      }
      if (marker == kSos) break;
    }
    const ScanHeader& scan = segments_.scan();
    if (!is_sound(scan)) return corrupt("has a scan of an impossible kind");
    if (is_of_dc(scan) && scan.high == 0 && !has_codes(segments_.header(), scan)) {
      return corrupt("has a scan by codes that are none");
    }
    return true;
  }

  // Bits that never come are as good as they get.
  Result<void> end_of_image() const {
    for (const Means& means : means_) {
      if (!means.begun) return corrupt("ends before all of its components came");
    }
    return {};
  }

  SegmentReader& segments_;
  ScanBytes bytes_;
  std::vector<Means> means_;
};

}  // namespace

ProgressiveDc::ProgressiveDc(std::unique_ptr<SegmentReader> segments)
    : segments_(std::move(segments)) {}
ProgressiveDc::ProgressiveDc(ProgressiveDc&&) noexcept = default;
ProgressiveDc& ProgressiveDc::operator=(ProgressiveDc&&) noexcept = default;
ProgressiveDc::~ProgressiveDc() = default;

std::optional<ProgressiveDc> ProgressiveDc::open(ByteView head) {
  auto segments = std::make_unique<SegmentReader>();
  if (!segments->take_head(head) || !segments->header().progressive) return std::nullopt;
  const ScanHeader& scan = segments->scan();
  if (!is_of_dc(scan) || scan.high != 0 || !is_sound(scan) ||
      !has_codes(segments->header(), scan)) {
    return std::nullopt;
  }
  return ProgressiveDc(std::move(segments));
}

Result<Planes> ProgressiveDc::decode(ByteSource& data, std::uint64_t scans_max) {
  const BaselineHeader& header = segments_->header();
  try {
    DcScans scans(*segments_, data);
    CHECKED(scans.read(scans_max));
    Planes planes;
    planes.stored = header.size;
    planes.coding = header.count == 1 ? Coding::grey : Coding::ycbcr;
    planes.colour = scans.planes();
    return planes;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::memory_exhausted, fmt::format("JPEG of {}x{}: no memory for its samples",
                                                         header.size.width, header.size.height));
  }
}

}  // namespace miniatura
