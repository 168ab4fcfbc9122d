// What a store's refusal means: its status and XML as an Error. Pure.
//
// S3's own code decides first, then the status. "Unknown" never becomes "not found": a 404 that
// does not say NoSuchKey is another server's, or another thing's, and an event must not be dropped
// for it. Only a HEAD, which has no body, is taken by its status.
#pragma once

#include <string>

#include "runtime/http.h"
#include "s3client/object_store.h"

namespace miniatura {

struct S3Call {
  std::string method;  // "GET"
  std::string bucket;
  std::string key;           // empty: the bucket itself
  bool conditional = false;  // the request carried If-Match or If-None-Match
};

// For any status but 2xx. `body` is what came, cut or not; it may be anything.
Error s3_error(const S3Call& call, int status, const HttpHeaders& headers, ByteView body);

}  // namespace miniatura
