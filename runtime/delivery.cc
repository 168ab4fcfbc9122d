#include "runtime/delivery.h"

#include <algorithm>

namespace miniatura {

int weight(Item::What what) {
  switch (what) {
    case Item::What::ack:
      return 0;
    case Item::What::dead:
      return 1;
    case Item::What::retry:
      return 2;
  }
  return 0;
}

Json log_fields(const Delivery& delivery) {
  if (!delivery.log_fields.empty()) return delivery.log_fields;
  Json fields = {{"delivery", delivery.id}};
  if (!delivery.trace_id.empty()) fields["xray_trace_id"] = delivery.trace_id;
  return fields;
}

Item whole_of(const Handled& handled) {
  Item whole;
  for (const Item& item : handled.items) {
    if (item.what == whole.what) {
      whole.counts = whole.counts || item.counts;
      whole.retry_after = std::max(whole.retry_after, item.retry_after);
    } else if (weight(item.what) > weight(whole.what)) {
      whole = item;
      whole.id.clear();
    }
  }
  return whole;
}

}  // namespace miniatura
