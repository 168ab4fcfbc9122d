#include "handler/capability.h"

#include <algorithm>

#include "handler/envelope.h"

namespace miniatura {
namespace {

// Its place in kCapabilities. A step of a preset that asks for more will say so here.
std::size_t capability_of(const Preset& /*preset*/) { return 0; }

std::size_t capability_of(const Rule& rule) {
  std::size_t most = 0;
  for (const Preset& preset : rule.presets) most = std::max(most, capability_of(preset));
  return most;
}

std::size_t capability_of(const EventRecord& record, const Rules& rules) {
  const auto* event = std::get_if<ObjectEvent>(&record);
  if (event == nullptr) return 0;
  const Rule* rule = rule_for(event->object, rules);
  return rule == nullptr ? 0 : capability_of(*rule);
}

}  // namespace

Result<std::string> capability_of(ByteView payload, const Rules& rules) {
  TRY(delivery, parse_delivery(payload));
  std::size_t most = 0;
  for (const EventItem& item : delivery.items) {
    for (const EventRecord& record : item.records) {
      most = std::max(most, capability_of(record, rules));
    }
  }
  return std::string(kCapabilities[most]);
}

}  // namespace miniatura
