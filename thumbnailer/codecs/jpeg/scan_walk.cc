#include "thumbnailer/codecs/jpeg/scan_walk.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace miniatura::baseline {
namespace {

constexpr std::uint32_t kDnl = 0xDC, kEoi = 0xD9, kSos = 0xDA, kTem = 0x01;
constexpr int kLowMax = 13;  // libjpeg's

bool has_codes(const BaselineHeader& header, const ScanHeader& scan) {
  const auto places = std::span(scan.places).first(static_cast<std::size_t>(scan.count));
  return std::all_of(places.begin(), places.end(), [&](std::size_t place) {
    const BaselineComponent& component = header.components[place];
    if (!is_of_dc(scan)) return header.ac_codes[component.ac_code].has_value();
    return scan.high != 0 || header.dc_codes[component.dc_code].has_value();
  });
}

bool is_possible(const ScanHeader& scan) {
  const bool frequencies =
      scan.first == 0 ? scan.last == 0
                      : scan.count == 1 && scan.last >= scan.first && scan.last <= kLastPlace;
  return frequencies && scan.low <= kLowMax && (scan.high == 0 || scan.low == scan.high - 1);
}

tl::unexpected<Error> corrupt(std::string what) {
  return fail(ErrorCode::image_corrupt, "JPEG " + std::move(what));
}

}  // namespace

bool is_sound(const BaselineHeader& header, const ScanHeader& scan) {
  return is_possible(scan) && has_codes(header, scan);
}

Result<bool> ScanWalk::next() {
  for (;;) {
    TRY(marker, bytes_.next_marker());
    if (marker == 0) return corrupt(fmt::format("breaks off after {} scans", scans_));
    if (marker == kEoi) return false;
    if (marker == kTem) continue;
    TRY(body, bytes_.segment());
    if (marker == kDnl) continue;
    if (!segments_.take(marker, body)) {
      return corrupt(fmt::format("has a bad segment 0x{:02x} between its scans", marker));
    }
    if (marker == kSos) break;
  }
  if (++scans_ > scans_max_) {
    return fail(ErrorCode::image_too_large,
                fmt::format("JPEG of {} scans, over the limit of {}", scans_, scans_max_));
  }
  if (!is_possible(segments_.scan())) return corrupt("has a scan of an impossible kind");
  if (!has_codes(segments_.header(), segments_.scan())) {
    return corrupt("has a scan by codes that are none");
  }
  return true;
}

}  // namespace miniatura::baseline
