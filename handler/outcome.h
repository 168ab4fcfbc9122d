// How the work on one event ends. Every way out of the pipeline is an Outcome, and every Outcome is
// recorded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "handler/event.h"
#include "runtime/clock.h"
#include "runtime/result.h"
#include "thumbnailer/render.h"

namespace miniatura {

// Why there was nothing to do.
enum class SkipReason {
  no_rule,      // no rule matches
  folder,       // a key that ends in '/'
  not_created,  // removal (of which no rule removes thumbnails), tagging, …: no new bytes
  own_output,   // a thumbnail of ours
  superseded,   // a later event of the same key is in the same delivery
  done,         // the thumbnails are there, made from these bytes
  stale,        // a newer object's thumbnails are there
  gone,         // the object is not there any more
  empty,        // the object has no bytes
  removed,      // the object is not there any more, and neither are its thumbnails, by our doing
};
std::string_view skip_reason_name(SkipReason reason);  // "no_rule"

struct Skipped {
  SkipReason reason;
};

// What ends an attempt before its end: both are outcomes, neither is lost, and each is a Stop
// without saying so.
struct Stop {
  Stop(Skipped skipped) : why(skipped) {}
  Stop(Error error) : why(std::move(error)) {}
  std::variant<Skipped, Error> why;
};
// What a step of the pipeline gives: its value, or why there is none. `return fail(…)` and `return
// skip(…)` both do.
template <class T>
using Step = tl::expected<T, Stop>;
inline tl::unexpected<Stop> skip(SkipReason reason) {
  return tl::make_unexpected(Stop(Skipped{reason}));
}

struct StoredThumbnail {
  std::string preset;
  std::string bucket;
  std::string key;
  int width = 0;
  int height = 0;
  std::uint64_t bytes = 0;
  ImageFormat format = ImageFormat::jpeg;
  std::string etag;
};

// Where the time of an event went.
struct Timings {
  Stopwatch::Lap download;
  Stopwatch::Lap decode;
  Stopwatch::Lap render;
  Stopwatch::Lap upload;
  Stopwatch::Lap total;
};

struct Outcome {
  enum class What {
    stored,    // made and stored, all presets
    skipped,   // nothing to do
    failed,    // and would fail again
    deferred,  // worth another attempt
  };
  What what = What::failed;
  std::optional<SkipReason> reason;  // of skipped
  std::optional<Error> error;        // of failed and deferred
  std::string etag;                  // of the source that was read
  std::optional<SourceFacts> source;
  std::vector<StoredThumbnail> thumbnails;  // of stored
  Timings timings;
};
std::string_view outcome_name(Outcome::What what);  // "stored"
Outcome::What what_ends(const Error& error);        // deferred or failed

// Which object, and what became of it.
struct EventOutcome {
  ObjectId object;
  std::string event_etag;
  std::string item_id;
  Outcome outcome;
};

}  // namespace miniatura
