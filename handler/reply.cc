#include "handler/reply.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "handler/breaker.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

constexpr std::size_t kResultBytesMax = 500;  // the job's report has a line a task

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

// What becomes of an item, as its outcomes come in.
struct Verdict {
  Item item;
  std::string text;  // of what decided

  void take(const Outcome& outcome) {
    const Item::What what = what_becomes_of(outcome.what);
    // The first cause of the winning kind is named.
    if (!text.empty() && weight(what) <= weight(item.what)) return;
    item.what = what;
    item.why = outcome.error;
    item.counts = !item.why || !is_everybodys(item.why->code);
    item.retry_after =
        item.why && item.why->retry_after ? *item.why->retry_after : std::chrono::milliseconds{0};
    text = std::string(outcome_name(outcome.what));
    if (outcome.reason) text += fmt::format(": {}", skip_reason_name(*outcome.reason));
    if (outcome.error) {
      text = fmt::format("{}: {}", code_name(outcome.error->code), outcome.error->message);
    }
  }
};

// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
const char* result_code(Item::What what) {
  switch (what) {
    case Item::What::ack:
      return "Succeeded";
    case Item::What::retry:
      return "TemporaryFailure";
    case Item::What::dead:
      return "PermanentFailure";
  }
  return "TemporaryFailure";
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

Json reply_json(std::span<const EventOutcome> events) {
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

Handled handled(const ParsedDelivery& delivery, const std::vector<EventOutcome>& events) {
  std::map<std::string, Verdict> verdicts;
  for (const EventOutcome& event : events) verdicts[event.item_id].take(event.outcome);
  Handled done;
  Json results = Json::array();
  for (const EventItem& from : delivery.items) {
    Verdict& verdict = verdicts[from.id];
    verdict.item.id = from.id;
    if (delivery.shape == Shape::s3_batch) {
      results.push_back({{"taskId", from.id},
                         {"resultCode", result_code(verdict.item.what)},
                         {"resultString", cropped(one_line(verdict.text), kResultBytesMax)}});
    } else if (delivery.shape == Shape::sqs && verdict.item.what != Item::What::ack) {
      results.push_back({{"itemIdentifier", from.id}});
    }
    done.items.push_back(verdict.item);
  }
  switch (delivery.shape) {
    case Shape::direct:
      done.reply = to_text(reply_json(events));
      break;
    case Shape::sqs:
      done.reply = to_text({{"batchItemFailures", std::move(results)}});
      break;
    case Shape::s3_batch:
      done.reply = to_text({{"invocationSchemaVersion", delivery.batch_schema},
                            {"treatMissingKeysAs", "PermanentFailure"},
                            {"invocationId", delivery.invocation_id},
                            {"results", std::move(results)}});
      break;
  }
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
