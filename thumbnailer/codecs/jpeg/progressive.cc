#include "thumbnailer/codecs/jpeg/progressive.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <deque>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "thumbnailer/codecs/jpeg/ac_scan.h"
#include "thumbnailer/codecs/jpeg/baseline.h"
#include "thumbnailer/codecs/jpeg/baseline_header.h"
#include "thumbnailer/codecs/jpeg/baseline_scan.h"
#include "thumbnailer/codecs/jpeg/dc_scan.h"
#include "thumbnailer/codecs/jpeg/idct_avx2.h"
#include "thumbnailer/codecs/jpeg/scan_walk.h"
#include "thumbnailer/processor.h"

namespace miniatura {

using namespace baseline;  // NOLINT(google-build-using-namespace): this is another of its decoders

namespace {

// Of each scan: a window on its bytes, and all that it holds, its tables among it.
constexpr std::size_t kWindowBytes = std::size_t{4} << 10U;
constexpr std::uint64_t kScanBytes = std::uint64_t{24} << 10U;
// A segment, what is read ahead, and the blocks at work.
constexpr std::uint64_t kReadingBytes = std::uint64_t{128} << 10U;

std::uint64_t blocks_of(const BaselineHeader& header) {
  std::uint64_t blocks = 0;
  for (int i = 0; i < header.count; ++i) {
    const Size size = grid_of(header, header.components[static_cast<std::size_t>(i)]).size;
    blocks += static_cast<std::uint64_t>(size.width) * static_cast<std::uint64_t>(size.height);
  }
  return blocks;
}

// A part of what is kept.
class KeptBytes : public ByteSource {
 public:
  explicit KeptBytes(ByteView left) : left_(left) {}

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    const std::size_t count = left_.copy(buffer.data(), buffer.size());
    left_.remove_prefix(count);
    return count;
  }
  ByteView left_;
};

// A scan that waits for its next blocks to be wanted.
template <class Scan>
struct KeptScan {
  KeptScan(const BaselineHeader& picture, const ScanHeader& its_header, ByteView its_bytes)
      : bytes(its_bytes), header(its_header), scan(picture, its_header, bytes, kWindowBytes) {}
  KeptBytes bytes;
  ScanHeader header;
  Scan scan;
};

// A component's blocks in a row of MCUs.
struct ComponentRow {
  ComponentRow(const BaselineHeader& header, const BaselineComponent& its_component)
      : component(its_component),
        grid(grid_of(header, its_component)),
        rows(its_component.down),
        means(static_cast<std::size_t>(grid.size.width) * static_cast<std::size_t>(rows)) {}

  // How many rows of its own there are in the `row`th row of MCUs.
  int own_rows(int row) const { return std::min(rows, grid.own.height - row * rows); }
  MeanPlace means_at(int y) {
    return {means.data() + std::ptrdiff_t{y} * grid.size.width, grid.size.width};
  }

  const BaselineComponent& component;
  BlockGrid grid;
  int rows;
  std::vector<std::int16_t> means;
};

// So many blocks are worked on at a time: they and what all scans of a component look up fit in the
// first cache.
constexpr int kChunkBlocks = 64;
struct Chunk {
  std::array<Block, kChunkBlocks> blocks{};  // all zero between uses
  std::array<std::uint64_t, kChunkBlocks> known{};
};

class AllScans {
 public:
  AllScans(SegmentReader& segments, ByteSource& data, std::uint64_t file_bytes,
           std::uint64_t scans_max)
      : segments_(segments),
        walk_(segments, data, scans_max),
        kept_max_(file_bytes),
        kept_(new char[file_bytes + 1]) {}

  // All of them, to the end of image.
  Result<void> keep() {
    for (;;) {
      const std::size_t begin = kept_bytes_;
      CHECKED(keep_scan());
      const ByteView bytes(kept_.get() + begin, kept_bytes_ - begin);
      const ScanHeader& scan = segments_.scan();
      if (is_of_dc(scan)) {
        dc_scans_.emplace_back(segments_.header(), scan, bytes);
      } else {
        ac_scans_[scan.places[0]].emplace_back(segments_.header(), scan, bytes);
      }
      TRY(more, walk_.next());
      if (!more) return {};
    }
  }

  template <int kEdge>
  Result<void> decode(std::span<Plane> planes) {
    const BaselineHeader& header = segments_.header();
    for (std::size_t i = 0; i < planes.size(); ++i) {
      components_.emplace_back(header, header.components[i]);
    }
    const int rows = components_[0].grid.size.height / components_[0].rows;
    for (int row = 0; row < rows; ++row) {
      for (ComponentRow& component : components_) {
        std::fill(component.means.begin(), component.means.end(), std::int16_t{0});
      }
      for (auto& scan : dc_scans_) CHECKED(read_means(scan, row));
      for (std::size_t i = 0; i < planes.size(); ++i) {
        for (int y = 0; y < components_[i].own_rows(row); ++y) {
          CHECKED(decode_row<kEdge>(i, row, y, planes[i]));
        }
      }
    }
    return {};
  }

 private:
  Result<void> keep_scan() {
    for (;;) {
      TRY(count, walk_.scan_data().read({kept_.get() + kept_bytes_, kept_max_ + 1 - kept_bytes_}));
      if (count == 0) return {};
      kept_bytes_ += count;
      if (kept_bytes_ > kept_max_) {
        return fail(ErrorCode::image_too_large,
                    fmt::format("JPEG of more than the {} bytes that were announced", kept_max_));
      }
    }
  }

  // Of a row of MCUs; a component alone has its own blocks there.
  Result<void> read_means(KeptScan<DcScan>& kept, int row) {
    const bool alone = kept.header.count == 1;
    const int rows = alone ? components_[kept.header.places[0]].own_rows(row) : 1;
    for (int y = 0; y < rows; ++y) {
      std::array<MeanPlace, 3> places{};
      for (std::size_t i = 0; i < components_.size(); ++i) {
        if (!alone || i == kept.header.places[0]) places[i] = components_[i].means_at(y);
      }
      CHECKED(kept.scan.read_row(places));
    }
    return {};
  }

  template <int kEdge>
  Result<void> decode_row(std::size_t i, int row, int y, Plane& plane) {
    ComponentRow& component = components_[i];
    const int block_row = row * component.rows + y;
    const std::int16_t* means = component.means_at(y).first;
    Samples out{plane.row(block_row * kEdge), plane.stride_bytes()};
    for (int begin = 0; begin < component.grid.own.width; begin += kChunkBlocks) {
      const int count = std::min(kChunkBlocks, component.grid.own.width - begin);
      for (auto& kept : ac_scans_[i]) {
        CHECKED(kept.scan.read({chunk_.blocks.data(), chunk_.known.data(), count},
                               {block_row, component.grid.own.height}));
      }
      for (int x = 0; x < count;) {
        const int done =
            put_samples<kEdge>(x, count, means + begin, component.component.quantisation, out);
        out.first += std::ptrdiff_t{done} * kEdge;
        x += done;
      }
      chunk_.known.fill(0);
    }
    return {};
  }

  // Of the chunk's blocks from `x` on, one or two; says how many. They are zero afterwards.
  template <int kEdge>
  int put_samples(int x, int count, const std::int16_t* means, const Quantisation& quantisation,
                  Samples out) {
    const auto at = static_cast<std::size_t>(x);
    Block* const blocks = chunk_.blocks.data() + at;
    if (chunk_.known[at] == 0) {
      put_flat<kEdge>(means[x], quantisation, out);
      return 1;
    }
    if (kEdge == 4 && twice_ && x + 1 < count && chunk_.known[at + 1] != 0) {
      blocks[0].coefficients[0] = means[x];
      blocks[1].coefficients[0] = means[x + 1];
      idct_4x4_twice(blocks, quantisation, out);
      clear(blocks[0]);
      clear(blocks[1]);
      return 2;
    }
    put_block<kEdge>(blocks[0], means[x], quantisation, out);
    return 1;
  }

  SegmentReader& segments_;
  ScanWalk walk_;
  const bool twice_ = this_processor() == Processor::with_avx2;
  std::size_t kept_max_;
  std::size_t kept_bytes_ = 0;
  std::unique_ptr<char[]> kept_;
  std::deque<KeptScan<DcScan>> dc_scans_;
  std::array<std::deque<KeptScan<AcScan>>, 3> ac_scans_;  // of each component
  std::vector<ComponentRow> components_;
  Chunk chunk_;
};

}  // namespace

ProgressiveJpeg::ProgressiveJpeg(std::unique_ptr<SegmentReader> segments, std::uint64_t file_bytes)
    : segments_(std::move(segments)), file_bytes_(file_bytes) {}
ProgressiveJpeg::ProgressiveJpeg(ProgressiveJpeg&&) noexcept = default;
ProgressiveJpeg& ProgressiveJpeg::operator=(ProgressiveJpeg&&) noexcept = default;
ProgressiveJpeg::~ProgressiveJpeg() = default;

std::optional<ProgressiveJpeg> ProgressiveJpeg::open(ByteView head,
                                                     std::optional<std::uint64_t> file_bytes) {
  constexpr std::uint64_t kSmallBytes = std::uint64_t{64} << 10U;
  auto segments = std::make_unique<SegmentReader>();
  if (!file_bytes || !segments->take_head(head) || !segments->header().progressive ||
      !is_sound(segments->header(), segments->scan()) ||
      *file_bytes > blocks_of(segments->header()) * sizeof(Block) + kSmallBytes) {
    return std::nullopt;
  }
  return ProgressiveJpeg(std::move(segments), *file_bytes);
}

std::uint64_t ProgressiveJpeg::working_bytes(std::uint64_t scans_max) const {
  constexpr std::uint64_t kScanHeaderBytes = 10;
  const BaselineHeader& header = segments_->header();
  const auto rows = static_cast<std::uint64_t>(mcus_of(header).height);
  return file_bytes_ + kReadingBytes +
         std::min(scans_max, file_bytes_ / kScanHeaderBytes + 1) * kScanBytes +
         blocks_of(header) / rows * sizeof(std::int16_t);
}

Result<Planes> ProgressiveJpeg::decode(int eighths, ByteSource& data, std::uint64_t scans_max) {
  const BaselineHeader& header = segments_->header();
  try {
    AllScans scans(*segments_, data, file_bytes_, scans_max);
    CHECKED(scans.keep());
    Planes planes;
    planes.stored = header.size;
    planes.coding = header.count == 1 ? Coding::grey : Coding::ycbcr;
    for (int i = 0; i < header.count; ++i) {
      planes.colour.push_back(
          plane_of(header, header.components[static_cast<std::size_t>(i)], eighths));
    }
    CHECKED(eighths == 2 ? scans.decode<2>(planes.colour) : scans.decode<4>(planes.colour));
    return planes;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::memory_exhausted, fmt::format("JPEG of {}x{}: no memory for its samples",
                                                         header.size.width, header.size.height));
  }
}

}  // namespace miniatura
