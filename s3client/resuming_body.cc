#include "s3client/resuming_body.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "s3client/s3_error.h"

namespace miniatura {
namespace {

// A connection that brings less than this counts as a failed attempt: one that breaks after every
// byte must come to an end.
constexpr std::uint64_t kProgressBytesMin = std::uint64_t{1} << 20;

bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view what) {
  if (text.substr(0, what.size()) != what) return false;
  text.remove_prefix(what.size());
  return true;
}

class ResumingBody final : public ByteSource {
 public:
  ResumingBody(S3Requester& requester, Context context, BodyPart part,
               std::unique_ptr<ByteSource> body)
      : requester_(requester),
        context_(std::move(context)),
        part_(std::move(part)),
        body_(std::move(body)) {}

  std::optional<std::uint64_t> size_bytes() const override { return part_.count; }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    for (;;) {
      if (failed_) return fail(*failed_);
      if (taken_ == part_.count) {
        static_cast<void>(body_->read(buffer));  // sees the end, which keeps the connection
        return 0;
      }
      auto got = body_->read(buffer.first(std::min<std::uint64_t>(buffer.size(), missing())));
      if (got && *got > 0) {
        taken_ += *got;
        since_break_ += *got;
        return *got;
      }
      // An end before the announced one is a break as well.
      Error broken = got ? Error{ErrorCode::network_unreachable,
                                 fmt::format("the body ends {} bytes early", missing()),
                                 0,
                                 {},
                                 {},
                                 {}}
                         : std::move(got).error();
      if (auto resumed = resume(std::move(broken)); !resumed) failed_ = resumed.error();
    }
  }

  void stop() override { body_->cancel(); }

  std::uint64_t missing() const { return part_.count - taken_; }

  // `broken` is the last word if there is no going on.
  Result<void> resume(Error broken) {
    const std::uint64_t at = part_.first + taken_;
    if (since_break_ >= kProgressBytesMin) breaks_ = 0;
    since_break_ = 0;
    ++breaks_;
    S3Failure failure = s3_failure(part_.call, std::move(broken));
    failure.error.attempts = breaks_;
    failure.error.message += fmt::format(" (at byte {})", at);
    if (failure.recovery != Recovery::retry) return fail(std::move(failure.error));
    const auto wait = requester_.wait_before_retry(breaks_, failure, context_);
    if (!wait) return fail(std::move(failure.error));
    requester_.clock().sleep_for(*wait);

    body_->cancel();
    S3Call call = part_.call;
    call.headers.add("Range", range_header({at, part_.first + part_.count - 1}));
    call.headers.add("If-Match", quoted(part_.etag));
    auto response = requester_.open(call, context_);
    if (!response) {
      Error error = std::move(response).error();
      const bool changed = error.code == ErrorCode::store_precondition_failed ||
                           error.code == ErrorCode::store_not_found || error.http_status == 416;
      if (changed) error.code = ErrorCode::source_changed;
      return fail(std::move(error));
    }
    return join(*response, at);
  }

  // Goes on with `response`, whose bytes must be those from `at` on.
  Result<void> join(HttpResponse& response, std::uint64_t at) {
    if (etag_of(response.headers) != part_.etag) {
      return wrong(ErrorCode::source_changed, "was overwritten while it was read");
    }
    const auto range = parse_content_range(response.headers.get_or("Content-Range", ""));
    if (response.status == 206 && !(range && range->first == at)) {
      return wrong(ErrorCode::network_invalid,
                   fmt::format("asked for the bytes from {} on, answered with Content-Range {}", at,
                               response.headers.get_or("Content-Range", "missing")));
    }
    body_ = std::move(response.body);
    if (response.status != 206) skip(at);
    return {};
  }

  // A server that knows no ranges sends all of it once more.
  void skip(std::uint64_t count) {
    std::array<char, 16'384> buffer{};
    while (count > 0) {
      const auto got =
          body_->read(std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), count)));
      // pull() meets the same end or error, and counts it as a break
      if (!got || *got == 0) return;
      count -= *got;
    }
  }

  tl::unexpected<Error> wrong(ErrorCode code, std::string_view what) const {
    return fail(code, fmt::format("{}: {}", call_name(part_.call), what));
  }

  S3Requester& requester_;
  Context context_;
  BodyPart part_;
  std::unique_ptr<ByteSource> body_;
  std::uint64_t taken_ = 0;
  std::uint64_t since_break_ = 0;
  int breaks_ = 0;  // in a row, without progress
  std::optional<Error> failed_;
};

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view text) {
  ContentRange range;
  const bool parsed = take(text, "bytes ") && take_number(text, range.first) && take(text, "-") &&
                      take_number(text, range.last) && take(text, "/") &&
                      take_number(text, range.size) && text.empty();
  if (!parsed || range.last < range.first || range.size <= range.last) return std::nullopt;
  return range;
}

std::string range_header(const ByteRange& range) {
  return range.last ? fmt::format("bytes={}-{}", range.first, *range.last)
                    : fmt::format("bytes={}-", range.first);
}

std::unique_ptr<ByteSource> make_resuming_body(S3Requester& requester, Context context,
                                               BodyPart part, std::unique_ptr<ByteSource> body) {
  return std::make_unique<ResumingBody>(requester, std::move(context), std::move(part),
                                        std::move(body));
}

}  // namespace miniatura
