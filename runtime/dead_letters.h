// The dead-letter office: what failed for good or had all its attempts, wherever it lies, to be
// looked at, given another chance, or dropped by a person.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "runtime/bytes.h"
#include "runtime/clock.h"
#include "runtime/error.h"
#include "runtime/result.h"

namespace miniatura {

struct DeadLetter {
  std::string id;        // stable while it lies there
  std::string door;      // that it came in by: "webhook", "amqp", …
  Clock::Time received;  // when it first came; the epoch where nobody knows
  Clock::Time died;
  std::string code;  // "image.corrupt": the last error's, as code_name()
  std::string message;
  FailureType failure_type = FailureType::job;
  int attempts = 0;
  Bytes payload;
};

// Which of them; all fields together, an absent one takes all.
struct DeadLetterFilter {
  std::set<std::string> ids;
  std::set<std::string> codes;
  std::optional<Clock::Time> since;  // of `died`, this one included
  std::optional<Clock::Time> until;  // not included
};
bool takes(const DeadLetterFilter& filter, const DeadLetter& letter);

class DeadLetterOffice {
 public:
  enum class Verdict {
    keep,
    redrive,  // back to work, as if it had just come: attempts count from 1
    drop,     // gone for good
  };
  // Called for one letter after the other, the oldest first.
  using DecideFn = std::function<Verdict(const DeadLetter&)>;

  virtual ~DeadLetterOffice() = default;

  // Shows `decide` each letter that the filter takes and does as it says, one after the other: a
  // letter is back at work before it is gone from here, so that whatever ends this in the middle,
  // it is never nowhere. `decide` may take its time (--rate); an error ends the walk.
  virtual Result<void> walk(const DeadLetterFilter& filter, const DecideFn& decide) = 0;
};

}  // namespace miniatura
