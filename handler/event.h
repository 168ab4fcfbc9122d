// One record of what came in, as an object event. Pure. (envelope.h finds the records in a
// payload.)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/json.h"
#include "runtime/result.h"
#include "s3client/object_store.h"

namespace miniatura {

struct ObjectEvent {
  enum class Kind {
    created,  // Put, Post, Copy, CompleteMultipartUpload: there are new bytes
    removed,  // by somebody, or by a lifecycle rule's expiration
    other,    // tagging, restore, a lifecycle rule's transition, …
  };
  ObjectId object;  // the key decoded, once
  Kind kind = Kind::created;
  std::string name;       // "ObjectCreated:Put", without "s3:"
  std::string etag;       // of the object when the event arose; may be empty
  std::string sequencer;  // hexadecimal, orders the events of one key; may be empty
};

// A record that cannot be worked on, beside others that can: of another shape, without what its
// shape promises, or with a field that S3 has none of: over 1,024 bytes, a NUL, no UTF-8.
struct RejectedRecord {
  ObjectId object;  // as far as it could be read, cropped; the key may be encoded still
  Error error;
};

using EventRecord = std::variant<ObjectEvent, RejectedRecord>;

// What these read are values of parse_foreign_json; `path` is where they stand, for messages.

// A record of S3's notifications, major version 2, and of those who write the same: MinIO, Ceph.
// The key is form-encoded, but for MinIO's ListenNotification. Source:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
EventRecord read_notification(const Json& record, const std::string& path);

// An event of S3 by EventBridge, whose key is raw. Source:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
EventRecord read_eventbridge(const Json& event, const std::string& path);

// A task of S3 Batch Operations, schema 1.0 or 2.0: its object is to be looked at. Source:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html
EventRecord read_batch_task(const Json& task, const std::string& path);

// Is `a` later than `b`, both of one key? Sequencers compare as text after padding the shorter with
// 0 on the right; equal or absent ones: no. Source: as of read_notification, "sequencer".
bool later(const std::string& sequencer_a, const std::string& sequencer_b);

// "red+flower%2B.jpg" -> "red flower+.jpg". Nothing on a bad escape.
std::optional<std::string> form_decode(std::string_view text);

// For the message of what is none of them.
extern const std::string_view kAcceptedShapes;

}  // namespace miniatura
