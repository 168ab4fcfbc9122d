// The records in a payload of any accepted shape, told by what it holds, never by the door that it
// came through. Pure.
//
// Whoever delivers wraps: S3's notification may come in an SNS message in an SQS message in a list
// of them. What is acknowledged by itself is an item; a wrapper within an item is unwrapped, 4 deep
// at most.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "handler/event.h"
#include "runtime/bytes.h"
#include "runtime/result.h"

namespace miniatura {

// Which answer the sender understands.
enum class Shape {
  direct,    // one item: the delivery itself
  sqs,       // an item a message, as Lambda gets them
  s3_batch,  // an item a task of S3 Batch Operations
};

struct EventItem {
  std::string id;   // the message's or the task's own, each once; empty: the delivery itself
  int attempt = 0;  // as its queue counts, from 1; 0: it does not
  std::optional<std::string> group;  // of a FIFO queue: the items of a group are done in order
  std::vector<EventRecord> records;  // none is success without work
};

struct ParsedDelivery {
  Shape shape = Shape::direct;
  std::vector<EventItem> items;
  std::string note;            // what a person should read in the log, where there is something
  std::string correlation_id;  // EventBridge's own of an event of its, which its archive knows
  std::string batch_schema;    // of s3_batch, for its answer
  std::string invocation_id;   // the same
};

struct EventLimits {
  std::size_t payload_bytes = std::size_t{16} << 20;
  std::size_t records = 10'000;  // in all; of items as many
};

// Errors, for the payload as a whole: event_malformed (also where an item has no id of its own:
// such a batch cannot be answered), event_unsupported (naming the accepted shapes),
// event_too_large. An item that cannot be read is one rejected record.
Result<ParsedDelivery> parse_delivery(ByteView payload, const EventLimits& limits = {});

}  // namespace miniatura
