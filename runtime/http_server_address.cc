#include "runtime/http_server_address.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/text.h"

namespace miniatura {
namespace {

using boost::asio::ip::tcp;

std::optional<std::uint16_t> port_in(std::string_view text) {
  std::uint16_t port = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return port;
}

// Without the brackets of IPv6, which needs them: "::1:80" is an address, too.
std::optional<std::string> host_in(std::string_view text) {
  const bool is_bracketed = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  if (is_bracketed) text = text.substr(1, text.size() - 2);
  if ((text.find(':') != text.npos) != is_bracketed) return std::nullopt;
  return std::string(text);
}

}  // namespace

Result<std::vector<tcp::endpoint>> listen_endpoints(boost::asio::io_context& io,
                                                    const std::string& listen) {
  const std::string_view text = listen;
  const std::size_t colon = std::min(text.rfind(':'), text.size());
  const auto port = port_in(text.substr(std::min(colon + 1, text.size())));
  const auto host = host_in(text.substr(0, colon));
  if (!port || !host) {
    return fail(ErrorCode::config_invalid,
                fmt::format("cannot listen on \"{}\": not HOST:PORT, [ADDRESS OF IPV6]:PORT or "
                            ":PORT, with a port of 0 to 65535",
                            one_line(cropped(listen, 100))));
  }
  if (host->empty()) {
    return std::vector{tcp::endpoint(tcp::v6(), *port), tcp::endpoint(tcp::v4(), *port)};
  }
  boost::system::error_code error;
  const auto found = tcp::resolver(io).resolve(*host, std::to_string(*port),
                                               tcp::resolver::numeric_service, error);
  if (error || found.empty()) {
    return fail(
        ErrorCode::config_invalid,
        fmt::format("cannot listen on {}: {}", one_line(cropped(listen, 300)), error.message()));
  }
  const auto v4 = std::find_if(found.begin(), found.end(), [](const auto& entry) {
    return entry.endpoint().protocol() == tcp::v4();
  });
  return std::vector{v4 != found.end() ? v4->endpoint() : found.begin()->endpoint()};
}

}  // namespace miniatura
