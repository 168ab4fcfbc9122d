// One request to S3, before it has a host, a region or a signature: what stays the same at every
// attempt.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/http.h"
#include "s3client/object_store.h"

namespace miniatura {

struct S3Call {
  std::string method = "GET";
  ObjectId id;  // without a key: the bucket itself
  // Not encoded; the version is of the id and does not stand here.
  std::vector<std::pair<std::string, std::string>> query = {};
  HttpHeaders headers = {};
  ByteView body = {};                               // borrowed: lives until the call is answered
  std::function<void(std::uint64_t)> on_sent = {};  // as in HttpRequest

  // A PUT that may say no because of what is there.
  bool is_conditional_put() const {
    return method == "PUT" && (headers.get("If-Match") || headers.get("If-None-Match"));
  }
};

// ETags are opaque; within quotes on the wire, without everywhere else.
inline std::string quoted(const std::string& etag) { return '"' + etag + '"'; }
inline std::string unquoted(const std::string& etag) {
  const bool is_quoted = etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
  return is_quoted ? etag.substr(1, etag.size() - 2) : etag;
}
inline std::string etag_of(const HttpHeaders& headers) {
  return unquoted(headers.get_or("ETag", ""));
}

}  // namespace miniatura
