// Sends calls to S3 until they are answered: every attempt is addressed, signed and timed anew, and
// what goes wrong is tried again, mended or given up as the tables of recovery.h say.
//
// Mended are, once a call each: our clock (from the server's Date), the region (from the answer;
// remembered for the bucket), the credentials (a newer set). A call is given up when its attempts
// are used up, or when the next wait would not end before its deadline.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/clock.h"
#include "runtime/context.h"
#include "runtime/http.h"
#include "runtime/retry.h"
#include "s3client/clock_skew.h"
#include "s3client/credentials.h"
#include "s3client/s3_call.h"
#include "s3client/s3_error.h"
#include "s3client/uri.h"

namespace miniatura {

// What a requester stands on; all of it outlives the requester.
struct S3Access {
  HttpTransport& transport;  // bare: signing is the requester's
  CredentialsProvider& credentials;
  Clock& clock;
  S3Endpoint endpoint;
  std::function<double()> unit_random;  // in [0, 1)
  BackoffPolicy backoff = {};
};

// The credentials that the last request was signed with: they are what a refusal is about, though
// another thread may have had newer ones fetched by the time it comes.
class LastSigner : public CredentialsProvider {
 public:
  explicit LastSigner(CredentialsProvider& inner) : inner_(inner) {}

  Result<Credentials> credentials() override {
    auto given = inner_.credentials();
    if (given) last_ = *given;
    return given;
  }
  // Are there others now?
  bool renew();

 private:
  CredentialsProvider& inner_;
  Credentials last_;
};

// Answers are 2xx; every refusal is an Error with the object's name, the status, S3's code and
// request id, and the number of attempts. Not thread-safe.
class S3Requester {
 public:
  explicit S3Requester(S3Access access);

  // The body is pulled, and is not looked at: one that reads <Error> is data.
  Result<HttpResponse> open(const S3Call& call, const Context& context);

  // The body is read whole (8 MiB at most), and an <Error> in it is a refusal whatever the status
  // says.
  Result<HttpReply> send(const S3Call& call, const Context& context);

  // send() for all at the same time; the results stand in the order of the calls.
  std::vector<Result<HttpReply>> send_all(std::span<const S3Call> calls, const Context& context);

  // A URL that carries its signature. Errors: what the credentials say; store_rejected for
  // anonymous ones.
  Result<std::string> presign(const S3Call& call, std::chrono::seconds expires);

  Clock& clock() { return access_.clock; }
  // How long to wait before attempt `attempt` + 1; nothing where that is one too many, or too late.
  std::optional<std::chrono::milliseconds> wait_before_retry(int attempt, const S3Failure& failure,
                                                             const Context& context);

 private:
  struct Progress;
  template <class Answer>
  using Attempt = tl::expected<Answer, S3Failure>;

  template <class Answer, class Try>
  Result<Answer> until_answered(const S3Call& call, const Context& context, Try attempt);
  std::optional<std::chrono::milliseconds> again_after(Progress& progress, const S3Call& call,
                                                       const S3Failure& failure,
                                                       const Context& context);
  bool mend_region(const std::string& bucket, const std::string& region);

  HttpRequest request_for(const S3Call& call, const Context& context) const;
  const std::string& region_of(const std::string& bucket) const;
  HttpTransport& transport_for(const std::string& region);

  Attempt<HttpResponse> open_once(const S3Call& call, const Context& context);
  Attempt<HttpReply> whole(const S3Call& call, Attempt<HttpResponse> passed);
  Attempt<HttpResponse> judged(const S3Call& call, Result<HttpResponse> response, Clock::Time sent,
                               const Context& context);
  S3Failure reason_of(const S3Call& head, S3Failure bare, const Context& context);

  S3Access access_;
  ServerClock server_clock_;
  LastSigner signer_;
  std::map<std::string, std::string> regions_;  // of buckets, where they are not the endpoint's
  std::map<std::string, std::unique_ptr<HttpTransport>> signing_;  // by region
};

}  // namespace miniatura
