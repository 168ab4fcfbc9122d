#include "tests/support/memory_store.h"

#include <fmt/core.h>

#include <utility>

#include "runtime/crypto.h"
#include "s3client/list_page.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

// Does the condition let a put take effect on what is there (null: nothing)?
bool holds(const PutCondition& condition, const ObjectInfo* current) {
  if (std::holds_alternative<IfAbsent>(condition)) return current == nullptr;
  if (const auto* matches = std::get_if<IfMatches>(&condition)) {
    return current != nullptr && current->etag == matches->etag;
  }
  return true;
}

Error no_bucket(const std::string& bucket) {
  Error error;
  error.code = ErrorCode::store_no_bucket;
  error.message = fmt::format("{}: no such bucket", bucket);
  return error;
}

}  // namespace

const MemoryStore::Version* MemoryStore::Slot::current() const {
  for (auto version = history.rbegin(); present && version != history.rend(); ++version) {
    if (!version->removed) return &*version;
  }
  return nullptr;
}

Result<void> MemoryStore::before(std::string_view operation, const ObjectId& id) {
  Hook hook;
  {
    const std::lock_guard lock(state_->mutex);
    state_->operations.push_back(fmt::format("{} {}", operation, id.text()));
    hook = state_->hook;
  }
  if (!hook) return {};
  if (auto error = hook(operation, id)) return fail(std::move(*error));
  return {};
}

Result<MemoryStore::Version> MemoryStore::find(const ObjectId& id) const {
  CHECKED(check_object_id(id));
  const std::lock_guard lock(state_->mutex);
  const auto bucket = state_->buckets.find(id.bucket);
  if (bucket == state_->buckets.end()) {
    return fail(no_bucket(id.bucket));
  }
  const auto slot = bucket->second.find(id.key);
  if (slot != bucket->second.end()) {
    const Version* current = slot->second.current();
    if (id.version.empty() && current != nullptr) return *current;
    for (const Version& version : slot->second.history) {
      if (id.version.empty() || version.removed) continue;
      if (version.info.version == id.version) return version;
    }
  }
  return fail(ErrorCode::store_not_found,
              fmt::format("{}: no such object", object_name(id.bucket, id.key)));
}

Result<Object> MemoryStore::get(const ObjectId& id, const ByteRange& range, const Context&) {
  CHECKED(before("get", id));
  TRY(version, find(id));
  TRY(slice, slice_of(id, range, version.bytes.size()));
  if (!range.is_whole()) version.bytes = version.bytes.substr(slice.first, slice.length);
  return Object{std::move(version.info), std::make_unique<MemorySource>(std::move(version.bytes))};
}

Result<ObjectInfo> MemoryStore::head(const ObjectId& id, const Context&) {
  CHECKED(before("head", id));
  TRY(version, find(id));
  return std::move(version.info);
}

Result<void> MemoryStore::remove(const ObjectId& id, const Context&) {
  CHECKED(before("remove", id));
  CHECKED(check_object_id(id));
  const std::lock_guard lock(state_->mutex);
  const auto bucket = state_->buckets.find(id.bucket);
  if (bucket == state_->buckets.end()) return fail(no_bucket(id.bucket));
  const auto slot = bucket->second.find(id.key);
  if (slot == bucket->second.end()) return {};
  if (id.version.empty()) slot->second.present = false;
  for (Version& version : slot->second.history) {
    if (!id.version.empty() && version.info.version == id.version) version.removed = true;
  }
  return {};
}

Result<Listing> MemoryStore::list(const ListRequest& request, const Context&) {
  CHECKED(before("list", {request.bucket, request.prefix, {}}));
  CHECKED(check_bucket(request.bucket));
  TRY(page, ListPage::of(request));
  const std::lock_guard lock(state_->mutex);
  const auto bucket = state_->buckets.find(request.bucket);
  if (bucket == state_->buckets.end()) return fail(no_bucket(request.bucket));
  for (const auto& [key, slot] : bucket->second) {
    if (slot.current() != nullptr) page.take(key);
  }
  ListPage::Taken taken = std::move(page).finish();
  Listing listing;
  listing.next_page = std::move(taken.next_page);
  for (const auto& [name, is_prefix] : taken.names) {
    if (is_prefix) {
      listing.prefixes.push_back(name);
      continue;
    }
    const ObjectInfo& info = bucket->second.at(name).current()->info;
    listing.objects.push_back({name, info.size, info.etag, info.last_modified});
  }
  return listing;
}

Result<std::string> MemoryStore::presign(const PresignRequest& request) {
  return fail(
      ErrorCode::store_rejected,
      fmt::format("{}: memory has no URLs", object_name(request.id.bucket, request.id.key)));
}

Result<PutResult> MemoryStore::put(const PutRequest& request, const Context&) {
  CHECKED(before("put", {request.bucket, request.key, {}}));
  return store(request);
}

Result<PutResult> MemoryStore::store(const PutRequest& request) {
  CHECKED(check_put(request));
  const std::lock_guard lock(state_->mutex);
  const auto bucket = state_->buckets.find(request.bucket);
  if (bucket == state_->buckets.end()) return fail(no_bucket(request.bucket));
  const auto slot = bucket->second.find(request.key);
  const Version* current = slot == bucket->second.end() ? nullptr : slot->second.current();
  if (!holds(request.condition, current == nullptr ? nullptr : &current->info)) {
    return fail(
        ErrorCode::store_precondition_failed,
        fmt::format("{}: the condition does not hold", object_name(request.bucket, request.key)));
  }
  Version version;
  version.bytes = request.body;
  version.info.size = request.body.size();
  version.info.etag = md5_hex(request.body);
  version.info.version = fmt::format("v{}", ++state_->puts);
  version.info.content_type = request.content_type;
  version.info.cache_control = request.cache_control;
  version.info.storage_class = request.storage_class;
  version.info.last_modified = "1970-01-01T00:00:00Z";
  version.info.metadata = request.metadata;
  version.tags = request.tags;
  PutResult result{version.info.etag, version.info.version};
  Slot& target = bucket->second[request.key];
  target.history.push_back(std::move(version));
  target.present = true;
  return result;
}

std::vector<Result<PutResult>> MemoryStore::put_all(std::span<const PutRequest> requests,
                                                    const Context& context) {
  std::vector<Result<PutResult>> results;
  results.reserve(requests.size());
  for (const PutRequest& request : requests) results.push_back(put(request, context));
  return results;
}

Result<void> MemoryStore::reach(const std::string& bucket, const Context&) {
  CHECKED(before("reach", {bucket, {}, {}}));
  CHECKED(check_bucket(bucket));
  const std::lock_guard lock(state_->mutex);
  if (state_->buckets.count(bucket) > 0) return {};
  return fail(no_bucket(bucket));
}

void MemoryStore::add_bucket(const std::string& bucket) {
  const std::lock_guard lock(state_->mutex);
  state_->buckets[bucket];
}

void MemoryStore::set_hook(Hook hook) {
  const std::lock_guard lock(state_->mutex);
  state_->hook = std::move(hook);
}

std::string MemoryStore::add(const std::string& bucket, const std::string& key, ByteView bytes,
                             std::string content_type) {
  add_bucket(bucket);
  PutRequest request;
  request.bucket = bucket;
  request.key = key;
  request.body = bytes;
  request.content_type = std::move(content_type);
  return store(request).value().etag;
}

void MemoryStore::remove(const std::string& bucket, const std::string& key) {
  const std::lock_guard lock(state_->mutex);
  state_->buckets[bucket][key].present = false;
}

std::vector<std::string> MemoryStore::keys(const std::string& bucket) const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> keys;
  const auto found = state_->buckets.find(bucket);
  if (found == state_->buckets.end()) return keys;
  for (const auto& [key, slot] : found->second) {
    if (slot.current() != nullptr) keys.push_back(key);
  }
  return keys;
}

std::optional<Bytes> MemoryStore::bytes(const std::string& bucket, const std::string& key) const {
  auto version = find({bucket, key, {}});
  if (!version) return std::nullopt;
  return std::move(version->bytes);
}

std::optional<ObjectInfo> MemoryStore::info(const std::string& bucket,
                                            const std::string& key) const {
  auto version = find({bucket, key, {}});
  if (!version) return std::nullopt;
  return std::move(version->info);
}

std::vector<MemoryStore::Version> MemoryStore::history(const std::string& bucket,
                                                       const std::string& key) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->buckets.find(bucket);
  if (found == state_->buckets.end()) return {};
  const auto slot = found->second.find(key);
  return slot == found->second.end() ? std::vector<Version>() : slot->second.history;
}

std::vector<std::string> MemoryStore::operations() const {
  const std::lock_guard lock(state_->mutex);
  return state_->operations;
}

void MemoryStore::forget_operations() {
  const std::lock_guard lock(state_->mutex);
  state_->operations.clear();
}

std::unique_ptr<ObjectStore> MemoryStore::share() const {
  return std::unique_ptr<ObjectStore>(new MemoryStore(state_));
}

}  // namespace miniatura
