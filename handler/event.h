// What came in, as object events: a payload of any accepted shape becomes a list of records.
//
// Pure. Accepted now: S3 event notifications (Records[] of aws:s3, major version 2) and MinIO's
// (Records[] of minio:s3), and S3's test event, which is no work. Source:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/result.h"
#include "s3client/object_store.h"

namespace miniatura {

struct ObjectEvent {
  enum class Kind {
    created,  // Put, Post, Copy, CompleteMultipartUpload: there are new bytes
    removed,
    other,  // tagging, restore, lifecycle, …
  };
  ObjectId object;  // the key decoded, once
  Kind kind = Kind::created;
  std::string name;       // "ObjectCreated:Put", without "s3:"
  std::string etag;       // of the object when the event arose; may be empty
  std::string sequencer;  // hexadecimal, orders the events of one key; may be empty
  std::string item_id;    // the item of the delivery that it belongs to; empty: the delivery itself
};

// A record that cannot be worked on, beside others that can: of another shape, or with a field over
// 1,024 bytes, which S3 has none of.
struct RejectedRecord {
  ObjectId object;  // as far as it could be read, cropped; the key may be encoded still
  std::string item_id;
  Error error;
};

using EventRecord = std::variant<ObjectEvent, RejectedRecord>;

struct EventLimits {
  std::size_t payload_bytes = std::size_t{16} << 20;
  std::size_t records = 10'000;
};

// The records of a payload, in their order; none is success without work. Errors, for the payload
// as a whole: event_malformed, event_unsupported (naming the accepted shapes), event_too_large.
Result<std::vector<EventRecord>> parse_events(ByteView payload, const EventLimits& limits = {});

// Is `a` later than `b`, both of one key? Sequencers compare as text after padding the shorter with
// 0 on the right; equal or absent ones: no. Source: the same page, "sequencer".
bool later(const std::string& sequencer_a, const std::string& sequencer_b);

// "red+flower%2B.jpg" -> "red flower+.jpg". Nothing on a bad escape.
std::optional<std::string> form_decode(std::string_view text);

}  // namespace miniatura
