#include "handler/reply.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace miniatura {
namespace {

double rounded(double ms) { return std::round(ms * 1e3) / 1e3; }

Json lap_json(const Stopwatch::Lap& lap) {
  return {{"wall_ms", rounded(lap.wall_ms)}, {"cpu_ms", rounded(lap.cpu_ms)}};
}

Item::What what_becomes_of(Outcome::What outcome) {
  switch (outcome) {
    case Outcome::What::stored:
    case Outcome::What::skipped:
      return Item::What::ack;
    case Outcome::What::deferred:
      return Item::What::retry;
    case Outcome::What::failed:
      return Item::What::dead;
  }
  return Item::What::retry;
}

// Which one decides for the whole: another attempt settles the deferred part, and costs the failed
// part little.
int weight(Item::What what) {
  switch (what) {
    case Item::What::ack:
      return 0;
    case Item::What::dead:
      return 1;
    case Item::What::retry:
      return 2;
  }
  return 0;
}

Json thumbnail_json(const StoredThumbnail& thumbnail) {
  return {{"preset", thumbnail.preset},
          {"bucket", thumbnail.bucket},
          {"key", thumbnail.key},
          {"width", thumbnail.width},
          {"height", thumbnail.height},
          {"bytes", thumbnail.bytes},
          {"format", format_name(thumbnail.format)},
          {"etag", thumbnail.etag}};
}

}  // namespace

Json error_json(const Error& error) {
  return {{"code", code_name(error.code)}, {"message", error.message}};
}

Json source_json(const SourceFacts& source) {
  return {{"format", format_name(source.format)},
          {"width", source.width},
          {"height", source.height},
          {"bytes", source.bytes},
          {"orientation", source.orientation}};
}

Json timings_json(const Timings& timings) {
  return {{"download", lap_json(timings.download)},
          {"decode", lap_json(timings.decode)},
          {"render", lap_json(timings.render)},
          {"upload", lap_json(timings.upload)},
          {"total", lap_json(timings.total)}};
}

Json event_json(const EventOutcome& event) {
  const Outcome& outcome = event.outcome;
  Json json = {{"bucket", event.object.bucket},
               {"key", event.object.key},
               {"outcome", outcome_name(outcome.what)}};
  if (outcome.reason) json["reason"] = skip_reason_name(*outcome.reason);
  if (outcome.error) json["error"] = error_json(*outcome.error);
  json["thumbnails"] = Json::array();
  for (const StoredThumbnail& thumbnail : outcome.thumbnails)
    json["thumbnails"].push_back(thumbnail_json(thumbnail));
  return json;
}

Json reply_json(const std::vector<EventOutcome>& events) {
  const auto count = [&](Outcome::What what) {
    return std::count_if(events.begin(), events.end(),
                         [&](const EventOutcome& e) { return e.outcome.what == what; });
  };
  Json reply = {{"stored", count(Outcome::What::stored)},
                {"skipped", count(Outcome::What::skipped)},
                {"failed", count(Outcome::What::failed)},
                {"deferred", count(Outcome::What::deferred)}};
  reply["events"] = Json::array();
  for (const EventOutcome& event : events) reply["events"].push_back(event_json(event));
  return reply;
}

Handled handled(const std::vector<EventOutcome>& events) {
  Handled done;
  done.reply = to_text(reply_json(events));
  Item item;  // a direct event: the delivery itself
  for (const EventOutcome& event : events) {
    const Item::What what = what_becomes_of(event.outcome.what);
    // The first cause of the winning kind is named.
    if (weight(what) <= weight(item.what)) continue;
    item.what = what;
    item.why = event.outcome.error;
    item.retry_after =
        item.why && item.why->retry_after ? *item.why->retry_after : std::chrono::milliseconds{0};
  }
  done.items.push_back(std::move(item));
  return done;
}

Handled handled(const Error& error) {
  Json reply = reply_json({});
  reply["error"] = error_json(error);
  Item item;
  item.what = error.retryable() ? Item::What::retry : Item::What::dead;
  item.why = error;
  return {to_text(reply), {std::move(item)}};
}

}  // namespace miniatura
