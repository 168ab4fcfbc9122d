#include "runtime/amqp_url.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace miniatura {
namespace {

constexpr std::size_t kPartBytesMax = 255;  // of AMQP's short strings
constexpr int kTlsPort = 5671;

tl::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorCode::config_invalid, fmt::format("the queue's URL: {}", what));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Without its escapes; nothing where one is bad, or it is too long or holds a NUL.
std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    plain += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (plain.size() > kPartBytesMax || plain.find('\0') != std::string::npos) return std::nullopt;
  return plain;
}

Result<void> read_user(std::string_view text, AmqpAddress& address) {
  const std::size_t colon = text.find(':');
  const auto user = decoded(text.substr(0, colon));
  if (!user || user->empty()) return wrong("no user that can be read before the '@'");
  address.user = *user;
  address.password.clear();
  if (colon == std::string_view::npos) return {};
  const auto password = decoded(text.substr(colon + 1));
  if (!password || text.find(':', colon + 1) != std::string_view::npos) {
    return wrong(
        "a password that cannot be read: ':', '@', '/' and '%' in it are written as %3A, "
        "%40, %2F and %25");
  }
  address.password = *password;
  return {};
}

bool is_host(std::string_view host) {
  const auto may_be = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':';
  };
  return !host.empty() && host.size() <= kPartBytesMax &&
         std::all_of(host.begin(), host.end(), may_be);
}

Result<void> read_host(std::string_view text, AmqpAddress& address) {
  const bool is_bracketed = text.starts_with('[');
  const std::size_t end = is_bracketed ? text.find(']') : text.find(':');
  if (is_bracketed && end == std::string_view::npos) return wrong("a '[' without its ']'");
  address.host = is_bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  if (!is_host(address.host)) return wrong("no host that can be read");
  text.remove_prefix(std::min(text.size(), is_bracketed ? end + 1 : end));
  if (text.empty()) return {};
  const char* const last = text.data() + text.size();
  int port = 0;
  const auto [rest, error] = std::from_chars(text.data() + 1, last, port);
  if (text.front() != ':' || error != std::errc{} || rest != last || port < 1 || port > 65'535) {
    return wrong("after the host comes ':' and a port from 1 to 65535, or '/'");
  }
  address.port = port;
  return {};
}

}  // namespace

std::string AmqpAddress::text() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return fmt::format("amqp{}://{}{}{}:{}/{}", is_tls ? "s" : "", is_v6 ? "[" : "", host,
                     is_v6 ? "]" : "", port, vhost == "/" ? "" : vhost);
}

Result<AmqpAddress> parse_amqp_url(std::string_view url) {
  AmqpAddress address;
  if (url.starts_with("amqps://")) {
    address.is_tls = true;
    address.port = kTlsPort;
  } else if (!url.starts_with("amqp://")) {
    return wrong("begins neither with amqp:// nor with amqps://");
  }
  url.remove_prefix(url.find("://") + 3);
  if (url.find_first_of("?#") != std::string_view::npos) return wrong("no '?' and no '#' is known");
  const std::size_t slash = std::min(url.find('/'), url.size());
  std::string_view authority = url.substr(0, slash);
  const std::string_view path = url.substr(std::min(slash + 1, url.size()));
  if (const std::size_t at = authority.find('@'); at != std::string_view::npos) {
    CHECKED(read_user(authority.substr(0, at), address));
    authority.remove_prefix(at + 1);
  }
  CHECKED(read_host(authority, address));
  if (path.empty()) return address;
  const auto vhost = decoded(path);
  if (!vhost || path.find('/') != std::string_view::npos) {
    return wrong("a vhost that cannot be read: '/' in it is written as %2F");
  }
  address.vhost = *vhost;
  return address;
}

}  // namespace miniatura
