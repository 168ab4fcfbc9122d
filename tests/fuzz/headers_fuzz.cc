// Values of headers that are understood.
#include "runtime/retry.h"
#include "s3client/clock_skew.h"
#include "s3client/resuming_body.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  const std::string text(view_of(data, size));
  if (const auto range = parse_content_range(text)) {
    must(range->first <= range->last && range->last < range->size);
  }
  if (const auto time = parse_iso_time(text)) must(parse_iso_time(iso_time(*time)) == time);
  static_cast<void>(parse_http_date(text));
  const HttpHeaders headers{{"Retry-After", text}, {"Date", text}};
  if (const auto wait = retry_after(headers, Clock::Time{})) {
    must(wait->count() >= 0 && *wait <= std::chrono::hours(24));
  }
  static_cast<void>(measured_skew({}, {}, headers));
  must(unquoted(quoted(text)) == text);
  return 0;
}
