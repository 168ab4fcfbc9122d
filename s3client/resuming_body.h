// The body of an object whose connection may break: what is missing is asked for again, from the
// byte at which it broke, and the reader does not notice.
//
// Only bytes of the same object are joined: every later request carries If-Match, and its answer
// must begin where it was asked to. An object that was overwritten meanwhile is source_changed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "runtime/bytes.h"
#include "runtime/context.h"
#include "s3client/s3_requester.h"

namespace miniatura {

// "bytes 5-9/10"
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // included
  std::uint64_t size = 0;  // of the whole object
};
std::optional<ContentRange> parse_content_range(std::string_view text);

// "bytes=5-9", "bytes=5-"
std::string range_header(const ByteRange& range);

// What the bytes are of, and which: `range.last` is known here.
struct BodyPart {
  S3Call call;  // the GET that opened it, without Range and If-Match
  std::string etag;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

// `body` is the answer to that GET. `requester` outlives the source. Errors: what it says,
// source_changed.
std::unique_ptr<ByteSource> make_resuming_body(S3Requester& requester, Context context,
                                               BodyPart part, std::unique_ptr<ByteSource> body);

}  // namespace miniatura
