#include "thumbnailer/codecs/jpeg/scan_reader.h"

#include <fmt/core.h>

namespace miniatura::baseline {

Result<BitReader> ScanReader::begin() {
  TRY(reader, bytes_.first_segment());
  reader.fill();
  return reader;
}

Result<ScanReader::Next> ScanReader::go_on(BitReader reader, const Damage& damage) {
  Next next{reader};
  next.ended = bytes_.ran_out(reader) || damage.no_code;
  if (next.ended) return next;
  next.restarted = left_ == 0;
  if (next.restarted) {
    left_ = interval_;
    TRY(begun, bytes_.next_segment(next_restart_));
    next_restart_ = (next_restart_ + 1) % 8;
    next.reader = begun;
  } else {
    TRY(fed, bytes_.feed(reader));
    next.reader = fed;
  }
  next.reader.fill();
  return next;
}

Result<void> ScanReader::check(const BitReader& reader, const Damage& damage, RowOf row) const {
  const char* what = damage.no_code           ? "bad Huffman code"
                     : damage.overflow        ? "brightness out of range"
                     : bytes_.ran_out(reader) ? "premature end of data"
                                              : nullptr;
  if (what == nullptr) return {};
  return fail(ErrorCode::image_corrupt,
              fmt::format("JPEG: {} in row {} of {}", what, row.row + 1, row.rows));
}

}  // namespace miniatura::baseline
