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

// The source was overwritten while we worked: what we hold is old.
struct SourceMovedOn {};
using Put = std::variant<StoredThumbnail, SourceMovedOn>;

// Puts the thumbnails of one rendering.
class Storing {
 public:
  Storing(const Plan& plan, const std::vector<Thumbnail>& thumbnails,
          const std::string& source_etag, ObjectStore& store, const Context& context)
      : plan_(plan),
        thumbnails_(thumbnails),
        source_etag_(source_etag),
        store_(store),
        context_(context) {}

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
    const PutCondition condition =
        withdrawn_ ? PutCondition(IfMatches{*withdrawn_}) : PutCondition(IfAbsent{});
    TRY(put, settled(last(), store_.put(put_request(last(), condition), context_)));
    if (std::holds_alternative<SourceMovedOn>(put)) return std::nullopt;
    done.push_back(std::get<StoredThumbnail>(std::move(put)));
    // Between a look at the source and an overwrite it may have become again what the mark was made
    // from, and the event of that have trusted the mark.
    if (overwrote_) {
      TRY(current, source_is_current());
      if (!current) return std::nullopt;
    }
    return std::optional(std::move(done));
  }

 private:
  std::size_t last() const { return thumbnails_.size() - 1; }

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
    put.metadata[kSourceEtagKey] = source_etag_;
    put.metadata[kPresetKey] = planned.preset_hash;
    if (index == last()) put.metadata[kPlanKey] = plan_.hash;
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
      if (there && index != last()) {
        TRY(still_current, withdraw_mark());
        if (!still_current) return Put(SourceMovedOn{});
      }
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
    return now->etag == source_etag_;
  }

  // Made from the bytes that we rendered, by the same preset; the mark: of the same plan.
  bool is_ours(std::size_t index, const ObjectInfo& there) const {
    return value(there, kSourceEtagKey) == source_etag_ &&
           value(there, kPresetKey) == plan_.thumbnails[index].preset_hash &&
           (index != last() || value(there, kPlanKey) == plan_.hash);
  }

  // Before the first thumbnail is overwritten, the mark stops saying that all of them are there:
  // else a run cut off after it would leave a mark that vouches for a mixture, and once the source
  // is what it was when the mark was made, nobody would look again. False: the source moved on.
  Step<bool> withdraw_mark() {
    const PlannedThumbnail& mark = plan_.thumbnails.back();
    for (int i = 0; !withdrawn_ && i < kSettleMax; ++i) {
      TRY(there, look_at(mark, plan_.source, store_, context_));
      // Looked at after the mark: one that was made, or withdrawn, for newer bytes than ours is not
      // ours to touch.
      TRY(current, source_is_current());
      if (!current) return false;
      if (there && value(*there, kPlanKey).empty()) {
        withdrawn_ = there->etag;
        return true;
      }
      PutRequest put = put_request(
          last(), there ? PutCondition(IfMatches{there->etag}) : PutCondition(IfAbsent{}));
      put.metadata.erase(kPlanKey);
      const auto written = store_.put(put, context_);
      if (written) withdrawn_ = written->etag;
      if (!written && written.error().code != ErrorCode::store_precondition_failed) {
        return fail(destination_error(written.error()));
      }
    }
    if (!withdrawn_) return fail(contended(mark));
    return true;
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
  const std::string& source_etag_;
  ObjectStore& store_;
  const Context& context_;
  bool overwrote_ = false;
  std::optional<std::string> withdrawn_;  // the etag of the mark that says nothing
};

}  // namespace

bool is_made_from(const ObjectInfo& info, const ObjectId& source) {
  return value(info, kSourceKey) == source_name(source);
}

bool is_thumbnail(const ObjectInfo& info) { return !value(info, kSourceKey).empty(); }

Step<Plan> still_to_do(Plan plan, ObjectStore& store, const Context& context) {
  TRY(mark, look_at(plan.thumbnails.back(), plan.source, store, context));
  if (!mark || value(*mark, kPlanKey) != plan.hash) return plan;
  const std::string made_from = value(*mark, kSourceEtagKey);
  if (made_from == plan.event_etag) return skip(SkipReason::done);
  TRY(source, look_at_source(plan.newest, store, context));
  if (!source) return skip(SkipReason::gone);
  if (source->etag != made_from) return plan;
  return skip(plan.event_etag.empty() ? SkipReason::done : SkipReason::stale);
}

Step<std::optional<std::vector<StoredThumbnail>>> store_all(
    const Plan& plan, const std::vector<Thumbnail>& thumbnails, const std::string& source_etag,
    ObjectStore& store, const Context& context) {
  return Storing(plan, thumbnails, source_etag, store, context).all();
}

}  // namespace miniatura
