#include "handler/handle.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "handler/reply.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

Error fault_of_ours(const std::exception& fault) {
  return {ErrorCode::internal, fmt::format("a fault of ours: {}", fault.what()), 0, {}, {}, {}};
}

EventOutcome rejected(const RejectedRecord& record) {
  Outcome outcome;
  outcome.error = record.error;
  outcome.what = record.error.retryable() ? Outcome::What::deferred : Outcome::What::failed;
  return {record.object, "", record.item_id, std::move(outcome)};
}

EventOutcome skipped(const ObjectEvent& event, SkipReason reason) {
  Outcome outcome;
  outcome.what = Outcome::What::skipped;
  outcome.reason = reason;
  return {event.object, event.etag, event.item_id, std::move(outcome)};
}

// For each record: is there a later one of the same key in this delivery? Only records that bring
// bytes count.
std::vector<bool> superseded(const std::vector<EventRecord>& records) {
  std::map<std::pair<std::string, std::string>, std::size_t> newest;
  std::vector<bool> old(records.size(), false);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto* event = std::get_if<ObjectEvent>(&records[i]);
    if (event == nullptr || event->kind != ObjectEvent::Kind::created) continue;
    const auto [place, first] = newest.try_emplace({event->object.bucket, event->object.key}, i);
    if (first) continue;
    const std::size_t other = place->second;
    const bool ours_is_later =
        later(event->sequencer, std::get<ObjectEvent>(records[other]).sequencer);
    const bool comparable =
        ours_is_later || later(std::get<ObjectEvent>(records[other]).sequencer, event->sequencer);
    if (!comparable) continue;  // equal or absent sequencers prove nothing: both are worked on
    old[ours_is_later ? other : i] = true;
    if (ours_is_later) place->second = i;
  }
  return old;
}

class Handler {
 public:
  Handler(Application application, std::shared_ptr<ObjectStore> store)
      : application_(application), store_(std::move(store)) {}

  Handled operator()(const Delivery& delivery) const {
    try {
      return handle(delivery);
    } catch (const std::exception& fault) {  // the guard of every delivery
      const Error error = fault_of_ours(fault);
      log_delivery(delivery, {}, &error);
      return handled(error);
    }
  }

 private:
  Handled handle(const Delivery& delivery) const {
    const auto records = parse_events(delivery.payload);
    if (!records) {
      log_delivery(delivery, {}, &records.error());
      return handled(records.error());
    }
    const Context context{work_deadline(delivery.deadline, *application_.clock), delivery.trace_id};
    const std::vector<bool> old = superseded(*records);
    std::vector<EventOutcome> outcomes;
    for (std::size_t i = 0; i < records->size(); ++i) {
      outcomes.push_back(work_on((*records)[i], old[i], context));
      journal(outcomes.back(), delivery);
    }
    log_delivery(delivery, outcomes, nullptr);
    return handled(outcomes);
  }

  EventOutcome work_on(const EventRecord& record, bool old, const Context& context) const {
    if (const auto* bad = std::get_if<RejectedRecord>(&record)) return rejected(*bad);
    const auto& event = std::get<ObjectEvent>(record);
    if (old) return skipped(event, SkipReason::superseded);
    const Tools tools{&application_.config->rules, &application_.config->limits, store_.get(),
                      application_.clock};
    try {
      return {event.object, event.etag, event.item_id, process(event, tools, context)};
    } catch (const std::exception& fault) {  // the records beside it are still to be worked on
      return rejected({event.object, event.item_id, fault_of_ours(fault)});
    }
  }

  void journal(const EventOutcome& event, const Delivery& delivery) const {
    const auto recorded = application_.journal->record(event, delivery);
    if (!recorded) {
      application_.log->write(LogLevel::warn,
                              "the journal could not be written; the event was served",
                              {{"error", error_json(recorded.error())}});
    }
  }

  void log_delivery(const Delivery& delivery, const std::vector<EventOutcome>& outcomes,
                    const Error* error) const {
    Json line = reply_json(outcomes);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      line["events"][i]["timings"] = timings_json(outcomes[i].outcome.timings);
    }
    if (error != nullptr) line["error"] = error_json(*error);
    line["door"] = delivery.door;
    line[delivery.door == "lambda" ? "function_request_id" : "delivery"] = delivery.id;
    if (delivery.door == "lambda") line["cold_start"] = !std::exchange(*warm_, true);
    if (!delivery.trace_id.empty()) line["xray_trace_id"] = delivery.trace_id;
    const bool bad = error != nullptr || line["failed"] != 0 || line["deferred"] != 0;
    application_.log->write(bad ? LogLevel::error : LogLevel::info,
                            bad ? "not all handled" : "handled", line);
  }

  Application application_;
  std::shared_ptr<ObjectStore> store_;
  // Has this worker served before? Shared, as a HandleFn is copied.
  std::shared_ptr<bool> warm_ = std::make_shared<bool>(false);
};

// The plan of a record, or its outcome where that is known without a store.
std::variant<Plan, EventOutcome> planned_or_ended(const EventRecord& record, bool old,
                                                  const Rules& rules) {
  if (const auto* bad = std::get_if<RejectedRecord>(&record)) return rejected(*bad);
  const auto& event = std::get<ObjectEvent>(record);
  if (old) return skipped(event, SkipReason::superseded);
  auto plan = plan_for(event, rules);
  if (plan) return *std::move(plan);
  if (const auto* skip = std::get_if<Skipped>(&plan.error().why)) {
    return skipped(event, skip->reason);
  }
  return rejected({event.object, event.item_id, std::get<Error>(plan.error().why)});
}

Json plan_json(const ObjectEvent& event, const Plan& plan) {
  Json json = {{"bucket", event.object.bucket},
               {"key", event.object.key},
               {"outcome", "planned"},
               {"rule", plan.rule},
               {"thumbnails", Json::array()}};
  if (plan.is_removal) json["removes"] = true;
  for (const PlannedThumbnail& thumbnail : plan.thumbnails) {
    json["thumbnails"].push_back({{"preset", thumbnail.order.preset.name},
                                  {"bucket", thumbnail.bucket},
                                  {"key", thumbnail.key}});
  }
  return json;
}

}  // namespace

Deadline work_deadline(const Deadline& deadline, const Clock& clock) {
  if (!deadline.is_set()) return deadline;
  const auto given = deadline.remaining(clock);
  return Deadline(deadline.at() - std::min<std::chrono::milliseconds>(2s, given / 5));
}

HandleFn make_handle(const Application& application, std::shared_ptr<ObjectStore> store) {
  return Handler(application, std::move(store));
}

Result<PlannedDelivery> plan_delivery(ByteView payload, const Rules& rules) {
  TRY(records, parse_events(payload));
  const std::vector<bool> old = superseded(records);
  PlannedDelivery planned;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto ended = planned_or_ended(records[i], old[i], rules);
    if (const auto* plan = std::get_if<Plan>(&ended)) {
      planned.events.push_back(plan_json(std::get<ObjectEvent>(records[i]), *plan));
      continue;
    }
    const auto& outcome = std::get<EventOutcome>(ended);
    planned.events.push_back(event_json(outcome));
    if (!planned.error) planned.error = outcome.outcome.error;
  }
  return planned;
}

}  // namespace miniatura
