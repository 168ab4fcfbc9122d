#include "handler/once.h"

#include <fmt/core.h>

#include <variant>

#include "handler/sides.h"
#include "runtime/crypto.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr int kSettleMax = 5;  // tries for one thumbnail that others write as well

// S3 holds 2 KB of metadata, all names and values; a rule's own have 1 KB of it.
constexpr std::size_t kSourceNameBytesMax = 700;

std::string source_name(const ObjectId& id) {
  std::string name = percent_encode_path(id.bucket + "/" + id.key);
  return name.size() > kSourceNameBytesMax ? "sha256:" + sha256_hex(name) : name;
}

std::string value(const ObjectInfo& info, const char* name) {
  const auto found = info.metadata.find(name);
  return found == info.metadata.end() ? "" : found->second;
}

// What is at a thumbnail's key; nothing where there is nothing. Errors: destination_conflict where
// it was not made from this source; what the store fails with.
Result<std::optional<ObjectInfo>> look_at(const PlannedThumbnail& planned, const ObjectId& source,
                                          ObjectStore& store, const Context& context) {
  TRY(there, look_at_thumbnail({planned.bucket, planned.key, ""}, store, context));
  if (there && !is_made_from(*there, source)) {
    return fail(ErrorCode::destination_conflict,
                fmt::format("{}/{} was not made from {}: not overwritten", planned.bucket,
                            planned.key, source.text()));
  }
  return there;
}

// Which upload of its bytes an object is. S3's versions are of 32 bytes, and may be of a thousand.
std::string upload_of(const ObjectInfo& source) {
  if (source.version.empty()) return source.last_modified;
  return source.version.size() > 40 ? sha256_hex(source.version).substr(0, 40) : source.version;
}

// Was it made from the same upload, by the same plan?
bool agree(const ObjectInfo& first, const ObjectInfo& last) {
  for (const char* name : {kSourceEtagKey, kUploadKey, kPlanKey}) {
    if (value(first, name) != value(last, name)) return false;
  }
  return true;
}

// The source was overwritten while we worked: what we hold is old.
struct SourceMovedOn {};
using Put = std::variant<StoredThumbnail, SourceMovedOn>;

// Puts the thumbnails of one rendering.
class Storing {
 public:
  Storing(const Plan& plan, const std::vector<Thumbnail>& thumbnails, const ObjectInfo& source,
          ObjectStore& store, const Context& context)
      : plan_(plan), thumbnails_(thumbnails), source_(source), store_(store), context_(context) {}

  Step<std::optional<std::vector<StoredThumbnail>>> all() {
    std::vector<PutRequest> puts;
    for (std::size_t i = 0; i < last(); ++i) puts.push_back(put_request(i, IfAbsent{}));
    std::vector<StoredThumbnail> done;
    const auto written = store_.put_all(puts, context_);
    for (std::size_t i = 0; i < written.size(); ++i) {
      TRY(put, settled(i, written[i]));
      if (std::holds_alternative<SourceMovedOn>(put)) return std::nullopt;
      done.push_back(std::get<StoredThumbnail>(std::move(put)));
    }
    // All presets, or the event is not done: no line above comes here while a thumbnail is missing.
    TRY(put, settled(last(), store_.put(put_request(last(), IfAbsent{}), context_)));
    if (std::holds_alternative<SourceMovedOn>(put)) return std::nullopt;
    done.push_back(std::get<StoredThumbnail>(std::move(put)));
    // Between a look at the source and an overwrite it may have become again what was there, and
    // the event of that have trusted what it saw.
    if (overwrote_) {
      TRY(current, source_is_current());
      if (!current) return std::nullopt;
    }
    return std::optional(std::move(done));
  }

 private:
  std::size_t last() const { return thumbnails_.size() - 1; }
  bool is_first_or_last(std::size_t index) const { return index == 0 || index == last(); }

  PutRequest put_request(std::size_t index, PutCondition condition) const {
    const PlannedThumbnail& planned = plan_.thumbnails[index];
    PutRequest put;
    put.bucket = planned.bucket;
    put.key = planned.key;
    put.body = thumbnails_[index].bytes;
    put.content_type = format_content_type(thumbnails_[index].format);
    put.cache_control = plan_.put.cache_control;
    put.storage_class = plan_.put.storage_class;
    put.tags = plan_.put.tags;
    put.metadata = plan_.put.metadata;
    put.metadata[kSourceKey] = source_name(plan_.source);
    put.metadata[kSourceEtagKey] = source_.etag;
    put.metadata[kPresetKey] = planned.preset_hash;
    if (is_first_or_last(index)) {
      put.metadata[kUploadKey] = upload_of(source_);
      put.metadata[kPlanKey] = plan_.hash;
    }
    put.condition = std::move(condition);
    return put;
  }

  Put stored(std::size_t index, std::string etag) const {
    const PlannedThumbnail& planned = plan_.thumbnails[index];
    const Thumbnail& thumbnail = thumbnails_[index];
    return StoredThumbnail{planned.order.preset.name, planned.bucket,   planned.key,
                           thumbnail.width,           thumbnail.height, thumbnail.bytes.size(),
                           thumbnail.format,          std::move(etag)};
  }

  Step<Put> settled(std::size_t index, const Result<PutResult>& written) {
    if (written) return stored(index, written->etag);
    if (written.error().code != ErrorCode::store_precondition_failed) {
      return fail(destination_error(written.error()));
    }
    return settle(index);
  }

  // Something is at the key already (412). The source as it is now decides who is right: it is no
  // more what we rendered, and the work starts again; or it is, and the thumbnail that is there was
  // made from it too, or gives way to ours.
  Step<Put> settle(std::size_t index) {
    const PlannedThumbnail& planned = plan_.thumbnails[index];
    for (int i = 0; i < kSettleMax; ++i) {
      TRY(there, look_at(planned, plan_.source, store_, context_));
      TRY(current, source_is_current());
      if (!current) return Put(SourceMovedOn{});
      if (there && is_ours(index, *there)) return stored(index, there->etag);
      // This condition is what makes an overwrite safe: it holds only for the very thumbnail that
      // was judged above.
      const PutCondition condition =
          there ? PutCondition(IfMatches{there->etag}) : PutCondition(IfAbsent{});
      const auto written = store_.put(put_request(index, condition), context_);
      if (written) {
        overwrote_ = overwrote_ || there.has_value();
        return stored(index, written->etag);
      }
      if (written.error().code != ErrorCode::store_precondition_failed) {
        return fail(destination_error(written.error()));
      }
    }
    return fail(contended(planned));
  }

  // Is what we rendered still the source? Skipped: gone.
  Step<bool> source_is_current() const {
    TRY(now, look_at_source(plan_.newest, store_, context_));
    if (!now) return skip(SkipReason::gone);
    return now->etag == source_.etag && upload_of(*now) == upload_of(source_);
  }

  // Made from the bytes that we rendered, by the same preset; the first and the last: from the same
  // upload of them, by the same plan.
  bool is_ours(std::size_t index, const ObjectInfo& there) const {
    if (value(there, kSourceEtagKey) != source_.etag ||
        value(there, kPresetKey) != plan_.thumbnails[index].preset_hash) {
      return false;
    }
    return !is_first_or_last(index) ||
           (value(there, kUploadKey) == upload_of(source_) && value(there, kPlanKey) == plan_.hash);
  }

  static Error contended(const PlannedThumbnail& planned) {
    Error error;
    error.code = ErrorCode::destination_contended;
    error.message = fmt::format("{}/{}: others wrote it {} times while we tried", planned.bucket,
                                planned.key, kSettleMax);
    return error;
  }

  const Plan& plan_;
  const std::vector<Thumbnail>& thumbnails_;
  const ObjectInfo& source_;
  ObjectStore& store_;
  const Context& context_;
  bool overwrote_ = false;
};

}  // namespace

bool is_made_from(const ObjectInfo& info, const ObjectId& source) {
  return value(info, kSourceKey) == source_name(source);
}

bool is_thumbnail(const ObjectInfo& info) { return !value(info, kSourceKey).empty(); }

Step<Plan> still_to_do(Plan plan, ObjectStore& store, const Context& context) {
  TRY(last, look_at(plan.thumbnails.back(), plan.source, store, context));
  if (!last || value(*last, kPlanKey) != plan.hash) return plan;
  if (plan.thumbnails.size() > 1) {
    // A run that was cut off has written the first one at least: this look is what keeps the last
    // one from vouching for a mixture, once the source is again what it was when it was made.
    TRY(first, look_at(plan.thumbnails.front(), plan.source, store, context));
    if (!first || !agree(*first, *last)) return plan;
  }
  const std::string made_from = value(*last, kSourceEtagKey);
  if (made_from == plan.event_etag) return skip(SkipReason::done);
  TRY(source, look_at_source(plan.newest, store, context));
  if (!source) return skip(SkipReason::gone);
  if (source->etag != made_from) return plan;
  return skip(plan.event_etag.empty() ? SkipReason::done : SkipReason::stale);
}

Step<std::optional<std::vector<StoredThumbnail>>> store_all(
    const Plan& plan, const std::vector<Thumbnail>& thumbnails, const ObjectInfo& source,
    ObjectStore& store, const Context& context) {
  return Storing(plan, thumbnails, source, store, context).all();
}

}  // namespace miniatura
