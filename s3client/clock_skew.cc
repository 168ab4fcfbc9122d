#include "s3client/clock_skew.h"

namespace miniatura {

std::optional<std::chrono::milliseconds> measured_skew(Clock::Time sent, Clock::Time received,
                                                       const HttpHeaders& answer) {
  constexpr std::chrono::seconds kExchangeMax{900};
  if (received - sent > kExchangeMax || answer.get("Age")) return std::nullopt;
  const auto date = parse_http_date(answer.get_or("Date", ""));
  if (!date) return std::nullopt;
  const Clock::Time middle = sent + (received - sent) / 2;
  return std::chrono::duration_cast<std::chrono::milliseconds>(*date - middle);
}

}  // namespace miniatura
