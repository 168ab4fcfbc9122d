#include "s3client/s3_requester.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "s3client/listing.h"
#include "s3client/signing_transport.h"
#include "s3client/sigv4.h"
#include "s3client/xml.h"

namespace miniatura {
namespace {

using std::chrono::milliseconds;

constexpr const char* kTraceHeader = "X-Amzn-Trace-Id";
constexpr std::size_t kRefusalBytesMax = std::size_t{64} << 10;  // S3's own are under 2 KiB
constexpr std::uint64_t kReplyBytesMax = kListingBytesMax;       // the longest answer of all
constexpr std::size_t kRegionsMax = 1000;  // remembered; a bucket costs one attempt when forgotten

bool is_success(int status) { return status >= 200 && status < 300; }

// As much of a refusal as is worth reading; to its end, that keeps the connection. A body that
// breaks off is still a refusal.
Bytes read_refusal(ByteSource& body) {
  Bytes text(kRefusalBytesMax, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = body.read(std::span(text).subspan(size));
    if (!got || *got == 0) break;
    size += *got;
  }
  text.resize(size);
  body.cancel();
  return text;
}

// S3 starts some answers with 200 before it knows how they end; the error then stands in the body,
// after spaces that kept the connection alive.
bool is_error_document(ByteView body) {
  if (body.substr(0, kRefusalBytesMax).find("<Error") == ByteView::npos) return false;
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  const auto document = parse_xml(body.substr(start), "the store's reply");
  return document && document->name == "Error";
}

}  // namespace

// What was done already for one call.
struct S3Requester::Progress {
  int attempts = 1;
  bool clock_mended = false;
  bool region_mended = false;
  bool credentials_mended = false;

  // The last word: how often it was said stands in it.
  Error last(Error error) const {
    error.attempts = attempts;
    if (attempts > 1) error.message += fmt::format(", after {} attempts", attempts);
    return error;
  }
};

S3Requester::S3Requester(S3Access access)
    : access_(std::move(access)), server_clock_(access_.clock), signer_(access_.credentials) {}

Result<HttpResponse> S3Requester::open(const S3Call& call, const Context& context) {
  return until_answered<HttpResponse>(call, context, [&] { return open_once(call, context); });
}

Result<HttpReply> S3Requester::send(const S3Call& call, const Context& context) {
  return until_answered<HttpReply>(call, context,
                                   [&] { return whole(call, open_once(call, context)); });
}

template <class Answer, class Try>
Result<Answer> S3Requester::until_answered(const S3Call& call, const Context& context,
                                           Try attempt) {
  for (Progress progress;; ++progress.attempts) {
    auto answer = attempt();
    if (answer) return std::move(*answer);
    const auto wait = again_after(progress, call, answer.error(), context);
    if (!wait) return fail(progress.last(std::move(answer.error().error)));
    if (wait->count() > 0) access_.clock.sleep_for(*wait);
  }
}

// Rounds: what failed in one is sent again in the next, after the longest of their waits.
std::vector<Result<HttpReply>> S3Requester::send_all(std::span<const S3Call> calls,
                                                     const Context& context) {
  std::vector<Result<HttpReply>> results(calls.size());
  std::vector<Progress> progress(calls.size());
  std::vector<std::size_t> open(calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) open[i] = i;
  while (!open.empty()) {
    // Those of one region go together; nearly always that is all of them.
    const std::string region = region_of(calls[open.front()].id.bucket);
    std::vector<std::size_t> later;
    std::vector<std::size_t> now;
    std::vector<HttpRequest> requests;
    for (const std::size_t i : open) {
      const bool together = region_of(calls[i].id.bucket) == region;
      (together ? now : later).push_back(i);
      if (together) requests.push_back(request_for(calls[i], context));
    }
    const Clock::Time sent = access_.clock.now();
    auto responses = transport_for(region).send_all(requests);
    milliseconds longest{0};
    for (std::size_t k = 0; k < now.size(); ++k) {
      const std::size_t i = now[k];
      auto reply = whole(calls[i], judged(calls[i], std::move(responses[k]), sent, context));
      if (reply) {
        results[i] = std::move(*reply);
        continue;
      }
      const auto wait = again_after(progress[i], calls[i], reply.error(), context);
      if (wait) {
        ++progress[i].attempts;
        longest = std::max(longest, *wait);
        later.push_back(i);
      } else {
        results[i] = fail(progress[i].last(std::move(reply.error().error)));
      }
    }
    if (longest.count() > 0) access_.clock.sleep_for(longest);
    open = std::move(later);
  }
  return results;
}

// The one place that acts on a Recovery. Nothing: the failure is the last word.
std::optional<milliseconds> S3Requester::again_after(Progress& progress, const S3Call& call,
                                                     const S3Failure& failure,
                                                     const Context& context) {
  switch (failure.recovery) {
    case Recovery::retry:
    case Recovery::retry_slowly:
      return wait_before_retry(progress.attempts, failure, context);
    case Recovery::mend_region:
      if (std::exchange(progress.region_mended, true)) return std::nullopt;
      if (!mend_region(call.id.bucket, failure.region)) return std::nullopt;
      return milliseconds(0);
    case Recovery::mend_credentials:
      if (std::exchange(progress.credentials_mended, true)) return std::nullopt;
      if (!signer_.renew()) return std::nullopt;
      return milliseconds(0);
    case Recovery::mend_clock:
      if (std::exchange(progress.clock_mended, true)) return std::nullopt;
      return milliseconds(0);
    case Recovery::none:
    case Recovery::look:
      break;
  }
  return std::nullopt;
}

std::optional<milliseconds> S3Requester::wait_before_retry(int attempt, const S3Failure& failure,
                                                           const Context& context) {
  BackoffPolicy pace = access_.backoff;
  if (failure.recovery == Recovery::retry_slowly) pace.base = pace.throttled_base;
  return miniatura::wait_before_retry(pace, attempt, access_.unit_random(),
                                      failure.error.retry_after,
                                      context.deadline.remaining(access_.clock));
}

bool S3Requester::mend_region(const std::string& bucket, const std::string& region) {
  if (!is_region(region) || region == region_of(bucket)) return false;
  if (regions_.size() >= kRegionsMax) regions_.clear();
  regions_[bucket] = region;
  return true;
}

bool LastSigner::renew() {
  inner_.refused(last_);
  const auto newer = inner_.credentials();
  return newer && !newer->signs_as(last_);
}

HttpRequest S3Requester::request_for(const S3Call& call, const Context& context) const {
  HttpRequest request;
  request.method = call.method;
  request.url = object_url(in_region(access_.endpoint, region_of(call.id.bucket)), call.id);
  for (const auto& [name, value] : call.query) {
    request.url += request.url.find('?') == std::string::npos ? '?' : '&';
    request.url += percent_encode(name) + '=' + percent_encode(value);
  }
  request.headers = call.headers;
  request.body = call.body;
  request.on_sent = call.on_sent;
  request.deadline = context.deadline;
  if (!context.trace_id.empty() && is_header_value(context.trace_id)) {
    request.headers.add(kTraceHeader, context.trace_id);
  }
  return request;
}

const std::string& S3Requester::region_of(const std::string& bucket) const {
  const auto known = regions_.find(bucket);
  return known == regions_.end() ? access_.endpoint.region : known->second;
}

HttpTransport& S3Requester::transport_for(const std::string& region) {
  auto& transport = signing_[region];
  if (!transport) {
    transport = make_signing_transport(access_.transport, signer_, server_clock_, {"s3", region});
  }
  return *transport;
}

S3Requester::Attempt<HttpResponse> S3Requester::open_once(const S3Call& call,
                                                          const Context& context) {
  const Clock::Time sent = access_.clock.now();
  return judged(call, transport_for(region_of(call.id.bucket)).open(request_for(call, context)),
                sent, context);
}

// A 2xx, or what is wrong: no other status passes, so no error's XML can reach a reader.
S3Requester::Attempt<HttpResponse> S3Requester::judged(const S3Call& call,
                                                       Result<HttpResponse> response,
                                                       Clock::Time sent, const Context& context) {
  if (!response) return tl::make_unexpected(s3_failure(call, std::move(response).error()));
  const Clock::Time received = access_.clock.now();
  const auto skew = measured_skew(sent, received, response->headers);
  const milliseconds offset = server_clock_.offset();
  if (skew) server_clock_.observe(*skew);
  if (is_success(response->status)) return std::move(*response);
  S3Failure failure = s3_failure(call, response->status, response->headers,
                                 read_refusal(*response->body), received);
  if (call.method == "HEAD" && response->status == 400 && failure.error.service_code.empty() &&
      failure.region.empty()) {
    failure = reason_of(call, std::move(failure), context);
  }
  // A HEAD that is refused has no code: a clock that turns out to be far off is the likely reason.
  const milliseconds news = std::chrono::abs(server_clock_.offset() - offset);
  if (response->status == 403 && failure.recovery == Recovery::none && news >= kSkewMin) {
    failure.recovery = Recovery::mend_clock;
  } else if (failure.recovery == Recovery::mend_clock) {
    if (skew) {
      server_clock_.set(*skew);
    } else if (failure.server_time) {
      server_clock_.set(std::chrono::duration_cast<milliseconds>(*failure.server_time - received));
    }
  }
  return tl::make_unexpected(std::move(failure));
}

// A token that has ended looks to a HEAD like a request that is wrong for good (400, and no body to
// say which): a GET of the same has S3's word for it. Of the object it asks for a byte.
S3Failure S3Requester::reason_of(const S3Call& head, S3Failure bare, const Context& context) {
  S3Call get = head;
  get.method = "GET";
  get.headers.set("Range", "bytes=0-0");
  auto response = transport_for(region_of(get.id.bucket)).open(request_for(get, context));
  if (!response) return s3_failure(head, std::move(response).error());
  if (is_success(response->status)) {
    response->body->cancel();
    return bare;
  }
  return s3_failure(head, response->status, response->headers, read_refusal(*response->body),
                    access_.clock.now());
}

S3Requester::Attempt<HttpReply> S3Requester::whole(const S3Call& call,
                                                   Attempt<HttpResponse> passed) {
  if (!passed) return tl::make_unexpected(std::move(passed).error());
  auto body = read_all(*passed->body, kReplyBytesMax, ErrorCode::network_invalid, "the answer");
  if (!body) return tl::make_unexpected(s3_failure(call, std::move(body).error()));
  if (is_error_document(*body)) {
    return tl::make_unexpected(
        s3_failure(call, passed->status, passed->headers, *body, access_.clock.now()));
  }
  return HttpReply{passed->status, std::move(passed->headers), std::move(*body)};
}

Result<std::string> S3Requester::presign(const S3Call& call, std::chrono::seconds expires) {
  TRY(credentials, access_.credentials.credentials());
  if (credentials.is_anonymous()) {
    return fail(ErrorCode::store_rejected,
                call_name(call) + ": anonymous requests have no signature to put into a URL");
  }
  const std::string& region = region_of(call.id.bucket);
  return presigned_url(call.method, object_url(in_region(access_.endpoint, region), call.id),
                       call.headers, expires, credentials,
                       {amz_time(server_clock_.now()), region, "s3"});
}

}  // namespace miniatura
