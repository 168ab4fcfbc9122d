#include "handler/event.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "runtime/json.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

constexpr std::string_view kAccepted =
    "accepted are S3 event notifications (Records[] with eventSource aws:s3 and eventVersion 2.x), "
    "MinIO's (eventSource minio:s3), and s3:TestEvent";

// The longest that S3 itself has: a key, a version id.
constexpr std::size_t kFieldBytesMax = 1'024;
constexpr std::size_t kQuoteBytesMax = 200;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// S3 itself writes "ObjectCreated:Put", MinIO "s3:ObjectCreated:Put".
std::string event_name(const Json& record) {
  std::string name = string_at(record, "eventName");
  if (starts_with(name, "s3:")) name.erase(0, 3);
  return name;
}

// MinIO sends PutTagging, PutRetention and the like as ObjectCreated: they bring no new bytes.
ObjectEvent::Kind kind_of(std::string_view name) {
  for (const std::string_view created :
       {"ObjectCreated:Put", "ObjectCreated:Post", "ObjectCreated:Copy",
        "ObjectCreated:CompleteMultipartUpload"}) {
    if (name == created) return ObjectEvent::Kind::created;
  }
  if (starts_with(name, "ObjectRemoved:")) return ObjectEvent::Kind::removed;
  return ObjectEvent::Kind::other;
}

// What a message shows of a field: the sender decides how long that is.
std::string quote(std::string_view text) {
  return fmt::format("\"{}\"", cropped(text, kQuoteBytesMax));
}

EventRecord reject(const ObjectId& object, ErrorCode code, std::string message) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  return RejectedRecord{
      {cropped(object.bucket, kFieldBytesMax), cropped(object.key, kFieldBytesMax), ""},
      "",
      std::move(error)};
}

// What an event keeps goes on into headers, replies and the journal.
EventRecord bounded(ObjectEvent event, const std::string& path) {
  const std::pair<const char*, const std::string*> fields[] = {
      {"s3.bucket.name", &event.object.bucket},       {"s3.object.key", &event.object.key},
      {"s3.object.versionId", &event.object.version}, {"s3.object.eTag", &event.etag},
      {"s3.object.sequencer", &event.sequencer},      {"eventName", &event.name}};
  for (const auto& [name, value] : fields) {
    if (value->size() <= kFieldBytesMax) continue;
    return reject(event.object, ErrorCode::event_malformed,
                  fmt::format("{}.{}: {} bytes, over the limit of {}: {}", path, name,
                              value->size(), kFieldBytesMax, quote(*value)));
  }
  return event;
}

EventRecord parse_record(const Json& record, std::size_t index) {
  const std::string path = fmt::format("Records[{}]", index);
  const std::string source = string_at(record, "eventSource");
  if (source != "aws:s3" && source != "minio:s3") {
    return reject(
        {}, ErrorCode::event_unsupported,
        fmt::format("{}.eventSource: {} is not known: {}", path, quote(source), kAccepted));
  }
  const std::string version = string_at(record, "eventVersion");
  if (!starts_with(version, "2.")) {
    return reject(
        {}, ErrorCode::event_unsupported,
        fmt::format("{}.eventVersion: major version 2 is known, not {}", path, quote(version)));
  }
  const Json* s3 = member(record, "s3");
  const Json* bucket = s3 != nullptr ? member(*s3, "bucket") : nullptr;
  const Json* object = s3 != nullptr ? member(*s3, "object") : nullptr;
  ObjectEvent event;
  event.object.bucket = bucket != nullptr ? string_at(*bucket, "name") : "";
  const std::string encoded_key = object != nullptr ? string_at(*object, "key") : "";
  if (event.object.bucket.empty() || encoded_key.empty()) {
    return reject({event.object.bucket, encoded_key, ""}, ErrorCode::event_malformed,
                  fmt::format("{}: no s3.{}", path,
                              event.object.bucket.empty() ? "bucket.name" : "object.key"));
  }
  // MinIO's webhook and brokers form-encode the key ('/' comes as %2F); its ListenNotification
  // leaves it raw.
  const bool raw = source == "minio:s3" && encoded_key.find_first_of("/ ") != std::string::npos;
  const auto key = raw ? encoded_key : form_decode(encoded_key);
  if (!key) {
    return reject({event.object.bucket, encoded_key, ""}, ErrorCode::event_malformed,
                  fmt::format("{}.s3.object.key: bad escape in {} of bucket {}", path,
                              quote(encoded_key), quote(event.object.bucket)));
  }
  event.object.key = *key;
  event.object.version = string_at(*object, "versionId");
  event.name = event_name(record);
  event.kind = kind_of(event.name);
  event.etag = string_at(*object, "eTag");
  event.sequencer = string_at(*object, "sequencer");
  return bounded(std::move(event), path);
}

}  // namespace

std::optional<std::string> form_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded += ' ';
    } else if (text[i] == '%') {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

bool later(const std::string& sequencer_a, const std::string& sequencer_b) {
  if (sequencer_a.empty() || sequencer_b.empty()) return false;
  const std::size_t length = std::max(sequencer_a.size(), sequencer_b.size());
  std::string a = sequencer_a;
  std::string b = sequencer_b;
  a.resize(length, '0');
  b.resize(length, '0');
  return a > b;
}

Result<std::vector<EventRecord>> parse_events(ByteView payload, const EventLimits& limits) {
  if (payload.size() > limits.payload_bytes) {
    return fail(ErrorCode::event_too_large, fmt::format("the event: {} bytes, over the limit of {}",
                                                        payload.size(), limits.payload_bytes));
  }
  TRY(event, parse_json(payload, "the event"));
  if (string_at(event, "Event") == "s3:TestEvent") return std::vector<EventRecord>{};
  const Json* records = member(event, "Records");
  if (records == nullptr || (!records->is_array() && !records->is_null())) {
    return fail(ErrorCode::event_unsupported,
                fmt::format("the event: its shape is not known: {}", kAccepted));
  }
  if (records->size() > limits.records) {
    return fail(ErrorCode::event_too_large,
                fmt::format("the event: {} records, over the limit of {}", records->size(),
                            limits.records));
  }
  std::vector<EventRecord> parsed;
  for (const Json& record : *records) parsed.push_back(parse_record(record, parsed.size()));
  return parsed;
}

}  // namespace miniatura
