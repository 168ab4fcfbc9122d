#include "handler/once.h"

#include <fmt/core.h>

#include <variant>

#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr int kSettleMax = 5;  // tries for one thumbnail that others write as well

std::string source_name(const ObjectId& id) {
  return percent_encode_path(id.bucket + "/" + id.key);
}

std::string value(const ObjectInfo& info, const char* name) {
  const auto found = info.metadata.find(name);
  return found == info.metadata.end() ? "" : found->second;
}

// The commit mark, if there is one that says: all of this plan, made from some version of this
// source.
Step<std::optional<ObjectInfo>> commit_mark(const Plan& plan, ObjectStore& store,
                                            const Context& context) {
  const PlannedThumbnail& last = plan.thumbnails.back();
  auto mark = store.head({last.bucket, last.key, ""}, context);
  if (!mark && mark.error().code == ErrorCode::store_not_found) return std::optional<ObjectInfo>();
  if (!mark) return fail(destination_error(mark.error()));
  const bool of_this_plan =
      value(*mark, kSourceKey) == source_name(plan.source) && value(*mark, kPlanKey) == plan.hash;
  return of_this_plan ? std::optional<ObjectInfo>(*mark) : std::nullopt;
}

// The source was overwritten while we worked: what we hold is old.
struct SourceMovedOn {};
using Put = std::variant<StoredThumbnail, SourceMovedOn>;

PutRequest put_request(const Plan& plan, std::size_t index, const Thumbnail& thumbnail,
                       const std::string& source_etag, PutCondition condition) {
  const PlannedThumbnail& planned = plan.thumbnails[index];
  PutRequest put;
  put.bucket = planned.bucket;
  put.key = planned.key;
  put.body = thumbnail.bytes;
  put.content_type = format_content_type(thumbnail.format);
  put.metadata = {{kSourceKey, source_name(plan.source)},
                  {kSourceEtagKey, source_etag},
                  {kPresetKey, planned.preset_hash}};
  if (index + 1 == plan.thumbnails.size()) put.metadata[kPlanKey] = plan.hash;
  put.condition = std::move(condition);
  return put;
}

StoredThumbnail stored(const PlannedThumbnail& planned, const Thumbnail& thumbnail,
                       std::string etag) {
  return {planned.order.preset.name, planned.bucket,         planned.key,      thumbnail.width,
          thumbnail.height,          thumbnail.bytes.size(), thumbnail.format, std::move(etag)};
}

bool made_from(const ObjectInfo& there, const PutRequest& put, const std::string& source_etag) {
  return value(there, kSourceEtagKey) == source_etag &&
         value(there, kPresetKey) == put.metadata.at(kPresetKey) &&
         (!put.metadata.contains(kPlanKey) || value(there, kPlanKey) == put.metadata.at(kPlanKey));
}

// Something is at the key already (412). Who is right is decided by the source as it is now: the
// thumbnail that is there if it was made from it, ours if we were, else nobody and the work starts
// again.
Step<Put> settle(const Plan& plan, std::size_t index, const Thumbnail& thumbnail,
                 const std::string& our_etag, ObjectStore& store, const Context& context) {
  const PlannedThumbnail& planned = plan.thumbnails[index];
  PutRequest put = put_request(plan, index, thumbnail, our_etag, IfAbsent{});
  for (int i = 0; i < kSettleMax; ++i) {
    const auto there = store.head({planned.bucket, planned.key, ""}, context);
    if (!there && there.error().code != ErrorCode::store_not_found) {
      return fail(destination_error(there.error()));
    }
    if (there && value(*there, kSourceKey) != put.metadata.at(kSourceKey)) {
      return fail(ErrorCode::destination_conflict,
                  fmt::format("{}/{} was not made from {}: not overwritten", planned.bucket,
                              planned.key, plan.source.text()));
    }
    const auto now = store.head(plan.source, context);
    if (!now && now.error().code == ErrorCode::store_not_found) return skip(SkipReason::gone);
    if (!now) return fail(source_error(now.error()));
    if (there && made_from(*there, put, now->etag)) {
      return Put(stored(planned, thumbnail, there->etag));
    }
    if (now->etag != our_etag) return Put(SourceMovedOn{});
    // This condition is what makes an overwrite safe: it holds only for the very thumbnail that was
    // judged above.
    put.condition = there ? PutCondition(IfMatches{there->etag}) : PutCondition(IfAbsent{});
    const auto written = store.put(put, context);
    if (written) return Put(stored(planned, thumbnail, written->etag));
    if (written.error().code != ErrorCode::store_precondition_failed) {
      return fail(destination_error(written.error()));
    }
  }
  return fail(ErrorCode::destination_contended,
              fmt::format("{}/{}: others wrote it {} times while we tried", planned.bucket,
                          planned.key, kSettleMax));
}

Step<Put> settled(const Result<PutResult>& written, const Plan& plan, std::size_t index,
                  const Thumbnail& thumbnail, const std::string& our_etag, ObjectStore& store,
                  const Context& context) {
  if (written) return Put(stored(plan.thumbnails[index], thumbnail, written->etag));
  if (written.error().code != ErrorCode::store_precondition_failed) {
    return fail(destination_error(written.error()));
  }
  return settle(plan, index, thumbnail, our_etag, store, context);
}

}  // namespace

Error source_error(Error error) {
  if (error.code == ErrorCode::store_denied) error.code = ErrorCode::source_denied;
  if (error.code == ErrorCode::store_no_bucket) error.code = ErrorCode::source_no_bucket;
  if (error.code == ErrorCode::store_invalid_key) error.code = ErrorCode::source_rejected;
  if (error.code == ErrorCode::store_rejected) error.code = ErrorCode::source_rejected;
  return error;
}
Error destination_error(Error error) {
  if (error.code == ErrorCode::store_denied) error.code = ErrorCode::destination_denied;
  if (error.code == ErrorCode::store_no_bucket) error.code = ErrorCode::destination_no_bucket;
  if (error.code == ErrorCode::store_invalid_key) error.code = ErrorCode::destination_rejected;
  if (error.code == ErrorCode::store_rejected) error.code = ErrorCode::destination_rejected;
  return error;
}

bool is_thumbnail(const ObjectInfo& info) { return !value(info, kSourceKey).empty(); }

Step<Plan> still_to_do(Plan plan, ObjectStore& store, const Context& context) {
  TRY(mark, commit_mark(plan, store, context));
  if (!mark) return plan;
  const std::string made_from = value(*mark, kSourceEtagKey);
  if (made_from == plan.event_etag) return skip(SkipReason::done);
  const auto source = store.head(plan.source, context);
  if (!source && source.error().code == ErrorCode::store_not_found) return skip(SkipReason::gone);
  if (!source) return fail(source_error(source.error()));
  if (source->etag != made_from) return plan;
  return skip(plan.event_etag.empty() ? SkipReason::done : SkipReason::stale);
}

Step<std::optional<std::vector<StoredThumbnail>>> store_all(
    const Plan& plan, const std::vector<Thumbnail>& thumbnails, const std::string& source_etag,
    ObjectStore& store, const Context& context) {
  std::vector<PutRequest> puts;
  for (std::size_t i = 0; i + 1 < thumbnails.size(); ++i) {
    puts.push_back(put_request(plan, i, thumbnails[i], source_etag, IfAbsent{}));
  }
  std::vector<StoredThumbnail> done;
  const auto take = [&](std::size_t i, const Result<PutResult>& written) -> Step<bool> {
    TRY(put, settled(written, plan, i, thumbnails[i], source_etag, store, context));
    if (std::holds_alternative<SourceMovedOn>(put)) return false;
    done.push_back(std::get<StoredThumbnail>(std::move(put)));
    return true;
  };
  const auto written = store.put_all(puts, context);
  for (std::size_t i = 0; i < written.size(); ++i) {
    TRY(current, take(i, written[i]));
    if (!current) return std::nullopt;
  }
  // All presets, or the event is not done: no line above comes here while a thumbnail is missing.
  const std::size_t last = thumbnails.size() - 1;
  TRY(current,
      take(last,
           store.put(put_request(plan, last, thumbnails[last], source_etag, IfAbsent{}), context)));
  if (!current) return std::nullopt;
  return std::optional(std::move(done));
}

}  // namespace miniatura
