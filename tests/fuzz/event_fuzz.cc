// The payload of a delivery.
#include "handler/envelope.h"
#include "handler/reply.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  EventLimits limits;
  limits.records = 50;
  const auto delivery = parse_delivery(view_of(data, size), limits);
  if (!delivery) return 0;
  std::size_t records = 0;
  std::vector<EventOutcome> outcomes;
  for (const EventItem& item : delivery->items) {
    must(item.id.empty() == (delivery->shape == Shape::direct));
    for (const EventRecord& record : item.records) {
      ++records;
      Outcome outcome;
      if (const auto* bad = std::get_if<RejectedRecord>(&record)) {
        must(!bad->error.message.empty() && bad->error.message.size() < 2'000);
        outcome.error = bad->error;
      }
      outcomes.push_back({std::visit([](const auto& any) { return any.object; }, record), "",
                          item.id, std::move(outcome)});
    }
  }
  // A rejected item is a record beside those of the others.
  must(records <= limits.records + delivery->items.size());
  must(handled(*delivery, outcomes).items.size() == delivery->items.size());
  return 0;
}
