#include "handler/event.h"

#include <fmt/core.h>

#include <algorithm>

#include "handler/fields.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

using Kind = ObjectEvent::Kind;

// The key counts as it is decoded.
constexpr std::size_t kEncodedKeyBytesMax = std::string::npos;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// S3 itself writes "ObjectCreated:Put", MinIO "s3:ObjectCreated:Put".
std::string without_s3(std::string name) {
  if (name.starts_with("s3:")) name.erase(0, 3);
  return name;
}

// MinIO sends PutTagging, PutRetention and the like as ObjectCreated: they bring no new bytes.
Kind kind_of(std::string_view name) {
  for (const std::string_view created :
       {"ObjectCreated:Put", "ObjectCreated:Post", "ObjectCreated:Copy",
        "ObjectCreated:CompleteMultipartUpload"}) {
    if (name == created) return Kind::created;
  }
  // By hand, or by a lifecycle rule; its transitions leave the object where it is.
  const bool removed =
      name.starts_with("ObjectRemoved:") || name.starts_with("LifecycleExpiration:");
  return removed ? Kind::removed : Kind::other;
}

Result<std::string> decoded_key(const std::string& encoded, const std::string& path) {
  const auto key = form_decode(encoded);
  if (key) return *key;
  return fail(ErrorCode::event_malformed,
              fmt::format("{}: bad escape in {}", path, quoted_start(encoded)));
}

// What an event keeps goes on into headers, replies and the journal.
Result<void> check_values(const ObjectEvent& event, const std::string& path) {
  const std::pair<const char*, const std::string*> values[] = {
      {"bucket", &event.object.bucket},   {"key", &event.object.key},
      {"version", &event.object.version}, {"etag", &event.etag},
      {"sequencer", &event.sequencer},    {"event name", &event.name}};
  for (const auto& [name, value] : values) {
    CHECKED(check_value(*value, fmt::format("{}: the {}", path, name)));
  }
  return {};
}

// The functions below fill `event` as they go: what was read when something turns out wrong tells
// which object it was about.
using Reader = Result<void> (*)(const Json&, const std::string&, ObjectEvent&);

EventRecord read_by(Reader reader, const Json& json, const std::string& path) {
  ObjectEvent event;
  auto read = reader(json, path, event);
  if (read) read = check_values(event, path);
  if (read) return event;
  return RejectedRecord{
      {cropped(event.object.bucket, kFieldBytesMax), cropped(event.object.key, kFieldBytesMax), ""},
      std::move(read).error()};
}

Result<void> check_kind_of_record(const Fields& record) {
  TRY(source, record.text("eventSource"));
  if (source != "aws:s3" && source != "minio:s3" && source != "ceph:s3") {
    return fail(ErrorCode::event_unsupported,
                fmt::format("{}: {} is not known: {}", record.path_of("eventSource"),
                            quoted_start(source), kAcceptedShapes));
  }
  TRY(version, record.text("eventVersion"));
  if (!version.starts_with("2.")) {
    return fail(ErrorCode::event_unsupported,
                fmt::format("{}: major version 2 is known, not {}", record.path_of("eventVersion"),
                            quoted_start(version)));
  }
  return {};
}

Result<void> notification_into(const Json& json, const std::string& path, ObjectEvent& event) {
  TRY(record, Fields::of(json, path));
  CHECKED(check_kind_of_record(record));
  TRY(s3, record.object("s3"));
  TRY(bucket, s3.object("bucket"));
  TRY(object, s3.object("object"));
  TRY(name, bucket.needed_text("name"));
  event.object.bucket = name;
  TRY(encoded, object.needed_text("key", kEncodedKeyBytesMax));
  event.object.key = encoded;
  // MinIO's webhook and brokers form-encode the key ('/' comes as %2F); its ListenNotification
  // leaves it raw.
  const bool is_raw = string_at(json, "eventSource") == "minio:s3" &&
                      encoded.find_first_of("/ ") != std::string::npos;
  if (!is_raw) {
    TRY(key, decoded_key(encoded, object.path_of("key")));
    event.object.key = key;
  }
  TRY(version, object.text("versionId"));
  TRY(etag, object.text(object.has("eTag") ? "eTag" : "etag"));  // Ceph writes either
  TRY(sequencer, object.text("sequencer"));
  TRY(event_name, record.needed_text("eventName"));
  event.object.version = version;
  event.etag = etag;
  event.sequencer = sequencer;
  event.name = without_s3(event_name);
  event.kind = kind_of(event.name);
  return {};
}

// The words of S3's notifications; "ObjectRestore:Completed" and so on are of no interest to us.
std::string name_of(std::string_view detail_type, const std::string& reason) {
  if (detail_type == "Object Deleted") return "ObjectRemoved:" + reason;
  if (detail_type != "Object Created") return std::string(detail_type);
  if (reason == "PutObject") return "ObjectCreated:Put";
  if (reason == "POST Object") return "ObjectCreated:Post";
  if (reason == "CopyObject") return "ObjectCreated:Copy";
  return "ObjectCreated:" + reason;
}

Result<void> eventbridge_into(const Json& json, const std::string& path, ObjectEvent& event) {
  TRY(envelope, Fields::of(json, path));
  TRY(detail_type, envelope.text("detail-type"));
  if (!detail_type.starts_with("Object ")) {
    return fail(ErrorCode::event_unsupported,
                fmt::format("{}: {} is not known: {}", envelope.path_of("detail-type"),
                            quoted_start(detail_type), kAcceptedShapes));
  }
  TRY(detail, envelope.object("detail"));
  TRY(bucket, detail.object("bucket"));
  TRY(object, detail.object("object"));
  TRY(name, bucket.needed_text("name"));
  event.object.bucket = name;
  TRY(key, object.needed_text("key"));
  event.object.key = key;
  TRY(version, object.text("version-id"));
  TRY(etag, object.text("etag"));
  TRY(sequencer, object.text("sequencer"));
  TRY(reason, detail.text("reason"));
  event.object.version = version;
  event.etag = etag;
  event.sequencer = sequencer;
  event.name = name_of(detail_type, reason);
  event.kind = detail_type == "Object Created"   ? Kind::created
               : detail_type == "Object Deleted" ? Kind::removed
                                                 : Kind::other;
  return {};
}

// "arn:aws:s3:::photos-in", in whatever partition; an access point's has no bucket to write down.
Result<std::string> bucket_of_arn(const std::string& arn, const std::string& path) {
  const std::size_t bucket = arn.find(":s3:::");
  if (arn.starts_with("arn:") && bucket != std::string::npos) return arn.substr(bucket + 6);
  return fail(ErrorCode::event_malformed,
              fmt::format("{}: {} is no bucket's", path, quoted_start(arn)));
}

Result<void> batch_task_into(const Json& json, const std::string& path, ObjectEvent& event) {
  TRY(task, Fields::of(json, path));
  event.name = "S3BatchOperations";
  if (task.has("s3Bucket")) {  // schema 2.0
    TRY(bucket, task.needed_text("s3Bucket"));
    event.object.bucket = bucket;
  } else {
    TRY(arn, task.needed_text("s3BucketArn"));
    TRY(bucket, bucket_of_arn(arn, task.path_of("s3BucketArn")));
    event.object.bucket = bucket;
  }
  TRY(encoded, task.needed_text("s3Key", kEncodedKeyBytesMax));
  event.object.key = encoded;
  TRY(key, decoded_key(encoded, task.path_of("s3Key")));
  event.object.key = key;
  TRY(version, task.text("s3VersionId"));
  event.object.version = version;
  return {};
}

}  // namespace

const std::string_view kAcceptedShapes =
    "accepted are the notifications of S3 (aws:s3, eventVersion 2.x), MinIO (minio:s3) and Ceph "
    "(ceph:s3), by themselves or in SQS, SNS, an EventBridge Pipe or MinIO's Redis lists, S3's "
    "EventBridge events, S3 Batch Operations, and s3:TestEvent";

EventRecord read_notification(const Json& record, const std::string& path) {
  return read_by(notification_into, record, path);
}

EventRecord read_eventbridge(const Json& event, const std::string& path) {
  return read_by(eventbridge_into, event, path);
}

EventRecord read_batch_task(const Json& task, const std::string& path) {
  return read_by(batch_task_into, task, path);
}

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

}  // namespace miniatura
