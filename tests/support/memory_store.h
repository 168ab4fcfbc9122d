// ObjectStore in memory, for tests: what was put is kept, every version of it, and a hook sees each
// operation before it happens.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "s3client/object_store.h"

namespace miniatura {

// Unlike the real ones thread-safe; for code that wants one store a thread see share().
class MemoryStore : public ObjectStore {
 public:
  struct Version {
    ObjectInfo info;
    Bytes bytes;
    std::map<std::string, std::string> tags;
    bool removed = false;  // this very version, for good
  };
  // Called before each operation ("get", "head", "put", "remove", "list", "reach"), outside of any
  // lock, so that it may use the store itself. An Error is what the operation then answers; nothing
  // else is done.
  using Hook = std::function<std::optional<Error>(std::string_view operation, const ObjectId& id)>;

  MemoryStore() : state_(std::make_shared<State>()) {}
  MemoryStore(std::initializer_list<std::string> buckets) : MemoryStore() {
    for (const std::string& bucket : buckets) add_bucket(bucket);
  }

  using ObjectStore::get;
  Result<Object> get(const ObjectId& id, const ByteRange& range, const Context& context) override;
  Result<ObjectInfo> head(const ObjectId& id, const Context& context) override;
  Result<PutResult> put(const PutRequest& request, const Context& context) override;
  std::vector<Result<PutResult>> put_all(std::span<const PutRequest> requests,
                                         const Context& context) override;
  Result<void> remove(const ObjectId& id, const Context& context) override;
  Result<Listing> list(const ListRequest& request, const Context& context) override;
  Result<std::string> presign(const PresignRequest& request) override;
  Result<void> reach(const std::string& bucket, const Context& context) override;

  void add_bucket(const std::string& bucket);
  void set_hook(Hook hook);

  // A put that passes by the hook: how a test brings its sources.
  std::string add(const std::string& bucket, const std::string& key, ByteView bytes,
                  std::string content_type = "application/octet-stream");
  void remove(const std::string& bucket, const std::string& key);

  std::vector<std::string> keys(const std::string& bucket) const;  // of what is there, sorted
  std::optional<Bytes> bytes(const std::string& bucket, const std::string& key) const;
  std::optional<ObjectInfo> info(const std::string& bucket, const std::string& key) const;
  // Every version that was ever put at a key, oldest first, removed ones too.
  std::vector<Version> history(const std::string& bucket, const std::string& key) const;
  // "get bucket/key", … in the order in which they came, failed ones too.
  std::vector<std::string> operations() const;
  void forget_operations();

  // Another handle on the same objects, hook and history.
  std::unique_ptr<ObjectStore> share() const;

 private:
  struct Slot {
    std::vector<Version> history;
    bool present = false;
    const Version* current() const;  // null where there is none
  };
  struct State {
    mutable std::mutex mutex;
    std::map<std::string, std::map<std::string, Slot>> buckets;
    std::vector<std::string> operations;
    Hook hook;
    int puts = 0;
  };
  explicit MemoryStore(std::shared_ptr<State> state) : state_(std::move(state)) {}

  Result<void> before(std::string_view operation, const ObjectId& id);
  Result<Version> find(const ObjectId& id) const;
  Result<PutResult> store(const PutRequest& request);

  std::shared_ptr<State> state_;
};

}  // namespace miniatura
