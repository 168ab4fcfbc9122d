#include "handler/envelope.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "handler/fields.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

constexpr int kWrappersMax = 4;
constexpr std::size_t kUrlBytesMax = 2'048;
constexpr std::size_t kIdBytesMax = 100;

std::string name_of(const std::string& path) { return path.empty() ? "the event" : path; }

std::string within(const std::string& path, std::string_view field, std::size_t index) {
  return fmt::format("{}{}{}[{}]", path, path.empty() || field.empty() ? "" : ".", field, index);
}

RejectedRecord rejected(Error error) { return {{}, std::move(error)}; }

bool is_sqs_message(const Json& value) { return string_at(value, "eventSource") == "aws:sqs"; }

// Takes the wrappers off, as far as there are some, and keeps what it finds.
class Unwrapper {
 public:
  explicit Unwrapper(std::size_t records_max) : records_max_(records_max) {}

  // What `value` holds. Errors: what it is as a whole is not known; of its parts, each bad one is a
  // rejected record.
  Result<void> read(const Json& value, const std::string& path, int depth) {
    if (depth > kWrappersMax) {
      return fail(ErrorCode::event_too_large,
                  fmt::format("{}: wrapped more than {} deep", name_of(path), kWrappersMax));
    }
    if (value.is_array()) {  // an EventBridge Pipe's, or a Redis list's
      each(value, path, "", [&](const Json& element, const std::string& place) {
        return read(element, place, depth + 1);
      });
      return {};
    }
    return read_object(value, path, depth);
  }
  // The same of JSON in a text.
  Result<void> read_text(const std::string& text, const std::string& path, int depth) {
    TRY(value, parse_foreign_json(text, name_of(path)));
    return read(value, path, depth);
  }

  // What was found. An error where it is more than there may be.
  Result<std::vector<EventRecord>> take(const std::string& path) {
    if (!is_over_) return std::move(records_);
    return fail(ErrorCode::event_too_large,
                fmt::format("{}: over the limit of {} records", name_of(path), records_max_));
  }
  const std::string& note() const { return note_; }

 private:
  Result<void> read_object(const Json& value, const std::string& path, int depth) {
    const auto unknown = [&] {
      return fail(ErrorCode::event_unsupported,
                  fmt::format("{}: its shape is not known: {}", name_of(path), kAcceptedShapes));
    };
    if (!value.is_object()) return unknown();
    TRY(event, Fields::of(value, path));
    if (member(value, "Records") != nullptr && member(value, "Records")->is_null()) return {};
    for (const char* field : {"Records", "Event"}) {  // "Event" is MinIO's in Redis
      const Json* list = member(value, field);
      if (list == nullptr || !list->is_array()) continue;
      each(*list, path, field, [&](const Json& record, const std::string& place) {
        return read_record(record, place, depth);
      });
      return {};
    }
    if (string_at(value, "Event") == "s3:TestEvent") return {};
    const bool is_of_sns = event.has("TopicArn") && event.has("Type");
    if (is_of_sns) return read_sns(event, event.path_of("Message"), depth);
    if (string_at(value, "source") == "aws.s3") return keep(read_eventbridge(value, path));
    if (event.has("eventSource") || event.has("EventSource")) {
      return read_record(value, path, depth);
    }
    return unknown();
  }

  // One of a list: a message that wraps something, or a notification.
  Result<void> read_record(const Json& value, const std::string& path, int depth) {
    if (is_sqs_message(value)) {
      TRY(message, Fields::of(value, path));
      TRY(body, message.needed_text("body", std::string::npos));
      return read_text(body, message.path_of("body"), depth + 1);
    }
    if (string_at(value, "EventSource") == "aws:sns") {
      TRY(record, Fields::of(value, path));
      TRY(sns, record.object("Sns"));
      return read_sns(sns, sns.path_of("Message"), depth);
    }
    return keep(read_notification(value, path));
  }

  // Whoever asks us to fetch a URL in order to subscribe us to his topic is not obeyed.
  Result<void> read_sns(const Fields& sns, const std::string& path, int depth) {
    const std::string type = string_at(sns.json(), "Type");
    if (type == "SubscriptionConfirmation" || type == "UnsubscribeConfirmation") {
      note_ = fmt::format("{} of {}: nothing was fetched; confirm it yourself if you want it: {}",
                          type, quoted_start(string_at(sns.json(), "TopicArn")),
                          cropped(one_line(string_at(sns.json(), "SubscribeURL")), kUrlBytesMax));
      return {};
    }
    TRY(message, sns.needed_text("Message", std::string::npos));
    return read_text(message, path, depth + 1);
  }

  template <class Read>
  void each(const Json& list, const std::string& path, std::string_view field, const Read& read) {
    std::size_t index = 0;
    for (const Json& element : list) {
      if (is_over_) return;
      const auto done = read(element, within(path, field, index++));
      if (!done) static_cast<void>(keep(rejected(done.error())));
    }
  }

  Result<void> keep(EventRecord record) {
    is_over_ = is_over_ || records_.size() >= records_max_;
    if (!is_over_) records_.push_back(std::move(record));
    return {};
  }

  std::size_t records_max_;
  bool is_over_ = false;
  std::vector<EventRecord> records_;
  std::string note_;
};

// The list of a batch of SQS messages, or null: Lambda's "Records", or a Pipe's list.
const Json* sqs_messages(const Json& event) {
  const Json* list = event.is_array() ? &event : member(event, "Records");
  const bool is_batch = list != nullptr && list->is_array() && !list->empty() &&
                        std::all_of(list->begin(), list->end(), is_sqs_message);
  return is_batch ? list : nullptr;
}

int attempt_of(const Json& message) {
  const Json* attributes = member(message, "attributes");
  if (attributes == nullptr) return 0;
  const std::string count = string_at(*attributes, "ApproximateReceiveCount");
  int attempt = 0;
  std::from_chars(count.data(), count.data() + count.size(), attempt);
  return std::max(attempt, 0);
}

// The queue's name tells. A group alone does not: standard queues have them, too, for fairness.
std::optional<std::string> group_of(const Json& message) {
  const Json* attributes = member(message, "attributes");
  std::string group =
      attributes != nullptr ? string_at(*attributes, "MessageGroupId") : std::string();
  const std::string queue = string_at(message, "eventSourceARN");
  const bool is_fifo = queue.empty() ? !group.empty() : queue.ends_with(".fifo");
  if (!is_fifo) return std::nullopt;
  return group;
}

// Each item has an id of its own, or none of them can be answered: SQS takes a reply with an id
// that it does not know for a failure of all.
class Ids {
 public:
  Result<std::string> take(const Json& item, const std::string& path, const char* field) {
    const Json* value = member(item, field);
    std::string id = value != nullptr && value->is_string() ? value->get<std::string>() : "";
    const std::string place = fmt::format("{}.{}", path, field);
    CHECKED(check_value(id, place));
    if (!id.empty() && seen_.insert(id).second) return id;
    return fail(ErrorCode::event_malformed,
                fmt::format("{}: {}: the batch cannot be answered", place,
                            id.empty() ? "is missing" : quoted_start(id) + " is there twice"));
  }

 private:
  std::set<std::string> seen_;
};

Result<void> check_count(const Json& list, std::size_t limit) {
  if (list.size() <= limit) return {};
  return fail(ErrorCode::event_too_large,
              fmt::format("the event: {} items, over the limit of {}", list.size(), limit));
}

Result<ParsedDelivery> read_sqs(const Json& list, std::string_view field,
                                const EventLimits& limits) {
  CHECKED(check_count(list, limits.records));
  ParsedDelivery delivery;
  delivery.shape = Shape::sqs;
  Ids ids;
  std::size_t records_left = limits.records;
  for (const Json& message : list) {
    const std::string path = within("", field, delivery.items.size());
    TRY(id, ids.take(message, path, "messageId"));
    EventItem item{id, attempt_of(message), group_of(message), {}};
    Unwrapper unwrapper(records_left);
    const auto read = unwrapper.read(message, path, 0);
    auto records = unwrapper.take(path);
    if (read && records) {
      item.records = *std::move(records);
      records_left -= item.records.size();
    } else {
      item.records.push_back(rejected(read ? records.error() : read.error()));
    }
    if (delivery.note.empty()) delivery.note = unwrapper.note();
    delivery.items.push_back(std::move(item));
  }
  return delivery;
}

Result<ParsedDelivery> read_batch(const Fields& invocation, const EventLimits& limits) {
  ParsedDelivery delivery;
  delivery.shape = Shape::s3_batch;
  TRY(schema, invocation.text("invocationSchemaVersion"));
  if (!schema.starts_with("1.") && !schema.starts_with("2.")) {
    return fail(ErrorCode::event_unsupported,
                fmt::format("invocationSchemaVersion: 1.0 and 2.0 are known, not {}",
                            quoted_start(schema)));
  }
  TRY(invocation_id, invocation.text("invocationId"));
  delivery.batch_schema = schema;
  delivery.invocation_id = invocation_id;
  const Json& tasks = *member(invocation.json(), "tasks");
  CHECKED(check_count(tasks, limits.records));
  Ids ids;
  for (const Json& task : tasks) {
    const std::string path = within("", "tasks", delivery.items.size());
    TRY(id, ids.take(task, path, "taskId"));
    delivery.items.push_back({id, 0, std::nullopt, {read_batch_task(task, path)}});
  }
  return delivery;
}

}  // namespace

Result<ParsedDelivery> parse_delivery(ByteView payload, const EventLimits& limits) {
  if (payload.size() > limits.payload_bytes) {
    return fail(ErrorCode::event_too_large, fmt::format("the event: {} bytes, over the limit of {}",
                                                        payload.size(), limits.payload_bytes));
  }
  TRY(event, parse_foreign_json(payload, "the event"));
  if (event.is_object()) CHECKED(Fields::of(event, ""));
  if (const Json* messages = sqs_messages(event)) {
    return read_sqs(*messages, event.is_array() ? "" : "Records", limits);
  }
  const Json* tasks = member(event, "tasks");
  if (tasks != nullptr && tasks->is_array() && event.contains("invocationSchemaVersion")) {
    TRY(invocation, Fields::of(event, ""));
    return read_batch(invocation, limits);
  }
  Unwrapper unwrapper(limits.records);
  CHECKED(unwrapper.read(event, "", 0));
  TRY(records, unwrapper.take(""));
  ParsedDelivery delivery;
  delivery.note = unwrapper.note();
  if (string_at(event, "source") == "aws.s3") {
    delivery.correlation_id = cropped(one_line(string_at(event, "id")), kIdBytesMax);
  }
  delivery.items.push_back({"", 0, std::nullopt, std::move(records)});
  return delivery;
}

}  // namespace miniatura
