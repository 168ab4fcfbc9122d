#include "thumbnailer/codecs/jpeg/baseline_header.h"

#include <algorithm>

#include "thumbnailer/byte_order.h"

namespace miniatura::baseline {

const std::array<std::uint8_t, 64 + 16> kNaturalOrder = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,   //
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,  //
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,  //
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,  //
    63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63};

namespace {

using namespace std::string_view_literals;

constexpr std::uint32_t kSof0 = 0xC0, kSof1 = 0xC1, kSof2 = 0xC2, kDht = 0xC4, kSoi = 0xD8,
                        kSos = 0xDA;
constexpr std::uint32_t kDqt = 0xDB, kDri = 0xDD, kApp0 = 0xE0, kApp14 = 0xEE, kApp15 = 0xEF;
constexpr std::uint32_t kCom = 0xFE;
constexpr int kSideMax = 65500;  // libjpeg's
constexpr int kMcuBlocksMax = 10;
constexpr std::size_t kAcClass = 0x10;
constexpr int kDcSymbolMax = 15;

}  // namespace

bool SegmentReader::take_head(ByteView head) {
  if (big_endian_16(head, 0) != (0xFF00U | kSoi)) return false;
  std::size_t at = 2;
  while (scan_.count == 0) {
    if (!take_next(head, at)) return false;
  }
  return at == head.size() && is_ycbcr();
}

bool SegmentReader::take_next(ByteView head, std::size_t& at) {
  if (byte_at(head, at) != 0xFF) return false;
  while (byte_at(head, at) == 0xFF) ++at;
  const std::uint32_t marker = byte_at(head, at);
  const std::size_t length = big_endian_16(head, at + 1);
  if (length < 2 || at + 1 + length > head.size()) return false;
  const ByteView body = slice(head, at + 3, length - 2);
  at += 1 + length;
  return take(marker, body);
}

bool SegmentReader::take(std::uint32_t marker, ByteView body) {
  switch (marker) {
    case kSof0:
    case kSof1:
    case kSof2:
      return frame(marker == kSof2, body);
    case kDht:
      return huffman_codes(body);
    case kDqt:
      return quantisations(body);
    case kDri:
      return restarts(body);
    case kSos:
      return scan(body);
    default:
      return metadata(marker, body);
  }
}

bool SegmentReader::metadata(std::uint32_t marker, ByteView body) {
  if (marker == kApp0 && body.size() >= 14 && body.starts_with("JFIF\0"sv)) jfif_ = true;
  if (marker == kApp14 && body.size() >= 12 && body.starts_with("Adobe"sv)) {
    adobe_transform_ = byte_at(body, 11);
  }
  return marker == kCom || (marker >= kApp0 && marker <= kApp15);
}

bool SegmentReader::frame(bool progressive, ByteView body) {
  if (header_.count != 0 || byte_at(body, 0) != 8) return false;
  header_.progressive = progressive;
  header_.size = {static_cast<int>(big_endian_16(body, 3)),
                  static_cast<int>(big_endian_16(body, 1))};
  header_.count = static_cast<int>(byte_at(body, 5));
  if (header_.size.width < 1 || header_.size.width > kSideMax || header_.size.height < 1 ||
      header_.size.height > kSideMax || (header_.count != 1 && header_.count != 3) ||
      body.size() != 6 + 3 * count()) {
    return false;
  }
  int blocks = 0;
  for (std::size_t i = 0; i < count(); ++i) {
    BaselineComponent& component = header_.components[i];
    ids_[i] = byte_at(body, 6 + 3 * i);
    component.across = static_cast<int>(byte_at(body, 7 + 3 * i) >> 4U);
    component.down = static_cast<int>(byte_at(body, 7 + 3 * i) & 15U);
    quantisation_of_[i] = byte_at(body, 8 + 3 * i);
    if (component.across < 1 || component.across > 2 || component.down < 1 || component.down > 2 ||
        quantisation_of_[i] >= quantisations_.size()) {
      return false;
    }
    blocks += component.across * component.down;
  }
  // A lone component's MCU is one block, whatever its factors (T.81, A.2.2).
  if (header_.count == 1) header_.components[0].across = header_.components[0].down = 1;
  return blocks <= kMcuBlocksMax;
}

bool SegmentReader::huffman_codes(ByteView body) {
  while (!body.empty()) {
    HuffmanCode code;
    std::size_t symbols = 0;
    for (std::size_t i = 1; i < code.counts.size(); ++i) {
      code.counts[i] = static_cast<std::uint8_t>(byte_at(body, i));
      symbols += code.counts[i];
    }
    bool sound = true;
    const std::size_t which = byte_at(body, 0);
    const bool is_ac = which >= kAcClass;
    const std::size_t number = which & (kAcClass - 1);
    if (symbols > code.symbols.size() || body.size() < 17 + symbols || which > kAcClass + 3 ||
        number > 3) {
      return false;
    }
    for (std::size_t i = 0; i < symbols; ++i) {
      code.symbols[i] = static_cast<std::uint8_t>(byte_at(body, 17 + i));
      sound = sound && (is_ac || code.symbols[i] <= kDcSymbolMax);
    }
    // One that is none matters only to a scan that goes by it.
    (is_ac ? header_.ac_codes : header_.dc_codes)[number] =
        sound ? CodeTable::of(code) : std::nullopt;
    body.remove_prefix(17 + symbols);
  }
  return true;
}

bool SegmentReader::quantisations(ByteView body) {
  while (!body.empty()) {
    const std::size_t bytes = byte_at(body, 0) < 16 ? 1 : 2;
    const std::size_t number = byte_at(body, 0) & 15U;
    if (byte_at(body, 0) > 0x1F || number >= quantisations_.size() ||
        body.size() < 1 + 64 * bytes) {
      return false;
    }
    Quantisation& table = quantisations_[number].emplace();
    for (std::size_t i = 0; i < table.steps.size(); ++i) {
      const std::uint32_t value =
          bytes == 1 ? byte_at(body, 1 + i) : big_endian_16(body, 1 + 2 * i);
      table.steps[kNaturalOrder[i]] = static_cast<std::uint16_t>(value);
    }
    body.remove_prefix(1 + 64 * bytes);
  }
  return true;
}

bool SegmentReader::restarts(ByteView body) {
  header_.restart_interval = static_cast<int>(big_endian_16(body, 0));
  return body.size() == 2;
}

bool SegmentReader::scan(ByteView body) {
  scan_ = {};
  const std::size_t components = byte_at(body, 0);
  if (components < 1 || components > count() || body.size() != 4 + 2 * components) return false;
  for (std::size_t i = 0; i < components; ++i) {
    const auto id = std::find(ids_.begin(), ids_.begin() + header_.count, byte_at(body, 1 + 2 * i));
    const auto place = static_cast<std::size_t>(id - ids_.begin());
    const auto used = scan_.places.begin() + scan_.count;
    if (place >= count() || std::find(scan_.places.begin(), used, place) != used ||
        !scan_component(place, byte_at(body, 2 + 2 * i))) {
      return false;
    }
    scan_.places[i] = place;
    ++scan_.count;
  }
  const ByteView progression = slice(body, 1 + 2 * components);
  scan_.first = static_cast<int>(byte_at(progression, 0));
  scan_.last = static_cast<int>(byte_at(progression, 1));
  scan_.high = static_cast<int>(byte_at(progression, 2) >> 4U);
  scan_.low = static_cast<int>(byte_at(progression, 2) & 15U);
  return true;
}

// A component keeps the steps that are told when its first scan comes.
bool SegmentReader::scan_component(std::size_t place, std::uint32_t codes) {
  BaselineComponent& component = header_.components[place];
  component.dc_code = codes >> 4U;
  component.ac_code = codes & 15U;
  if (component.dc_code > 3 || component.ac_code > 3) return false;
  if (in_a_scan_[place]) return true;
  const auto& quantisation = quantisations_[quantisation_of_[place]];
  if (!quantisation) return false;
  component.quantisation = *quantisation;
  return in_a_scan_[place] = true;
}

// By the rules of libjpeg's default_decompress_parms.
bool SegmentReader::is_ycbcr() const {
  if (header_.count == 1) return true;
  if (ids_[0] == ids_[1] || ids_[0] == ids_[2] || ids_[1] == ids_[2]) return false;
  if (jfif_) return true;
  if (adobe_transform_) return *adobe_transform_ == 1;
  return !(ids_[0] == 'R' && ids_[1] == 'G' && ids_[2] == 'B');
}

int BaselineHeader::across_max() const {
  return std::max({components[0].across, components[1].across, components[2].across});
}

int BaselineHeader::down_max() const {
  return std::max({components[0].down, components[1].down, components[2].down});
}

std::optional<BaselineHeader> read_baseline_header(ByteView head) {
  SegmentReader reader;
  if (!reader.take_head(head) || reader.header().progressive) return std::nullopt;
  const BaselineHeader& header = reader.header();
  const ScanHeader& scan = reader.scan();
  // All components in their order, all frequencies, all bits.
  if (scan.count != header.count || scan.first != 0 || scan.last != 63 || scan.high != 0 ||
      scan.low != 0) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(scan.count); ++i) {
    const BaselineComponent& component = header.components[i];
    if (scan.places[i] != i || !header.dc_codes[component.dc_code] ||
        !header.ac_codes[component.ac_code]) {
      return std::nullopt;
    }
  }
  return header;
}

}  // namespace miniatura::baseline
