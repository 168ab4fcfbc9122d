#include "s3client/directory_store.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <optional>
#include <utility>

#include "runtime/crypto.h"
#include "s3client/directory_files.h"
#include "s3client/directory_listing.h"
#include "s3client/key_path.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr const char* kStates = "/.miniatura";
constexpr int kReadsMax = 5;  // of a file that keeps changing under us

// Everything about one object that lies under ROOT.
struct Places {
  std::string bucket;   // ROOT/BUCKET
  std::string plain;    // ROOT/BUCKET/KEY
  std::string state;    // ROOT/.miniatura/BUCKET
  std::string reserve;  // STATE/reserve/HASH
  std::string notes;    // STATE/notes/HASH.json

  std::string lock() const { return state + "/lock"; }
  // One writer at a time holds the lock: one name is enough, and what a crash left is overwritten.
  std::string incoming() const { return state + "/incoming"; }
};

// A file in the same directory that no key names (key_path.h).
std::string incoming_beside(const std::string& path) {
  return path.substr(0, path.rfind('/')) + "/%incoming";
}

struct Found {
  OpenFile file;
  Note note;
  std::string path;
};

bool holds(const PutCondition& condition, const std::optional<Found>& current) {
  if (std::holds_alternative<IfAbsent>(condition)) return !current;
  if (const auto* matches = std::get_if<IfMatches>(&condition)) {
    return current && current->note.etag == matches->etag;
  }
  return true;
}

// The note of a file: the one written for it, or what its content says.
Result<Note> note_for(const OpenFile& file, const std::string& path, std::vector<Note> notes) {
  const FileStamp stamp = stamp_of(file.status);
  for (Note& note : notes) {
    if (note.stamp == stamp) return std::move(note);
  }
  TRY(etag, md5_of(file, path));
  for (Note& note : notes) {
    if (note.etag != etag) continue;
    note.stamp = stamp;
    return std::move(note);
  }
  Note by_hand;
  by_hand.stamp = stamp;
  by_hand.etag = etag;
  return by_hand;
}

Result<std::optional<Found>> find_at(const std::string& path, const Places& places) {
  for (int i = 0; i < kReadsMax; ++i) {
    TRY(file, open_regular(path));
    if (!file) return std::nullopt;
    TRY(note, note_for(*file, path, read_notes(places.notes)));
    struct stat after {};
    if (::fstat(file->descriptor.get(), &after) != 0) return fail(file_error(path, errno));
    if (stamp_of(after) != note.stamp) continue;  // written to while its etag was computed
    return Found{std::move(*file), std::move(note), path};
  }
  return fail(ErrorCode::store_unavailable, fmt::format("{}: keeps changing", path));
}

Result<std::optional<Found>> find(const Places& places) {
  TRY(plain, find_at(places.plain, places));
  if (plain) return std::move(plain);
  return find_at(places.reserve, places);
}

Result<void> check_there(const std::string& bucket, const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) return fail(file_error(path, errno));
    return fail(ErrorCode::store_no_bucket,
                fmt::format("{}: no such bucket: no directory {}", bucket, path));
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::store_no_bucket,
                fmt::format("{}: no such bucket: {} is no directory", bucket, path));
  }
  return {};
}

Result<void> make_state_directory(const std::string& path, std::size_t from) {
  TRY(made, make_directories(path, from));
  if (made) return {};
  return fail(ErrorCode::store_unavailable, fmt::format("{}: is no directory", path));
}

// "" for a time that has no year in the calendar: somebody's touch.
std::string utc_text(std::time_t time) {
  std::tm parts{};
  return ::gmtime_r(&time, &parts) == nullptr ? "" : fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts);
}

ObjectInfo info_of(const Found& found) {
  ObjectInfo info;
  info.size = found.note.stamp.size;
  info.etag = found.note.etag;
  info.content_type = found.note.content_type;
  info.cache_control = found.note.cache_control;
  info.storage_class = found.note.storage_class;
  info.metadata = found.note.metadata;
  info.last_modified = utc_text(found.file.status.st_mtime);
  return info;
}

Note note_of(const PutRequest& request, const FileStamp& stamp) {
  Note note;
  note.stamp = stamp;
  note.etag = md5_hex(request.body);
  note.content_type = request.content_type;
  note.cache_control = request.cache_control;
  note.storage_class = request.storage_class;
  note.metadata = request.metadata;
  note.tags = request.tags;
  return note;
}

// An object's file goes; a directory or a pipe at its path is not the object.
Result<void> unlink_object(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return fail(file_error(path, errno));
}

// The directories that a key made and nobody needs any more, up to its bucket. Under the bucket's
// lock no put is between making its directories and renaming its file into them.
void remove_empty_parents(const Places& places) {
  std::string path = places.plain;
  for (;;) {
    path.resize(path.rfind('/'));
    if (path.size() <= places.bucket.size() || ::rmdir(path.c_str()) != 0) return;
  }
}

class DirectoryStore : public ObjectStore {
 public:
  explicit DirectoryStore(std::string root) : root_(std::move(root)) {}

  using ObjectStore::get;
  Result<Object> get(const ObjectId& id, const ByteRange& range, const Context& context) override {
    TRY(found, look_up(id, context));
    ObjectInfo info = info_of(found);
    TRY(slice, slice_of(id, range, info.size));
    return Object{std::move(info), read_slice(std::move(found.file), std::move(found.path), slice)};
  }

  Result<ObjectInfo> head(const ObjectId& id, const Context& context) override {
    TRY(found, look_up(id, context));
    return info_of(found);
  }

  // The reserve first: what a crash leaves is the object, or nothing of it.
  Result<void> remove(const ObjectId& id, const Context& context) override {
    CHECKED(check_object_id(id));
    const Places places = places_of(id.bucket, id.key);
    CHECKED(check_there(id.bucket, places.bucket));
    if (!id.version.empty()) return {};  // there are none
    const auto lock = lock_for_writing(places, context);
    if (!lock) return fail(lock.error());
    for (const std::string& path : {places.reserve, places.plain, places.notes}) {
      CHECKED(unlink_object(path));
    }
    remove_empty_parents(places);
    return {};
  }

  // The lock covers the names alone. What is known of each is looked up after it: for a file put
  // there by hand that is to read all of it, for its etag.
  Result<Listing> list(const ListRequest& request, const Context& context) override {
    CHECKED(check_bucket(request.bucket));
    const Places places = places_of(request.bucket, "");
    CHECKED(check_there(request.bucket, places.bucket));
    TRY(page, ListPage::of(request));
    {
      const auto lock = lock_file(places.lock(), LockKind::shared, context.deadline);
      if (!lock && lock.error().code == ErrorCode::deadline_exceeded) return fail(lock.error());
      const BucketPaths paths{places.bucket, root_ + kStates, places.state + "/reserve",
                              places.state + "/notes"};
      CHECKED(take_keys(paths, context.deadline, page));
    }
    ListPage::Taken taken = std::move(page).finish();
    Listing listing;
    listing.next_page = std::move(taken.next_page);
    for (const auto& [name, is_prefix] : taken.names) {
      if (is_prefix) {
        listing.prefixes.push_back(name);
        continue;
      }
      const auto found = look_up({request.bucket, name, ""}, context);
      if (!found && found.error().code == ErrorCode::store_not_found) continue;  // gone meanwhile
      if (!found) return fail(found.error());
      const ObjectInfo info = info_of(*found);
      listing.objects.push_back({name, info.size, info.etag, info.last_modified});
    }
    return listing;
  }

  Result<std::string> presign(const PresignRequest& request) override {
    return fail(
        ErrorCode::store_rejected,
        fmt::format("{}: a directory has no URLs", object_name(request.id.bucket, request.id.key)));
  }

  Result<PutResult> put(const PutRequest& request, const Context& context) override {
    CHECKED(check_put(request));
    const Places places = places_of(request.bucket, request.key);
    CHECKED(check_there(request.bucket, places.bucket));
    const auto lock = lock_for_writing(places, context);
    if (!lock) return fail(lock.error());
    TRY(current, find(places));
    if (!holds(request.condition, current)) {
      return fail(
          ErrorCode::store_precondition_failed,
          fmt::format("{}: {}", object_name(request.bucket, request.key),
                      current ? "exists, with the etag " + current->note.etag : "does not exist"));
    }
    return replace(request, places, current);
  }

  std::vector<Result<PutResult>> put_all(std::span<const PutRequest> requests,
                                         const Context& context) override {
    std::vector<Result<PutResult>> results;
    results.reserve(requests.size());
    for (const PutRequest& request : requests) results.push_back(put(request, context));
    return results;
  }

  Result<void> reach(const std::string& bucket, const Context&) override {
    CHECKED(check_bucket(bucket));
    const std::string path = root_ + '/' + bucket;
    CHECKED(check_there(bucket, path));
    CHECKED(check_writable(path));
    return check_writable(places_of(bucket, "").state);
  }

 private:
  Places places_of(const std::string& bucket, const std::string& key) const {
    Places places;
    places.bucket = root_ + '/' + bucket;
    places.plain = places.bucket + '/' + path_of_key(key);
    places.state = root_ + kStates + '/' + bucket;
    const std::string hash = sha256_hex(key);
    places.reserve = places.state + "/reserve/" + hash;
    places.notes = places.state + "/notes/" + hash + ".json";
    return places;
  }

  Result<Descriptor> lock_for_writing(const Places& places, const Context& context) const {
    for (const char* part : {"/notes", "/reserve"}) {
      CHECKED(make_state_directory(places.state + part, root_.size()));
    }
    return lock_file(places.lock(), LockKind::exclusive, context.deadline);
  }

  Result<Found> look_up(const ObjectId& id, const Context& context) const {
    CHECKED(check_object_id(id));
    const Places places = places_of(id.bucket, id.key);
    const auto absent = [&](std::string_view what) {
      return fail(ErrorCode::store_not_found,
                  fmt::format("{}: {}", object_name(id.bucket, id.key), what));
    };
    if (!id.version.empty()) return absent("a directory has no versions");
    const auto lock = lock_file(places.lock(), LockKind::shared, context.deadline);
    if (!lock && lock.error().code == ErrorCode::deadline_exceeded) return fail(lock.error());
    TRY(found, find(places));
    if (found) return std::move(*found);
    CHECKED(check_there(id.bucket, places.bucket));
    return absent("no such object");
  }

  // Under the bucket's lock. A bucket, or a directory in it, may be a mount or a link to one: where
  // no rename leads from outside, the bytes are written once more, beside their place.
  static Result<PutResult> replace(const PutRequest& request, const Places& places,
                                   const std::optional<Found>& current) {
    TRY(plain, plain_is_free(places));
    const std::string& target = plain ? places.plain : places.reserve;
    for (const std::string& incoming : {places.incoming(), incoming_beside(target)}) {
      TRY(etag, place(request, places, current, incoming, target));
      if (!etag) continue;
      if (plain) ::unlink(places.reserve.c_str());
      return PutResult{*etag, ""};
    }
    return fail(file_error(target, EXDEV));
  }

  // The etag; nothing where `target` is on another file system than `incoming`, which is gone in
  // any case.
  static Result<std::optional<std::string>> place(const PutRequest& request, const Places& places,
                                                  const std::optional<Found>& current,
                                                  const std::string& incoming,
                                                  const std::string& target) {
    TRY(stamp, write_fresh(incoming, request.body));
    std::vector<Note> notes = {note_of(request, stamp)};
    if (current) notes.push_back(current->note);
    const auto renamed = [&]() -> Result<bool> {
      CHECKED(write_notes(request.key, notes, places));
      return rename_file(incoming, target);
    }();
    if (renamed && *renamed) return notes.front().etag;
    ::unlink(incoming.c_str());
    if (!renamed) return fail(renamed.error());
    return std::nullopt;
  }

  // Can a file be at the plain path? Makes the directories that it needs.
  static Result<bool> plain_is_free(const Places& places) {
    const std::string parent = places.plain.substr(0, places.plain.rfind('/'));
    TRY(made, make_directories(parent, places.bucket.size()));
    struct stat status {};
    return made && (::stat(places.plain.c_str(), &status) != 0 || !S_ISDIR(status.st_mode));
  }

  static Result<void> write_notes(const std::string& key, const std::vector<Note>& notes,
                                  const Places& places) {
    const std::string fresh = places.state + "/incoming-notes";
    CHECKED(write_fresh(fresh, notes_text(key, notes)));
    const auto renamed = rename_file(fresh, places.notes);
    if (renamed && *renamed) return {};
    ::unlink(fresh.c_str());
    return fail(renamed ? file_error(places.notes, EXDEV) : renamed.error());
  }

  std::string root_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_directory_store(std::string root) {
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  return std::make_unique<DirectoryStore>(std::move(root));
}

}  // namespace miniatura
