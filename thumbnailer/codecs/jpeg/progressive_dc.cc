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
#include "thumbnailer/codecs/jpeg/baseline_header.h"
#include "thumbnailer/codecs/jpeg/dc_scan.h"
#include "thumbnailer/codecs/jpeg/scan_walk.h"

namespace miniatura {

using namespace baseline;  // NOLINT(google-build-using-namespace): this is another of its decoders

namespace {

// By how many eighths of a sample's steps a mean may be short for its missing bits. With half of
// that added, no sample is off by more than 1; that is what a last bit is worth above quality 50.
// Measured on photographs, at 1/8: 48 dB and better there (51 at quality 75, 54 at 85, all alike
// from 95 on); without the half up to 3 dB less at 60 and below, and all of it darker. That bit
// comes after 25 to 67 % of the file, the rest of DC in the first 6 to 15 %. Lower qualities would
// lose more (42 dB at 30, 34 at 10), and their files are small: there it is waited for.
constexpr int kMissingMax = 16;

// ---- What is known of the means.

// A component's, in whole MCUs.
struct Means {
  Means(const BaselineHeader& header, const BaselineComponent& component)
      : size(grid_of(header, component).size),
        rows(component.down),
        values(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height)) {}

  std::int16_t* row(int y) { return values.data() + static_cast<std::ptrdiff_t>(y) * size.width; }

  Size size;                         // in blocks
  int rows;                          // of blocks in an MCU
  std::vector<std::int16_t> values;  // row by row
  bool begun = false;                // a first scan of it was read
  int low = 0;                       // down to this bit they are known
};

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

tl::unexpected<Error> corrupt(std::string what) {
  return fail(ErrorCode::image_corrupt, "JPEG " + std::move(what));
}

class DcScans {
 public:
  DcScans(SegmentReader& segments, ByteSource& data, std::uint64_t scans_max)
      : segments_(segments), walk_(segments, data, scans_max) {
    for (const BaselineComponent& component : components()) {
      means_.emplace_back(segments_.header(), component);
    }
  }

  Result<void> read() {
    for (;;) {
      if (is_of_dc(segments_.scan())) CHECKED(read_scan());
      if (all_are_good()) return {};
      TRY(more, walk_.next());
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
    DcScan dc_scan(segments_.header(), scan, walk_.scan_data());
    const bool alone = scan.count == 1;
    for (int row = 0; row < dc_scan.mcus().height; ++row) {
      std::array<MeanPlace, 3> places{};
      for (const std::size_t i :
           std::span(scan.places).first(static_cast<std::size_t>(scan.count))) {
        Means& means = means_[i];
        places[i] = {means.row(row * (alone ? 1 : means.rows)), means.size.width};
      }
      CHECKED(dc_scan.read_row(places));
    }
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

  // Bits that never come are as good as they get.
  Result<void> end_of_image() const {
    for (const Means& means : means_) {
      if (!means.begun) return corrupt("ends before all of its components came");
    }
    return {};
  }

  SegmentReader& segments_;
  ScanWalk walk_;
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
  if (!is_of_dc(scan) || scan.high != 0 || !is_sound(segments->header(), scan)) {
    return std::nullopt;
  }
  return ProgressiveDc(std::move(segments));
}

Result<Planes> ProgressiveDc::decode(ByteSource& data, std::uint64_t scans_max) {
  const BaselineHeader& header = segments_->header();
  try {
    DcScans scans(*segments_, data, scans_max);
    CHECKED(scans.read());
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
