#include "handler/handle.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "handler/delivery_log.h"
#include "handler/envelope.h"
#include "handler/metrics.h"
#include "handler/reply.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

Error error_of(ErrorCode code, std::string message) {
  return {code, std::move(message), 0, {}, {}, {}};
}

Error fault_of_ours(const std::exception& fault) {
  return error_of(ErrorCode::internal, fmt::format("a fault of ours: {}", fault.what()));
}

EventOutcome ended(const ObjectId& object, Error error) {
  Outcome outcome;
  outcome.what = what_ends(error);
  outcome.error = std::move(error);
  return {object, "", "", std::move(outcome)};
}

EventOutcome skipped(const ObjectEvent& event, SkipReason reason) {
  Outcome outcome;
  outcome.what = Outcome::What::skipped;
  outcome.reason = reason;
  return {event.object, event.etag, "", std::move(outcome)};
}

// A record of a delivery, and what the others say about it.
struct Task {
  const EventItem* item = nullptr;
  const EventRecord* record = nullptr;
  bool is_superseded = false;  // there is a later one of the same key
};

// The newest of each key stands for the older ones, whichever item they are in: it is newer bytes
// that it will look at, and if it fails, its own item is delivered again. Only records that bring
// bytes count.
void mark_superseded(std::vector<Task>& tasks) {
  std::map<std::pair<std::string, std::string>, std::size_t> newest;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto* event = std::get_if<ObjectEvent>(tasks[i].record);
    if (event == nullptr || event->kind != ObjectEvent::Kind::created) continue;
    const auto [place, first] = newest.try_emplace({event->object.bucket, event->object.key}, i);
    if (first) continue;
    Task& other = tasks[place->second];
    const std::string& others_sequencer = std::get<ObjectEvent>(*other.record).sequencer;
    if (later(event->sequencer, others_sequencer)) {
      other.is_superseded = true;
      place->second = i;
    } else if (later(others_sequencer, event->sequencer)) {
      tasks[i].is_superseded = true;
    }  // equal or absent sequencers prove nothing: both are worked on
  }
}

std::vector<Task> tasks_of(const ParsedDelivery& delivery) {
  std::vector<Task> tasks;
  for (const EventItem& item : delivery.items) {
    for (const EventRecord& record : item.records) tasks.push_back({&item, &record});
  }
  mark_superseded(tasks);
  return tasks;
}

// The order of a FIFO queue's groups: behind an item that did not end well, its group waits.
class Groups {
 public:
  bool holds_back(const EventItem& item) const {
    if (!item.group) return false;
    const auto stopped = stopped_by_.find(*item.group);
    return stopped != stopped_by_.end() && stopped->second != &item;
  }
  void learn(const EventItem& item, const Outcome& outcome) {
    if (item.group && outcome.error) stopped_by_.try_emplace(*item.group, &item);
  }

 private:
  std::map<std::string, const EventItem*> stopped_by_;
};

EventOutcome held_back(const EventRecord& record) {
  const ObjectId object = std::visit([](const auto& any) { return any.object; }, record);
  return ended(object, error_of(ErrorCode::event_held_back,
                                fmt::format("{}: an earlier message of its group comes first",
                                            object.text())));
}

// In the journal, and counted.
void record(const Application& application, const EventOutcome& event, const EventItem& item,
            const Delivery& delivery) {
  Delivery known;  // of its item, without the payload
  known.door = delivery.door;
  known.id = delivery.id;
  known.trace_id = delivery.trace_id;
  known.attempt = item.attempt > 0 ? item.attempt : delivery.attempt;
  const auto recorded = application.journal->record(event, known);
  if (!recorded) {
    Json fields = {{"error", error_json(recorded.error())}};
    fields.update(log_fields(delivery));
    application.log->write(LogLevel::warn, "the journal could not be written; the event was served",
                           fields);
  }
  if (application.metrics != nullptr) {
    count_event(*application.metrics, event.outcome, delivery.door);
  }
}

class Handler {
 public:
  Handler(Application application, std::shared_ptr<ObjectStore> store, RenderFn render)
      : application_(std::move(application)),
        store_(std::move(store)),
        render_(std::move(render)) {}

  Handled operator()(const Delivery& delivery) const {
    const InProgress in_progress(application_.metrics);
    try {
      return handle(delivery);
    } catch (const std::exception& fault) {  // the guard of every delivery
      return failed_whole(delivery, fault_of_ours(fault));
    }
  }

 private:
  Handled handle(const Delivery& delivery) const {
    const auto parsed = parse_delivery(delivery.payload);
    if (!parsed) return failed_whole(delivery, parsed.error());
    if (application_.metrics != nullptr && delivery.waited) {
      count_wait(*application_.metrics, *delivery.waited);
    }
    const Context context{work_deadline(delivery.deadline, *application_.clock), delivery.trace_id};
    Groups groups;
    std::vector<EventOutcome> outcomes;
    for (const Task& task : tasks_of(*parsed)) {
      outcomes.push_back(groups.holds_back(*task.item) ? held_back(*task.record)
                                                       : work_on(task, context));
      outcomes.back().item_id = task.item->id;
      groups.learn(*task.item, outcomes.back().outcome);
      record(application_, outcomes.back(), *task.item, delivery);
    }
    log({delivery, outcomes, nullptr, parsed->note, parsed->correlation_id});
    return handled(*parsed, outcomes);
  }

  Handled failed_whole(const Delivery& delivery, const Error& error) const {
    if (application_.metrics != nullptr) {
      Outcome outcome;
      outcome.error = error;
      count_event(*application_.metrics, outcome, delivery.door);
    }
    log({delivery, {}, &error, {}, {}});
    return handled(error);
  }

  EventOutcome work_on(const Task& task, const Context& context) const {
    if (const auto* bad = std::get_if<RejectedRecord>(task.record)) {
      return ended(bad->object, bad->error);
    }
    const auto& event = std::get<ObjectEvent>(*task.record);
    if (task.is_superseded) return skipped(event, SkipReason::superseded);
    if (context.deadline.passed(*application_.clock)) {
      return ended(event.object,
                   error_of(ErrorCode::deadline_exceeded,
                            fmt::format("{}: no time left to begin", event.object.text())));
    }
    const Tools tools{&application_.config->rules, &application_.config->limits, store_.get(),
                      application_.clock,          application_.breaker,         render_};
    try {
      return {event.object, event.etag, "", process(event, tools, context)};
    } catch (const std::exception& fault) {  // the records beside it are still to be worked on
      return ended(event.object, fault_of_ours(fault));
    }
  }

  void log(const EndedDelivery& ended) const {
    log_delivery(*application_.log, application_.metrics_namespace, *application_.clock, ended);
  }

  Application application_;
  std::shared_ptr<ObjectStore> store_;
  RenderFn render_;
};

// The plan of a record, or its outcome where that is known without a store.
std::variant<Plan, EventOutcome> planned_or_ended(const Task& task, const Rules& rules) {
  if (const auto* bad = std::get_if<RejectedRecord>(task.record)) {
    return ended(bad->object, bad->error);
  }
  const auto& event = std::get<ObjectEvent>(*task.record);
  if (task.is_superseded) return skipped(event, SkipReason::superseded);
  auto plan = plan_for(event, rules);
  if (plan) return *std::move(plan);
  if (const auto* skip = std::get_if<Skipped>(&plan.error().why)) {
    return skipped(event, skip->reason);
  }
  return ended(event.object, std::get<Error>(plan.error().why));
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

void record_lost(const Application& application, const Delivery& delivery, const Error& why,
                 bool is_last) {
  application.log->write(
      LogLevel::error,
      is_last ? "a delivery killed its worker once too often" : "a worker was lost",
      {{"door", delivery.door}, {"delivery", delivery.id}, {"error", error_json(why)}});
  const auto parsed = parse_delivery(delivery.payload);
  if (!parsed) return;
  for (const Task& task : tasks_of(*parsed)) {
    const ObjectId object = std::visit([](const auto& any) { return any.object; }, *task.record);
    EventOutcome event = ended(object, why);
    event.outcome.what = is_last ? Outcome::What::failed : Outcome::What::deferred;
    record(application, event, *task.item, delivery);
  }
}

Deadline work_deadline(const Deadline& deadline, const Clock& clock) {
  if (!deadline.is_set()) return deadline;
  const auto given = deadline.remaining(clock);
  return Deadline(deadline.at() - std::min<std::chrono::milliseconds>(2s, given / 5));
}

HandleFn make_handle(const Application& application, std::shared_ptr<ObjectStore> store,
                     RenderFn render) {
  return Handler(application, std::move(store), std::move(render));
}

Result<PlannedDelivery> plan_delivery(ByteView payload, const Rules& rules) {
  TRY(delivery, parse_delivery(payload));
  PlannedDelivery planned;
  for (const Task& task : tasks_of(delivery)) {
    const auto known = planned_or_ended(task, rules);
    if (const auto* plan = std::get_if<Plan>(&known)) {
      planned.events.push_back(plan_json(std::get<ObjectEvent>(*task.record), *plan));
      continue;
    }
    const auto& outcome = std::get<EventOutcome>(known);
    planned.events.push_back(event_json(outcome));
    if (!planned.error) planned.error = outcome.outcome.error;
  }
  return planned;
}

}  // namespace miniatura
