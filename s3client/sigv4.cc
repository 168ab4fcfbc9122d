#include "s3client/sigv4.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "runtime/crypto.h"
#include "runtime/text.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// What the way changes: signed, it would break the signature.
constexpr std::array<std::string_view, 8> kUnsignedHeaders = {
    "authorization", "connection",      "expect",           "keep-alive", "te",
    "user-agent",    "x-amzn-trace-id", "transfer-encoding"};

// Outer spaces away, inner runs of them one: as the other side will do it.
std::string collapsed(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const bool space = c == ' ' || c == '\t';
    if (space && (text.empty() || text.back() == ' ')) continue;
    text += space ? ' ' : c;
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// Each name and value decoded and encoded anew, so that any spelling of a byte signs as the
// server's own; sorted by encoded name, then value. "?uploads" is "uploads=".
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!query.empty()) {
    const std::string_view field = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), field.size() + 1));
    if (field.empty()) continue;
    const std::string_view name = field.substr(0, field.find('='));
    const std::string_view value = field.substr(std::min(field.size(), name.size() + 1));
    fields.emplace_back(percent_encode(percent_decode(name)),
                        percent_encode(percent_decode(value)));
  }
  std::sort(fields.begin(), fields.end());
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

std::map<std::string, std::string> signed_fields(const UrlParts& url, const HttpHeaders& headers) {
  std::map<std::string, std::string> fields;
  for (const auto& [name, value] : headers) {
    const std::string lower = lower_case(name);
    if (std::find(kUnsignedHeaders.begin(), kUnsignedHeaders.end(), lower) !=
        kUnsignedHeaders.end()) {
      continue;
    }
    const auto [field, added] = fields.emplace(lower, collapsed(value));
    if (!added) field->second += ',' + collapsed(value);
  }
  fields.emplace("host", host_header(url));
  return fields;
}

std::string credential_of(const Credentials& credentials, const SigningScope& scope) {
  return credentials.access_key + '/' + scope.text();
}

}  // namespace

std::string SigningScope::text() const {
  return fmt::format("{}/{}/{}/aws4_request", day(), region, service);
}

std::string amz_time(Clock::Time time) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(Clock::Time::clock::to_time_t(time)));
}

CanonicalRequest canonical_request(std::string_view method, std::string_view url,
                                   const HttpHeaders& headers, std::string_view payload_hash) {
  const UrlParts parts = split_url(url);
  std::string lines;
  std::string names;
  for (const auto& [name, value] : signed_fields(parts, headers)) {
    lines.append(name).append(":").append(value).append("\n");
    names.append(names.empty() ? "" : ";").append(name);
  }
  return {fmt::format("{}\n{}\n{}\n{}\n{}\n{}", method, parts.path, canonical_query(parts.query),
                      lines, names, payload_hash),
          names};
}

std::string string_to_sign(const SigningScope& scope, std::string_view canonical_request) {
  return fmt::format("{}\n{}\n{}\n{}", kAlgorithm, scope.time, scope.text(),
                     sha256_hex(canonical_request));
}

std::string signing_key(std::string_view secret_key, const SigningScope& scope) {
  const std::string of_day = hmac_sha256(fmt::format("AWS4{}", secret_key), scope.day());
  const std::string of_region = hmac_sha256(of_day, scope.region);
  const std::string of_service = hmac_sha256(of_region, scope.service);
  return hmac_sha256(of_service, "aws4_request");
}

std::string signature_of(std::string_view signing_key, std::string_view string_to_sign) {
  return hex(hmac_sha256(signing_key, string_to_sign));
}

void sign_headers(std::string_view method, std::string_view url, HttpHeaders& headers,
                  std::string_view payload_hash, const Credentials& credentials,
                  std::string_view signing_key, const SigningScope& scope) {
  headers.set(kContentSha256Header, std::string(payload_hash));
  headers.set(kAmzDateHeader, scope.time);
  if (!credentials.session_token.empty()) {
    headers.set(kSecurityTokenHeader, credentials.session_token);
  }
  const CanonicalRequest request = canonical_request(method, url, headers, payload_hash);
  headers.set("Authorization",
              fmt::format("{} Credential={}, SignedHeaders={}, Signature={}", kAlgorithm,
                          credential_of(credentials, scope), request.signed_headers,
                          signature_of(signing_key, string_to_sign(scope, request.text))));
}

std::string presigned_url(std::string_view method, std::string_view url, const HttpHeaders& headers,
                          std::chrono::seconds expires, const Credentials& credentials,
                          const SigningScope& scope) {
  const std::string signed_headers =
      canonical_request(method, url, headers, kUnsignedPayload).signed_headers;
  std::string signed_url = fmt::format(
      "{}{}X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}"
      "&X-Amz-SignedHeaders={}",
      url, url.find('?') == std::string_view::npos ? '?' : '&', kAlgorithm,
      percent_encode(credential_of(credentials, scope)), scope.time, expires.count(),
      percent_encode(signed_headers));
  if (!credentials.session_token.empty()) {
    signed_url += "&X-Amz-Security-Token=" + percent_encode(credentials.session_token);
  }
  const CanonicalRequest request = canonical_request(method, signed_url, headers, kUnsignedPayload);
  return signed_url + "&X-Amz-Signature=" +
         signature_of(signing_key(credentials.secret_key, scope),
                      string_to_sign(scope, request.text));
}

}  // namespace miniatura
