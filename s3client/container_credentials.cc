#include "s3client/container_credentials.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <utility>

#include "s3client/uri.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr const char* kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr const char* kTokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
constexpr const char* kToken = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
constexpr const char* kHost = "http://169.254.170.2";
constexpr std::string_view kPlace = "container credentials";
constexpr std::uint64_t kTokenBytesMax = std::uint64_t{16} * 1024;

std::string_view without_port(std::string_view authority) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return has_port ? authority.substr(0, colon) : authority;
}

// By number, so that no name ("127.0.0.1.example.org") passes for an address.
bool is_near(std::string_view authority) {
  std::string host(without_port(authority));
  if (host == "localhost") return true;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    const std::string inside = host.substr(1, host.size() - 2);
    in6_addr address{};
    if (::inet_pton(AF_INET6, inside.c_str(), &address) != 1) return false;
    constexpr std::array<unsigned char, 16> kLoopback = {0, 0, 0, 0, 0, 0, 0, 0,
                                                         0, 0, 0, 0, 0, 0, 0, 1};
    constexpr std::array<unsigned char, 16> kEks = {0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0,
                                                    0,    0,    0,    0,    0, 0, 0, 0x23};
    const auto is = [&](const auto& bytes) {
      return std::equal(bytes.begin(), bytes.end(), std::begin(address.s6_addr));
    };
    return is(kLoopback) || is(kEks);
  }
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) != 1) return false;
  const std::uint32_t number = ntohl(address.s_addr);
  return number >> 24 == 127 || host == "169.254.170.2" || host == "169.254.170.23";
}

bool is_url_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Result<std::string> full_url(const std::string& text) {
  const auto wrong = [](std::string_view why) {
    return fail(no_credentials(kFull, why));  // the value itself may hold a password
  };
  const UrlParts parts = split_url(text);
  if (!is_url_text(text) || (parts.scheme != "http" && parts.scheme != "https")) {
    return wrong("is no http:// or https:// URL");
  }
  const bool has_strange_host =
      parts.authority.empty() ||
      !std::all_of(parts.authority.begin(), parts.authority.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
      });
  if (has_strange_host) return wrong("has no host, or more than a host and a port");
  if (parts.scheme == "http" && !is_near(parts.authority)) {
    return wrong(
        fmt::format("{}: plain http is for this machine, 169.254.170.2, 169.254.170.23 "
                    "and [fd00:ec2::23] alone",
                    parts.authority));
  }
  // From the parts that were looked at: nobody else shall divide the text in another way.
  std::string url = fmt::format("{}://{}{}", parts.scheme, parts.authority, parts.path);
  if (!parts.query.empty()) url += fmt::format("?{}", parts.query);
  return url;
}

Result<std::string> authorization_of(const ContainerEndpoint& endpoint) {
  std::string token = endpoint.authorization;
  const char* from = kToken;
  if (!endpoint.authorization_file.empty()) {
    auto read = read_file(endpoint.authorization_file, kTokenBytesMax, ErrorCode::file_unreadable);
    if (!read) return fail(no_credentials(kTokenFile, read.error().message));
    token = *std::move(read);
    token.erase(token.find_last_not_of(" \t\r\n") + 1);
    from = kTokenFile;
    if (token.empty()) {
      return fail(no_credentials(kTokenFile, endpoint.authorization_file + ": is empty"));
    }
  }
  if (!is_header_value(token)) {
    return fail(no_credentials(from, "holds what no header can"));
  }
  return token;
}

}  // namespace

Result<std::optional<ContainerEndpoint>> container_endpoint(const Environment& environment) {
  const auto relative = environment.get(kRelative);
  const auto full = environment.get(kFull);
  if (!relative && !full) return std::nullopt;
  ContainerEndpoint endpoint;
  if (relative) {
    if (relative->front() != '/' || !is_url_text(*relative)) {
      return fail(no_credentials(kRelative, "is no path that begins with '/'"));
    }
    endpoint.url = kHost + *relative;
  } else {
    TRY(url, full_url(*full));
    endpoint.url = url;
  }
  endpoint.authorization = environment.get_or(kToken, "");
  endpoint.authorization_file = environment.get_or(kTokenFile, "");
  return endpoint;
}

Result<Credentials> container_credentials(const ContainerEndpoint& endpoint,
                                          const CredentialTools& tools) {
  const std::string place = fmt::format("{} at {}", kPlace, split_url(endpoint.url).authority);
  TRY(authorization, authorization_of(endpoint));
  HttpRequest request;
  request.url = endpoint.url;
  request.headers.add("Accept", "application/json");
  if (!authorization.empty()) request.headers.add("Authorization", std::move(authorization));
  request.connect_timeout = 1s;
  request.stall_timeout = 2s;
  const auto transport = tools.make_transport(false);
  const auto reply = ask_for_credentials(*transport, tools.clock, std::move(request));
  if (!reply) return fail(no_credentials(place, reply.error().message));
  auto json = json_answer(reply->body, place);
  if (reply->status != 200) {
    return fail(refused_credentials(place, reply->status, json ? string_at(*json, "code") : ""));
  }
  if (!json) return fail(std::move(json).error());
  return credentials_in(*json, "Token", place);
}

}  // namespace miniatura
