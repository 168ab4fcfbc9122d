// Objects in and out. One contract (tests/s3client/object_store_contract.h) holds for every
// implementation: S3 and what speaks like it (s3_store), a directory (directory_store), and memory
// in tests (tests/support/memory_store).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/context.h"
#include "runtime/result.h"

namespace miniatura {

// Which object. Keys are the raw bytes of S3's key: UTF-8, 1 to 1,024 bytes, not encoded in any
// way.
struct ObjectId {
  std::string bucket;
  std::string key;
  std::string version;  // empty: the current one

  std::string text() const { return bucket + "/" + key; }  // for messages
};

struct ObjectInfo {
  std::uint64_t size = 0;
  std::string etag;     // opaque, without its quotes
  std::string version;  // empty where the bucket has none
  std::string content_type;
  std::string last_modified;                    // as the store writes it
  std::map<std::string, std::string> metadata;  // names in lower case, without x-amz-meta-
};

struct Object {
  ObjectInfo info;
  std::unique_ptr<ByteSource> body;
};

// When a PUT may take effect; anything else is store_precondition_failed and changes nothing.
struct Always {};
struct IfAbsent {};  // If-None-Match: *
struct IfMatches {   // If-Match; an absent object does not match
  std::string etag;  // unquoted
};
using PutCondition = std::variant<Always, IfAbsent, IfMatches>;

struct PutRequest {
  std::string bucket;
  std::string key;
  ByteView body;  // borrowed: lives until the call returns
  std::string content_type = "application/octet-stream";
  std::map<std::string, std::string> metadata;  // names in lower case, values printable ASCII
  PutCondition condition = Always{};
};

struct PutResult {
  std::string etag;     // of what was written, without its quotes
  std::string version;  // empty where the bucket has none
};

// Errors are the store_*, credentials_*, network_* and deadline_exceeded codes, with bucket and key
// in the message. Not thread-safe: one store a thread.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // The body arrives as it is read; info is that of the very bytes. Absent: store_not_found, or
  // store_no_bucket. The object must not outlive the store.
  virtual Result<Object> get(const ObjectId& id, const Context& context) = 0;

  // As get, without the body. A store that cannot tell the two apart (S3's HEAD has no body) says
  // store_not_found for a missing bucket as well.
  virtual Result<ObjectInfo> head(const ObjectId& id, const Context& context) = 0;

  // Whole or not at all: no reader ever sees a part.
  virtual Result<PutResult> put(const PutRequest& request, const Context& context) = 0;

  // Several at the same time where the store can; the results stand in the order of the requests.
  virtual std::vector<Result<PutResult>> put_all(std::span<const PutRequest> requests,
                                                 const Context& context) = 0;

  // Is the bucket there, and may we speak to it? A directory also tells whether it can be written.
  virtual Result<void> reach(const std::string& bucket, const Context& context) = 0;
};

}  // namespace miniatura
