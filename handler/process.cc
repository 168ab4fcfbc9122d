#include "handler/process.h"

#include <fmt/core.h>

#include "handler/once.h"

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
};

Step<Source> open_source(const Plan& plan, const Work& work) {
  auto object = work.tools.store->get(plan.source, work.context);
  if (!object && object.error().code == ErrorCode::store_not_found) return skip(SkipReason::gone);
  if (!object) return fail(source_error(object.error()));
  work.outcome.etag = object->info.etag;
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
  auto rendered = render(*source.body, orders, *work.tools.limits);
  if (!rendered) {
    Error error = source_error(rendered.error());
    error.message = fmt::format("{}: {}", plan.source.text(), error.message);
    return fail(std::move(error));
  }
  work.outcome.source = rendered->source;
  work.outcome.timings.download = rendered->timings.download;
  work.outcome.timings.decode = rendered->timings.decode;
  work.outcome.timings.render = rendered->timings.render;
  if (work.context.deadline.passed(*work.tools.clock)) {
    return fail(ErrorCode::deadline_exceeded,
                fmt::format("{}: no time left to store the thumbnails", plan.source.text()));
  }
  return std::move(rendered->thumbnails);
}

Step<std::vector<StoredThumbnail>> attempt(const Work& work) {
  ObjectStore& store = *work.tools.store;
  TRY(plan, plan_for(work.event, *work.tools.rules));  // no rule, a folder, our own output: Skipped
  TRY(open, still_to_do(std::move(plan), store, work.context));  // commit mark says done: Skipped
  for (int i = 0; i < kAttemptsMax; ++i) {
    TRY(source, open_source(open, work));             // bytes start to arrive here
    TRY(thumbnails, render_all(open, source, work));  // all presets, or none
    const Stopwatch watch;
    const auto kept = store_all(open, thumbnails, source.info.etag, store, work.context);
    work.outcome.timings.upload = watch.lap();
    if (!kept) return tl::make_unexpected(kept.error());
    if (*kept) return **kept;
  }
  return fail(ErrorCode::source_changed,
              fmt::format("{}: overwritten {} times while its thumbnails were made",
                          work.event.object.text(), kAttemptsMax));
}

}  // namespace

Outcome process(const ObjectEvent& event, const Tools& tools, const Context& context) {
  Outcome outcome;
  const Stopwatch watch;
  auto stored = attempt(Work{event, tools, context, outcome});
  outcome.timings.total = watch.lap();
  if (stored) {
    outcome.what = Outcome::What::stored;
    outcome.thumbnails = *std::move(stored);
  } else if (const auto* skipped = std::get_if<Skipped>(&stored.error().why)) {
    outcome.what = Outcome::What::skipped;
    outcome.reason = skipped->reason;
  } else {
    outcome.error = std::get<Error>(stored.error().why);
    outcome.what = outcome.error->retryable() ? Outcome::What::deferred : Outcome::What::failed;
  }
  return outcome;
}

}  // namespace miniatura
