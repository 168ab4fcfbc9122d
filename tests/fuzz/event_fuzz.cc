// The payload of a delivery.
#include "handler/event.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  EventLimits limits;
  limits.records = 50;
  const auto records = parse_events(view_of(data, size), limits);
  if (records) must(records->size() <= limits.records);
  return 0;
}
