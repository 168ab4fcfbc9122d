// AWS Signature Version 4, pure: canonical request -> string to sign -> signature.
//
// As S3 wants it: the path is taken as it stands in the URL, encoded once and not normalised.
// (Other services normalise it and encode it twice, which is the same for the paths that we use
// there.) See "Signature Calculations for the Authorization Header" in the S3 API reference.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/http.h"
#include "s3client/credentials.h"

namespace miniatura {

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view kContentSha256Header = "x-amz-content-sha256";
inline constexpr std::string_view kAmzDateHeader = "x-amz-date";
inline constexpr std::string_view kSecurityTokenHeader = "x-amz-security-token";

// Where and when a signature holds.
struct SigningScope {
  std::string time;     // "20130524T000000Z"
  std::string region;   // "us-east-1"
  std::string service;  // "s3"

  std::string day() const { return time.substr(0, 8); }
  std::string text() const;  // "20130524/us-east-1/s3/aws4_request"
};

std::string amz_time(Clock::Time time);  // "20130524T000000Z"

// What a signature covers. All headers are signed but those that a proxy may change (User-Agent,
// X-Amzn-Trace-Id, Connection, …).
struct CanonicalRequest {
  std::string text;
  std::string signed_headers;  // "host;x-amz-date"
};
CanonicalRequest canonical_request(std::string_view method, std::string_view url,
                                   const HttpHeaders& headers, std::string_view payload_hash);

std::string string_to_sign(const SigningScope& scope, std::string_view canonical_request);

// 32 bytes; the same for a whole day.
std::string signing_key(std::string_view secret_key, const SigningScope& scope);

std::string signature_of(std::string_view signing_key, std::string_view string_to_sign);

// The headers that sign `headers`: host, date, payload hash, token and Authorization are set in it.
// `signing_key` belongs to the same secret and scope. Pure.
void sign_headers(std::string_view method, std::string_view url, HttpHeaders& headers,
                  std::string_view payload_hash, const Credentials& credentials,
                  std::string_view signing_key, const SigningScope& scope);

// A URL that carries its signature and holds for `expires` (1 s to 7 days); the headers are those
// that its user must send, besides Host.
std::string presigned_url(std::string_view method, std::string_view url, const HttpHeaders& headers,
                          std::chrono::seconds expires, const Credentials& credentials,
                          const SigningScope& scope);

}  // namespace miniatura
