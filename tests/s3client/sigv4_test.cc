#include "s3client/sigv4.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/crypto.h"
#include "runtime/json.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

// 126 vectors: AWS's documentation, and botocore's answers for odd keys and headers.
const Json& golden() {
  static const Json vectors = [] {
    const auto text = read_file(MINIATURA_SOURCE_DIR "/tests/fixtures/sigv4/s3-golden.json",
                                1 << 20, ErrorCode::file_unreadable);
    return parse_json(text.value(), "s3-golden.json").value();
  }();
  return vectors;
}

HttpHeaders headers_of(const Json& vector) {
  HttpHeaders headers;
  for (const auto& [name, value] : vector["headers"].items()) {
    headers.add(name, value.get<std::string>());
  }
  return headers;
}

Credentials credentials_of(const Json& vector) {
  return {string_at(vector, "access_key"), string_at(vector, "secret_key"),
          string_at(vector, "session_token")};
}

SigningScope scope_of(const Json& vector) {
  return {string_at(vector, "date"), string_at(vector, "region"), string_at(vector, "service")};
}

TEST(SigV4, every_golden_header_signature_is_ours) {
  int count = 0;
  for (const Json& vector : golden()) {
    if (vector["mode"] != "header") continue;
    ++count;
    SCOPED_TRACE(string_at(vector, "name"));
    const std::string method = string_at(vector, "method");
    const std::string url = string_at(vector, "url");
    const std::string payload_hash = sha256_hex(string_at(vector, "body_utf8"));
    ASSERT_EQ(payload_hash, string_at(vector, "x-amz-content-sha256"));

    HttpHeaders headers = headers_of(vector);
    const Credentials credentials = credentials_of(vector);
    const SigningScope scope = scope_of(vector);
    sign_headers(method, url, headers, payload_hash, credentials,
                 signing_key(credentials.secret_key, scope), scope);
    ASSERT_EQ(canonical_request(method, url, headers, payload_hash).text,
              string_at(vector, "canonical_request"));
    EXPECT_EQ(headers.get_or("Authorization", ""), string_at(vector, "authorization"));
  }
  EXPECT_EQ(count, 86);
}

TEST(SigV4, every_golden_presigned_url_is_ours) {
  int count = 0;
  for (const Json& vector : golden()) {
    if (vector["mode"] != "query") continue;
    ++count;
    SCOPED_TRACE(string_at(vector, "name"));
    const auto expires = std::chrono::seconds(vector["expires"].get<int>());
    EXPECT_EQ(presigned_url(string_at(vector, "method"), string_at(vector, "url"),
                            headers_of(vector), expires, credentials_of(vector), scope_of(vector)),
              string_at(vector, "signed_url"));
  }
  EXPECT_EQ(count, 39);
}

// The chunked upload of AWS's documentation: the seed, then each chunk chained to the one before.
TEST(SigV4, the_golden_chunked_upload_signs_from_the_same_pieces) {
  int count = 0;
  for (const Json& vector : golden()) {
    if (vector["mode"] != "streaming") continue;
    ++count;
    const SigningScope scope{"20130524T000000Z", "us-east-1", "s3"};
    const std::string key = signing_key(string_at(vector, "secret_key"), scope);
    std::string previous =
        signature_of(key, string_to_sign(scope, string_at(vector, "canonical_request")));
    EXPECT_EQ(previous, string_at(vector, "seed_signature"));

    const std::string chunks[] = {std::string(65536, 'a'), std::string(1024, 'a'), ""};
    for (std::size_t i = 0; i < std::size(chunks); ++i) {
      const std::string text = "AWS4-HMAC-SHA256-PAYLOAD\n" + scope.time + '\n' + scope.text() +
                               '\n' + previous + '\n' + sha256_hex("") + '\n' +
                               sha256_hex(chunks[i]);
      previous = signature_of(key, text);
      EXPECT_EQ(previous, vector["chunk_signatures"][i].get<std::string>());
    }
  }
  EXPECT_EQ(count, 1);
}

TEST(SigV4, the_golden_urls_of_keys_are_ours) {
  for (const Json& vector : golden()) {
    if (!vector.contains("wire_path")) continue;
    SCOPED_TRACE(string_at(vector, "name"));
    const bool path_style = string_at(vector, "style") == "path";
    const S3Endpoint endpoint{
        path_style ? "http://127.0.0.1:9000" : "https://s3.us-east-1.amazonaws.com", path_style,
        "us-east-1"};
    EXPECT_EQ(
        object_url(endpoint, {string_at(vector, "bucket"), string_at(vector, "key_utf8"), ""}),
        string_at(vector, "url"));
  }
}

TEST(SigV4, what_a_proxy_may_change_is_not_signed) {
  const HttpHeaders headers{{"User-Agent", "x"}, {"X-Amzn-Trace-Id", "y"}, {"Range", "bytes=0-1"}};
  EXPECT_EQ(canonical_request("GET", "http://h/b/k", headers, "").signed_headers, "host;range");
}

TEST(SigV4, headers_of_one_name_are_joined_and_sorted_without_case) {
  const HttpHeaders headers{{"X-B", "1"}, {"x-a", "2"}, {"x-b", " 3  4 "}};
  EXPECT_NE(canonical_request("GET", "http://h/", headers, "").text.find("x-a:2\nx-b:1,3 4\n"),
            std::string::npos);
}

TEST(SigV4, a_query_is_sorted_by_encoded_name_with_the_shorter_first) {
  const auto text =
      canonical_request("GET", "http://h/?ab=1&a=2&a-b=3&uploads&a=%2f1", {}, "").text;
  EXPECT_NE(text.find("\na=%2F1&a=2&a-b=3&ab=1&uploads=\n"), std::string::npos) << text;
}

TEST(SigV4, times_are_written_in_utc) {
  EXPECT_EQ(amz_time(Clock::Time(std::chrono::seconds(1369353600))), "20130524T000000Z");
}

}  // namespace
}  // namespace miniatura
