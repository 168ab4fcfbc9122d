// URLs, keys and what is signed of them: the first line is the endpoint, the rest a key.
#include "s3client/sigv4.h"
#include "s3client/uri.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  ByteView text = view_of(data, size);
  static_cast<void>(parse_s3_uri(text));
  const std::string setting(take_line(text));
  const std::string key(text);
  must(percent_decode(percent_encode(key)) == key);
  must(percent_decode(percent_encode_path(key)) == key);
  static_cast<void>(percent_decode(setting));

  std::map<std::string, std::string> variables{{"AWS_ENDPOINT_URL", setting}};
  const auto endpoint = endpoint_from(Environment(std::move(variables)));
  if (!endpoint) return 0;
  const std::string url = object_url(*endpoint, {"bucket", key, ""});
  // Whatever the key is, it stays below its bucket: no host, no query, no line of its own.
  const UrlParts parts = split_url(url);
  must(parts.query.empty());
  const std::string_view host = split_url(endpoint->url).authority;
  must(parts.authority == host || parts.authority == "bucket." + std::string(host));
  must(url.find_first_of("\r\n #?") == std::string::npos);
  const HttpHeaders headers{{"x-amz-meta-a", setting}};
  must(!canonical_request("GET", url, headers, kUnsignedPayload).text.empty());
  return 0;
}
