// TIFF's first directory (TIFF 6.0). The decoder is given the file with a directory of nothing but
// the entries that tell how the first picture is stored: what else a TIFF may point at (further
// pictures, EXIF, texts, directories that loop) it never sees.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "thumbnailer/byte_order.h"
#include "thumbnailer/header_parts.h"

namespace miniatura {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kFileHeaderBytes = 8;
constexpr std::size_t kEntryBytes = 12;
constexpr std::uint32_t kShort = 3, kLong = 4;

// Tags.
constexpr std::uint32_t kWidth = 256;
constexpr std::uint32_t kHeight = 257;
constexpr std::uint32_t kBits = 258;
constexpr std::uint32_t kCompression = 259;
constexpr std::uint32_t kPhotometric = 262;
constexpr std::uint32_t kStripOffsets = 273;
constexpr std::uint32_t kOrientation = 274;
constexpr std::uint32_t kChannels = 277;
constexpr std::uint32_t kRowsPerStrip = 278;
constexpr std::uint32_t kStripBytes = 279;
constexpr std::uint32_t kTileWidth = 322;
constexpr std::uint32_t kTileHeight = 323;
constexpr std::uint32_t kTileOffsets = 324;
constexpr std::uint32_t kTileBytes = 325;
constexpr std::uint32_t kInkSet = 332;
constexpr std::uint32_t kSampleFormat = 339;
constexpr std::uint32_t kIccProfile = 34675;

// How the pixels are stored, in order. The orientation is not among them: some of the decoder's
// ways would turn the picture, and others not.
constexpr std::array<std::uint32_t, 28> kNeeded = {254,
                                                   kWidth,
                                                   kHeight,
                                                   kBits,
                                                   kCompression,
                                                   kPhotometric,
                                                   266 /*FillOrder*/,
                                                   kStripOffsets,
                                                   kChannels,
                                                   kRowsPerStrip,
                                                   kStripBytes,
                                                   284 /*PlanarConfiguration*/,
                                                   292 /*T4Options*/,
                                                   293 /*T6Options*/,
                                                   317 /*Predictor*/,
                                                   320 /*ColorMap*/,
                                                   kTileWidth,
                                                   kTileHeight,
                                                   kTileOffsets,
                                                   kTileBytes,
                                                   kInkSet,
                                                   338 /*ExtraSamples*/,
                                                   kSampleFormat,
                                                   347 /*JPEGTables*/,
                                                   529 /*YCbCrCoefficients*/,
                                                   530 /*YCbCrSubSampling*/,
                                                   532 /*ReferenceBlackWhite*/,
                                                   kIccProfile};

// 0 for a type that is not known.
std::size_t type_bytes(std::uint32_t type) {
  constexpr std::array<std::size_t, 14> kSizes = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
  return type < kSizes.size() ? kSizes.at(type) : 0;
}

template <std::size_t N>
bool is_any_of(std::uint32_t value, const std::array<std::uint32_t, N>& values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

class TiffWalk {
 public:
  TiffWalk(ByteView bytes, ImageExtent extent)
      : bytes_(bytes), extent_(extent), big_(bytes.starts_with("MM"sv)) {}

  Result<ImageHeader> run() {
    header_.format = ImageFormat::tiff;
    TRY(complete, entries());
    if (!complete) {
      // The directory often stands behind the pixels: its absence from a start says nothing.
      if (extent_ == ImageExtent::start) return ImageHeader{.format = ImageFormat::tiff};
      return truncated("TIFF", bytes_.size());
    }
    CHECKED(picture());
    CHECKED(storage());
    if (extent_ == ImageExtent::whole) CHECKED(blocks_are_there());
    build_essential();
    header_.capture = read_exif(bytes_).capture;  // EXIF is a TIFF without a picture
    return std::move(header_);
  }

 private:
  struct Entry {
    std::size_t at = 0;  // of its 12 bytes
    std::uint32_t tag = 0;
    std::uint32_t type = 0;
    std::uint64_t count = 0;
    std::size_t values = 0;  // where they stand
  };

  std::uint32_t number_16(std::size_t at) const {
    return big_ ? big_endian_16(bytes_, at) : little_endian_16(bytes_, at);
  }
  std::uint32_t number_32(std::size_t at) const {
    return big_ ? big_endian_32(bytes_, at) : little_endian_32(bytes_, at);
  }

  // False if the directory is not, or not whole, within the bytes.
  Result<bool> entries() {
    const std::size_t directory = number_32(4);
    const std::size_t count = number_16(directory);
    if (directory < kFileHeaderBytes || directory + 2 + count * kEntryBytes > bytes_.size()) {
      return false;
    }
    for (std::size_t i = 0; i < count; ++i) {
      Entry entry;
      entry.at = directory + 2 + i * kEntryBytes;
      entry.tag = number_16(entry.at);
      entry.type = number_16(entry.at + 2);
      entry.count = number_32(entry.at + 4);
      const std::uint64_t size = entry.count * type_bytes(entry.type);
      entry.values = size <= 4 ? entry.at + 8 : number_32(entry.at + 8);
      const bool needed = is_any_of(entry.tag, kNeeded);
      if (!needed || entry.tag == kIccProfile) header_.metadata_bytes += size;
      if (entry.tag == kIccProfile && size > kIccBytesMax) continue;
      if (!needed && entry.tag != kOrientation) continue;
      if (size == 0) return corrupt(fmt::format("TIFF with no value for tag {}", entry.tag));
      if (entry.values + size > bytes_.size()) return false;
      if (find(entry.tag) == nullptr) entries_.push_back(entry);  // the first of a tag counts
    }
    return true;
  }

  const Entry* find(std::uint32_t tag) const {
    const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Entry& candidate) { return candidate.tag == tag; });
    return entry == entries_.end() ? nullptr : &*entry;
  }

  // The `index`-th number of an entry; of another type than SHORT and LONG it is 0.
  std::uint32_t value_of(const Entry& entry, std::size_t index = 0) const {
    if (index >= entry.count) return 0;
    if (entry.type == kShort) return number_16(entry.values + 2 * index);
    return entry.type == kLong ? number_32(entry.values + 4 * index) : 0;
  }

  std::uint32_t value(std::uint32_t tag, std::uint32_t otherwise) const {
    const Entry* const entry = find(tag);
    return entry != nullptr ? value_of(*entry) : otherwise;
  }

  Result<void> picture() {
    const std::uint32_t width = value(kWidth, 0);
    const std::uint32_t height = value(kHeight, 0);
    constexpr std::uint32_t kSideMax = 0x7FFF'FFFF;
    if (width == 0 || height == 0 || width > kSideMax || height > kSideMax) {
      return corrupt(fmt::format("TIFF of {}x{} pixels", width, height));
    }
    header_.width = static_cast<int>(width);
    header_.height = static_cast<int>(height);
    const std::uint32_t orientation = value(kOrientation, 1);
    if (orientation >= 1 && orientation <= 8) header_.orientation = static_cast<int>(orientation);
    return {};
  }

  // The kinds that are read.
  Result<void> storage() {
    constexpr std::uint32_t kPalette = 3, kSeparated = 5;
    constexpr std::array<std::uint32_t, 6> kPhotometrics = {0, 1, 2, kPalette, kSeparated, 6};
    // None, three of fax, LZW, JPEG, deflate, PackBits, deflate's old number, Zstandard.
    constexpr std::array<std::uint32_t, 10> kCompressions = {1, 2, 3,     4,     5,
                                                             7, 8, 32773, 32946, 50000};
    constexpr std::array<std::uint32_t, 6> kDepths = {1, 2, 4, 8, 16, 32};
    constexpr std::uint32_t kChannelsMax = 8, kUnsigned = 1, kCmyk = 1;
    const std::uint32_t photometric = value(kPhotometric, ~0U);
    const std::uint32_t compression = value(kCompression, 1);
    const std::uint32_t channels = value(kChannels, 1);
    const std::uint32_t bits = value(kBits, 1);
    if (!is_any_of(photometric, kPhotometrics) || !is_any_of(compression, kCompressions) ||
        !is_any_of(bits, kDepths) || channels == 0 || channels > kChannelsMax ||
        value(kSampleFormat, kUnsigned) != kUnsigned || value(kInkSet, kCmyk) != kCmyk ||
        (photometric == kSeparated && channels < 4)) {
      return fail(ErrorCode::image_unsupported,
                  fmt::format("TIFF of {} channels of {} bits (photometric {}, compression {}, "
                              "sample format {}) is not read",
                              channels, bits, photometric, compression, value(kSampleFormat, 1)));
    }
    header_.palette = photometric == kPalette;
    header_.cmyk = photometric == kSeparated;
    header_.channels = static_cast<int>(channels);
    header_.bits = static_cast<int>(bits);
    // The decoder takes a strip or a tile at a time, as stored and as RGBA.
    const std::uint64_t width = static_cast<std::uint64_t>(header_.width);
    const std::uint64_t height = static_cast<std::uint64_t>(header_.height);
    const std::uint64_t block =
        find(kTileWidth) != nullptr
            ? std::uint64_t{value(kTileWidth, 0)} * value(kTileHeight, 0)
            : width * std::min<std::uint64_t>(value(kRowsPerStrip, ~0U), height);
    header_.buffered = true;
    header_.buffer_bytes =
        std::min(block, kBlockPixelsMax) * (std::uint64_t{channels} * std::max(bits, 8U) / 8 + 4);
    return {};
  }

  // Do all strips or tiles lie within the bytes?
  Result<void> blocks_are_there() const {
    const bool tiles = find(kTileOffsets) != nullptr;
    const Entry* const offsets = find(tiles ? kTileOffsets : kStripOffsets);
    const Entry* const sizes = find(tiles ? kTileBytes : kStripBytes);
    if (offsets == nullptr) return corrupt("TIFF has no image data");
    for (std::size_t i = 0; i < offsets->count; ++i) {
      const std::uint64_t size = sizes != nullptr ? value_of(*sizes, i) : 1;
      if (value_of(*offsets, i) + size > bytes_.size()) return truncated("TIFF", bytes_.size());
    }
    return {};
  }

  void append(Bytes& bytes, std::uint64_t value, unsigned count) const {
    for (unsigned i = 0; i < count; ++i) {
      bytes.push_back(static_cast<char>(value >> 8 * (big_ ? count - 1 - i : i) & 0xFFU));
    }
  }

  // All stays where it is, as others point at it; only the directory is a new one, at the end.
  void build_essential() {
    EssentialBytes& essential = header_.essential;
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return a.tag < b.tag; });
    essential.after = Bytes(bytes_.size() & 1U, '\0');
    essential.before = Bytes(bytes_.substr(0, 4));
    append(essential.before, bytes_.size() + essential.after.size(), 4);
    essential.ranges.push_back({kFileHeaderBytes, bytes_.size()});
    const auto needed = [](const Entry& entry) { return entry.tag != kOrientation; };
    const auto count = std::count_if(entries_.begin(), entries_.end(), needed);
    append(essential.after, static_cast<std::uint64_t>(count), 2);
    for (const Entry& entry : entries_) {
      if (needed(entry)) essential.after += bytes_.substr(entry.at, kEntryBytes);
    }
    append(essential.after, 0, 4);  // no further directory
  }

  // Beyond any limit, and small enough to reckon with.
  static constexpr std::uint64_t kBlockPixelsMax = std::uint64_t{1} << 48;

  ByteView bytes_;
  ImageExtent extent_;
  bool big_;
  ImageHeader header_;
  std::vector<Entry> entries_;
};

}  // namespace

Result<ImageHeader> read_tiff_header(ByteView bytes, ImageExtent extent) {
  constexpr std::uint64_t kFileBytesMax = 0xFFFF'0000;  // places are of 32 bits
  if (bytes.size() > kFileBytesMax) {
    return fail(ErrorCode::image_too_large,
                fmt::format("TIFF of {} bytes, over {}", bytes.size(), kFileBytesMax));
  }
  return TiffWalk(bytes, extent).run();
}

}  // namespace miniatura
