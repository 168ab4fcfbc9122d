// Outcomes into answers: what a door sends back, what becomes of its items, and the log line. One
// table for all doors:
//
//   stored, skipped  -> ack
//   deferred         -> retry
//   failed           -> dead
//
// Pure. For an item with several outcomes, and for the whole, deferred wins over failed.
#pragma once

#include <span>
#include <vector>

#include "handler/envelope.h"
#include "handler/outcome.h"
#include "runtime/delivery.h"
#include "runtime/json.h"

namespace miniatura {

// {"stored":n,"skipped":n,"failed":n,"deferred":n,"events":[…]}: the reply to a direct event.
Json reply_json(std::span<const EventOutcome> events);

// {"bucket","key","outcome","reason"?,"error"?,"thumbnails"}
Json event_json(const EventOutcome& event);

Json source_json(const SourceFacts& source);  // {"format","width","height","bytes","orientation"}
Json timings_json(const Timings& timings);

// In the words of the delivery's shape, an item of it for each that it has:
//
//   direct    reply_json
//   sqs       {"batchItemFailures":[{"itemIdentifier"}]}: what is not acknowledged. Source:
//             https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
//   s3_batch  {"invocationSchemaVersion","treatMissingKeysAs","invocationId",
//              "results":[{"taskId","resultCode","resultString"}]}
Handled handled(const ParsedDelivery& delivery, const std::vector<EventOutcome>& events);

// A payload that could not be parsed: the delivery has failed as a whole.
Handled handled(const Error& error);

}  // namespace miniatura
