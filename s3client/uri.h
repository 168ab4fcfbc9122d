// How objects are addressed: percent-encoding as S3 signs it, names of buckets and keys,
// s3://bucket/key, and the URL of an object at an endpoint. Pure.
#pragma once

#include <string>
#include <string_view>

#include "runtime/environment.h"
#include "runtime/result.h"
#include "s3client/object_store.h"
#include "s3client/profile.h"

namespace miniatura {

// Every byte but A-Z a-z 0-9 - . _ ~ becomes %XX, upper case, once; nothing is normalised.
// (AWS, "Signature Version 4: UriEncode".)
std::string percent_encode(std::string_view text);
std::string percent_encode_path(std::string_view path);  // the same, '/' stays

// A '%' that two hex digits do not follow stays as it is; '+' is a plus.
std::string percent_decode(std::string_view text);

// "bucket/key" for a message: one line, whatever the key holds (controls and '%' as %XX).
std::string object_name(std::string_view bucket, std::string_view key);

// store_invalid_key unless the key is 1 to 1,024 bytes of UTF-8; store_rejected where the bucket is
// no bucket's name (letters, digits, '.', '-', '_', from a letter or digit on, 255 bytes at most):
// a name from outside must never reach a host name or a path as anything else.
Result<void> check_object_id(const ObjectId& id);
Result<void> check_bucket(std::string_view bucket);

// check_object_id, and content type, metadata and etag that fit into header lines, and tags as S3
// takes them: 10 at most, their characters, lengths and names (store_rejected).
Result<void> check_put(const PutRequest& request);

// Printable ASCII without outer spaces: arrives as it was sent, and cannot start a header of its
// own.
bool is_header_value(std::string_view text);

// s3://bucket/key: the key is everything after the slash, taken as it is, and may be empty (a whole
// bucket). Errors: usage.
struct S3Uri {
  std::string bucket;
  std::string key;
};
Result<S3Uri> parse_s3_uri(std::string_view text);

struct S3Endpoint {
  std::string url;  // "https://s3.eu-west-1.amazonaws.com", no slash at the end
  bool path_style = false;
  std::string region;
  bool is_aws = false;  // AWS's own: the URL follows from the region
};

// The same endpoint, for a bucket of another region: AWS has a host each, others only sign for it.
S3Endpoint in_region(const S3Endpoint& endpoint, const std::string& region);

// "eu-west-1": what may become a part of a host name.
bool is_region(std::string_view text);

// From AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the profile, else AWS's own for AWS_REGION,
// AWS_DEFAULT_REGION or the profile's region, else us-east-1. With
// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true it is always AWS's own. A bucket is in the path of a
// configured endpoint and in the host of AWS's own, unless MINIATURA_S3_ADDRESSING or the profile's
// s3.addressing_style says path or virtual. Errors: config_invalid, naming the variable or the
// profile's field.
Result<S3Endpoint> endpoint_from(const Environment& environment,
                                 const ProfileSettings& profile = {});

// The same for STS, which web identities are asked of; `region` is one that endpoint_from gave. No
// slash at the end.
Result<std::string> sts_endpoint_from(const Environment& environment,
                                      const ProfileSettings& profile, const std::string& region);

// An http:// or https:// URL of a host and perhaps a path. Errors: config_invalid, naming
// `variable` and never a password.
Result<void> check_endpoint(std::string_view variable, std::string_view url);

// The URL of an object, encoded; with an empty key, of its bucket. A bucket that does not fit one
// label of a host name (a dot would not match AWS's certificate) is put into the path.
std::string object_url(const S3Endpoint& endpoint, const ObjectId& id);

// The parts of an http(s) URL that a signature covers.
struct UrlParts {
  std::string_view scheme;     // "https"
  std::string_view authority;  // "127.0.0.1:9000"
  std::string_view path;       // "/bucket/key" as it stands; "/" where there is none
  std::string_view query;      // without '?'
};
UrlParts split_url(std::string_view url);

// The Host header that goes with a URL: without the port that its scheme implies.
std::string host_header(const UrlParts& url);

}  // namespace miniatura
