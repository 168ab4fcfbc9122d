// An HttpTransport that signs what passes through it (Signature Version 4): for S3, and by the same
// seam for any other service of AWS.
//
// Each call signs anew, so a retrying transport belongs around this one: every attempt then has its
// own time and the newest credentials. Anonymous credentials let it through as it came.
#pragma once

#include <memory>
#include <string>

#include "runtime/clock.h"
#include "runtime/http.h"
#include "s3client/credentials.h"

namespace miniatura {

struct SigningTarget {
  std::string service;  // "s3", "sqs"
  std::string region;
};

// `inner`, `credentials` and `clock` outlive the transport. Errors besides those of `inner`: what
// the provider says.
std::unique_ptr<HttpTransport> make_signing_transport(HttpTransport& inner,
                                                      CredentialsProvider& credentials,
                                                      const Clock& clock, SigningTarget target);

}  // namespace miniatura
