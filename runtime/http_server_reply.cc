#include "runtime/http_server_reply.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <string_view>

#include "runtime/json.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

// As RFC 9110, 5.6.7 wants it, whatever the locale.
std::string http_date(std::time_t time) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                     kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

bool is_token(std::string_view name) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (lower_case(c) >= 'a' && lower_case(c) <= 'z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool is_ours(std::string_view name) {
  constexpr std::array kOurs = {"Connection", "Content-Length",    "Content-Type", "Date",
                                "Server",     "Transfer-Encoding", "Trailer",      "Upgrade"};
  return std::any_of(kOurs.begin(), kOurs.end(),
                     [&](const char* ours) { return same_header(ours, name); });
}

}  // namespace

Bytes reply_bytes(const ServedReply& reply, const ReplyFrame& frame, std::time_t now) {
  const int status = reply.status >= 200 && reply.status <= 599 ? reply.status : 500;
  const bool has_body = status != 204 && status != 304;
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  Bytes bytes = fmt::format("HTTP/1.1 {} {}\r\nServer: miniatura\r\nDate: {}\r\n", status,
                            std::string_view(reason.data(), reason.size()), http_date(now));
  const auto add = [&bytes](std::string_view name, std::string_view value) {
    bytes.append(name).append(": ").append(one_line(value)).append("\r\n");
  };
  for (const auto& [name, value] : reply.headers) {
    if (is_token(name) && !is_ours(name)) add(name, value);
  }
  if (has_body) {
    if (!reply.content_type.empty()) add("Content-Type", reply.content_type);
    add("Content-Length", std::to_string(reply.body.size()));
  }
  if (frame.closes) {
    add("Connection", "close");
  } else if (frame.is_old) {
    add("Connection", "keep-alive");
  }
  bytes += "\r\n";
  if (has_body && !frame.is_head) bytes += reply.body;
  return bytes;
}

ServedReply refusal_reply(const HttpRefusal& refusal) {
  ServedReply reply;
  reply.status = refusal.status;
  if (refusal.status == 503) reply.headers.add("Retry-After", "1");
  reply.body = to_text({{"error", error_json(refusal.code, refusal.message)}});
  return reply;
}

}  // namespace miniatura
