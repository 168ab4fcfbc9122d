#include "handler/process.h"

#include <fmt/core.h>

#include "handler/once.h"
#include "handler/removal.h"
#include "handler/sides.h"

namespace miniatura {
namespace {

constexpr int kAttemptsMax = 3;  // of the whole, each from the source as it then is

struct Source {
  ObjectInfo info;
  std::unique_ptr<ByteSource> body;
};

// One event on its way; `outcome` collects facts and timings.
struct Work {
  const ObjectEvent& event;
  const Tools& tools;
  const Context& context;
  Outcome& outcome;
  std::string& destination;  // the bucket, once it is planned and not refused
};

// Work that would not be answered for in time is left to another delivery.
Result<void> ask_time(const Plan& plan, const Work& work, std::string_view what_for) {
  if (!work.context.deadline.passed(*work.tools.clock)) return {};
  return fail(ErrorCode::deadline_exceeded,
              fmt::format("{}: no time left to {}", plan.source.text(), what_for));
}

// Is the source there, whatever it holds?
Step<bool> is_there(const ObjectId& source, const Work& work) {
  TRY(info, look_at_source(source, *work.tools.store, work.context));
  return info.has_value();
}

// Skipped: stale, where these bytes are not to be had at the plan's keys: the event of newer ones
// comes after this one.
Step<void> refuse_old(const Plan& plan, const ObjectInfo& read, const Work& work) {
  if (plan.keyed_by_etag && read.etag != plan.event_etag) return skip(SkipReason::stale);
  if (plan.source.version == plan.newest.version) return {};
  TRY(newest, look_at_source(plan.newest, *work.tools.store, work.context));
  if (!newest) return skip(SkipReason::gone);
  if (newest->etag != read.etag) return skip(SkipReason::stale);
  return {};
}

Step<Source> open_source(const Plan& plan, const Work& work) {
  auto object = work.tools.store->get(plan.source, work.context);
  if (!object && object.error().code == ErrorCode::store_not_found) return skip(SkipReason::gone);
  if (!object) return fail(source_error(object.error()));
  work.outcome.etag = object->info.etag;
  CHECKED(refuse_old(plan, object->info, work));
  // The last guard against feeding on ourselves.
  if (is_thumbnail(object->info)) return skip(SkipReason::own_output);
  // Asked of the body: a store may answer without a length.
  const auto first = object->body->peek(1);
  if (!first) return fail(source_error(first.error()));
  if (first->empty()) return skip(SkipReason::empty);
  return Source{std::move(object->info), std::move(object->body)};
}

Step<std::vector<Thumbnail>> render_all(const Plan& plan, Source& source, const Work& work) {
  std::vector<RenderOrder> orders;
  for (const PlannedThumbnail& planned : plan.thumbnails) orders.push_back(planned.order);
  auto rendered =
      work.tools.render_fn(*source.body, orders, *work.tools.limits, work.context.deadline);
  if (!rendered) {
    Error error = source_error(rendered.error());
    error.message = fmt::format("{}: {}", plan.source.text(), error.message);
    return fail(std::move(error));
  }
  work.outcome.source = rendered->source;
  work.outcome.timings.download = rendered->timings.download;
  work.outcome.timings.decode = rendered->timings.decode;
  work.outcome.timings.render = rendered->timings.render;
  CHECKED(ask_time(plan, work, "store the thumbnails"));
  return std::move(rendered->thumbnails);
}

// All that are missing or old.
Step<std::vector<StoredThumbnail>> make(const Plan& plan, const Work& work) {
  for (int i = 0; i < kAttemptsMax; ++i) {
    TRY(source, open_source(plan, work));             // bytes start to arrive here
    TRY(thumbnails, render_all(plan, source, work));  // all presets, or none
    const Stopwatch watch;
    const auto kept = store_all(plan, thumbnails, source.info, *work.tools.store, work.context);
    work.outcome.timings.upload = watch.lap();
    if (!kept) return tl::make_unexpected(kept.error());
    if (*kept) return **kept;
  }
  return fail(ErrorCode::source_changed,
              fmt::format("{}: overwritten {} times while its thumbnails were made",
                          work.event.object.text(), kAttemptsMax));
}

// The source is gone, and its thumbnails go. While we remove them it may come back, and the worker
// on that event trust what we then remove: whoever removed looks at the source once more, and makes
// the thumbnails if it is there, whatever the mark says. Skipped: removed, gone.
Step<std::vector<StoredThumbnail>> remove(const Plan& plan, const Work& work) {
  TRY(count, remove_all(plan, *work.tools.store, work.context));
  TRY(is_back, is_there(plan.newest, work));
  if (is_back) return make(plan, work);
  return skip(count > 0 ? SkipReason::removed : SkipReason::gone);
}

// Where one event was refused for the operator's mistake, the next need not find out again.
Result<void> ask_breaker(const Plan& plan, const Work& work) {
  const std::string& bucket = plan.thumbnails.back().bucket;
  if (work.tools.breaker != nullptr) {
    if (auto refused = work.tools.breaker->refuse(bucket)) return fail(std::move(*refused));
  }
  work.destination = bucket;
  return {};
}

// Skipped: done.
Step<std::vector<StoredThumbnail>> make_missing(const Plan& plan, const Work& work) {
  if (plan.is_removal) {
    // Another worker on this event may have been cut off after it removed one of the thumbnails of
    // the source that is there now: for once the mark is not trusted.
    TRY(missing, is_any_missing(plan, *work.tools.store, work.context));
    if (missing) return make(plan, work);
  }
  TRY(open, still_to_do(plan, *work.tools.store, work.context));
  return make(open, work);
}

Step<std::vector<StoredThumbnail>> attempt(const Work& work) {
  TRY(plan, plan_for(work.event, *work.tools.rules));  // no rule, a folder, our own output: Skipped
  CHECKED(ask_time(plan, work, "begin"));
  CHECKED(ask_breaker(plan, work));
  if (plan.is_removal) {
    TRY(is_back, is_there(plan.newest, work));
    if (!is_back) return remove(plan, work);
  }
  auto served = make_missing(plan, work);
  if (!plan.removes) return served;
  if (!served && std::holds_alternative<Error>(served.error().why)) return served;
  // The source may have gone while we (or whoever was here before) worked, and its event have found
  // nothing to remove yet.
  TRY(stays, is_there(plan.newest, work));
  if (!stays) return remove(plan, work);
  if (!served && plan.is_removal) return skip(SkipReason::stale);
  return served;
}

}  // namespace

Outcome process(const ObjectEvent& event, const Tools& tools, const Context& context) {
  Outcome outcome;
  const Stopwatch watch;
  std::string destination;
  auto stored = attempt(Work{event, tools, context, outcome, destination});
  outcome.timings.total = watch.lap();
  if (stored) {
    outcome.what = Outcome::What::stored;
    outcome.thumbnails = *std::move(stored);
  } else if (const auto* skipped = std::get_if<Skipped>(&stored.error().why)) {
    outcome.what = Outcome::What::skipped;
    outcome.reason = skipped->reason;
  } else {
    outcome.error = std::get<Error>(stored.error().why);
    outcome.what = what_ends(*outcome.error);
  }
  if (tools.breaker != nullptr && !destination.empty()) {
    tools.breaker->observe(destination, outcome);
  }
  return outcome;
}

}  // namespace miniatura
