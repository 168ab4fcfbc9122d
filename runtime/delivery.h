// What a front door brings in, and what it wants to know afterwards. Every door (Lambda, a webhook,
// a queue, a file) speaks to the application through HandleFn alone; the application does not know
// which door it was.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/clock.h"
#include "runtime/error.h"
#include "runtime/json.h"

namespace miniatura {

struct Delivery {
  Bytes payload;         // as it came
  std::string door;      // "lambda", "replay", …: for the log and the journal
  std::string id;        // the door's own name for it: a request id, a file and line
  std::string trace_id;  // may be empty
  Deadline deadline;     // the door's; the handler keeps its own reserve
  int attempt = 1;       // as far as the door knows
  std::optional<std::chrono::milliseconds> waited = std::nullopt;  // at the door, where it knows
  // What the door's users know a delivery by, as fields of its lines in the log; none: "delivery"
  // and "xray_trace_id" are.
  Json log_fields = Json::object();
};

// The fields of the log by which a delivery is found again.
Json log_fields(const Delivery& delivery);

// What became of one item of a delivery.
struct Item {
  enum class What {
    ack,    // done, or nothing to do
    retry,  // worth another attempt
    dead,   // never will be: to the dead letters
  };
  std::string id;  // the item's own (a message id); empty: the item is the delivery itself
  What what = What::ack;
  std::chrono::milliseconds retry_after{0};
  std::optional<Error> why;  // for retry and dead
  // Does a retry use up one of the attempts that the door gives it? Not where the fault is a
  // setting's, which is the same for every item: one wrong setting must not drain a queue into the
  // dead letters.
  bool counts = true;
};

struct Handled {
  std::string reply;  // one JSON text: what a door that answers sends back
  std::vector<Item> items;

  // The item that is the delivery itself and did not end well: a door with one answer for the whole
  // (Lambda's /error) gives it this cause. Null when all went well, or when the items have answers
  // of their own.
  const Item* failure() const {
    for (const Item& item : items) {
      if (item.id.empty() && item.what != Item::What::ack) return &item;
    }
    return nullptr;
  }
};

// Which of two decides for the whole: another attempt settles what it is worth for, and costs what
// failed for good little.
int weight(Item::What what);

// All items as one, for a door that has one answer for a delivery: the weightiest, by its first
// cause; an attempt counts if that of one of these does, and the longest wait is kept.
Item whole_of(const Handled& handled);

// Called on one thread at a time; a door with several workers makes one for each by a
// HandleFactory.
using HandleFn = std::function<Handled(const Delivery&)>;

// Asked by a door before it takes something: for how long it had better take nothing, as it would
// be deferred at once; 0: go on. Thread-safe.
using PauseFn = std::function<std::chrono::milliseconds()>;
using HandleFactory = std::function<HandleFn()>;

}  // namespace miniatura
