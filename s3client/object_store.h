// Objects in and out. One contract (tests/s3client/object_store_contract.h) holds for every
// implementation: S3 and what speaks like it (s3_store), a directory (directory_store), and memory
// in tests (tests/support/memory_store).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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

// Which bytes of it: the first and the last, counted from 0, both included.
struct ByteRange {
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last;  // none: to the end

  bool is_whole() const { return first == 0 && !last; }
};

struct ObjectInfo {
  std::uint64_t size = 0;  // of the whole object, whatever part of it was asked for
  std::string etag;        // opaque, without its quotes
  std::string version;     // empty where the bucket has none
  std::string content_type;
  std::string cache_control;
  std::string storage_class;                    // empty: the store's usual one
  std::string last_modified;                    // "2026-01-31T23:59:59Z"
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
  std::string cache_control;                    // empty: none
  std::string storage_class;                    // empty: the bucket's usual one
  std::map<std::string, std::string> tags;      // UTF-8; 10 at most, as S3 has it
  PutCondition condition = Always{};
  // Hears how many bytes are sent, where that takes its time; from 0 when sent again. put() alone.
  std::function<void(std::uint64_t)> on_sent;
};

struct PutResult {
  std::string etag;     // of what was written, without its quotes
  std::string version;  // empty where the bucket has none
};

struct ListRequest {
  std::string bucket;
  std::string prefix;     // of keys; empty: all
  std::string delimiter;  // "/" folds what lies below into prefixes; empty: nothing is folded
  std::string page;       // Listing::next_page of the page before; empty: the first
  int limit = 1000;       // of objects and prefixes on a page, 1 to 1,000
};

struct ListedObject {
  std::string key;
  std::uint64_t size = 0;
  std::string etag;           // without its quotes
  std::string last_modified;  // "2026-01-31T23:59:59Z"
};

struct Listing {
  std::vector<ListedObject> objects;  // in the order of their keys' bytes
  std::vector<std::string> prefixes;  // in the same order; each ends in the delimiter
  std::string next_page;              // opaque; empty: this was the last
};

// A URL that does one thing to one object until it expires, for somebody who holds no credentials.
struct PresignRequest {
  std::string method = "GET";  // or PUT
  ObjectId id;
  std::chrono::seconds expires{3600};  // 1 s to 7 days
};

// Errors are the store_*, credentials_*, network_* and deadline_exceeded codes, with bucket and key
// in the message. Not thread-safe: one store a thread.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // The body arrives as it is read; info is that of the very bytes. Absent: store_not_found, or
  // store_no_bucket. The object must not outlive the store. A range may end after the object does;
  // one that starts there is store_rejected, but for all of an empty object.
  virtual Result<Object> get(const ObjectId& id, const ByteRange& range,
                             const Context& context) = 0;
  Result<Object> get(const ObjectId& id, const Context& context) { return get(id, {}, context); }

  // As get, without the body. A store that cannot tell the two apart (S3's HEAD has no body) says
  // store_not_found for a missing bucket as well.
  virtual Result<ObjectInfo> head(const ObjectId& id, const Context& context) = 0;

  // Whole or not at all: no reader ever sees a part.
  virtual Result<PutResult> put(const PutRequest& request, const Context& context) = 0;

  // Several at the same time where the store can; the results stand in the order of the requests.
  virtual std::vector<Result<PutResult>> put_all(std::span<const PutRequest> requests,
                                                 const Context& context) = 0;

  // Afterwards it is not there; that it was not there before is no error. In a bucket that keeps
  // versions the newest is hidden, and a version is removed for good.
  virtual Result<void> remove(const ObjectId& id, const Context& context) = 0;

  // A page of what is there. A key that comes or goes between two pages may be seen or not; every
  // other is seen once.
  virtual Result<Listing> list(const ListRequest& request, const Context& context) = 0;

  // Asks nobody: that the URL can be had says nothing of the object. store_rejected where the store
  // has no URLs (a directory).
  virtual Result<std::string> presign(const PresignRequest& request) = 0;

  // Is the bucket there, and may we speak to it? A directory also tells whether it can be written.
  virtual Result<void> reach(const std::string& bucket, const Context& context) = 0;
};

}  // namespace miniatura
