#include "runtime/http.h"

#include <time.h>

#include <algorithm>

#include "runtime/text.h"

namespace miniatura {
bool same_header(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_case(x) == lower_case(y); });
}

std::optional<Clock::Time> parse_http_date(const std::string& text) {
  std::tm fields{};
  const char* const rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  return utc_time(fields);
}

void HttpHeaders::set(std::string_view name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return same_header(field.first, name); });
  add(std::string(name), std::move(value));
}

std::optional<std::string> HttpHeaders::get(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (same_header(field, name)) return value;
  }
  return std::nullopt;
}

std::string HttpHeaders::get_or(std::string_view name, std::string fallback) const {
  return get(name).value_or(std::move(fallback));
}

Result<HttpReply> send(HttpTransport& transport, const HttpRequest& request,
                       std::uint64_t limit_bytes) {
  TRY(response, transport.open(request));
  // Without the query: a presigned one is a secret.
  TRY(body, read_all(*response.body, limit_bytes, ErrorCode::network_invalid,
                     "the reply of " + request.url.substr(0, request.url.find('?'))));
  return HttpReply{response.status, std::move(response.headers), std::move(body)};
}

}  // namespace miniatura
