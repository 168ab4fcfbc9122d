// What every call on behalf of one delivery carries along: until when it may run, and the trace
// that it belongs to.
#pragma once

#include <string>

#include "runtime/clock.h"

namespace miniatura {

struct Context {
  Deadline deadline;
  // Of the delivery, empty if there is none; goes out with each request to a store.
  std::string trace_id;
};

}  // namespace miniatura
