// What an S3Requester or an S3Store stands on in tests: scripted answers, a clock that stands, and
// no luck.
#pragma once

#include <memory>

#include "s3client/s3_requester.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

namespace miniatura {

struct ScriptedS3 {
  S3Access access() {
    return {transport, *credentials, clock, endpoint, [] { return 0.5; }};
  }
  // The request of that number, and a header of it ("" where it is absent).
  const HttpRequest& sent(std::size_t index) const { return transport.seen().at(index).request; }
  std::string header(std::size_t index, std::string_view name) const {
    return sent(index).headers.get_or(name, "");
  }

  ScriptedTransport transport;
  ManualClock clock;
  std::unique_ptr<CredentialsProvider> credentials = fixed_credentials({"AKIA1", "secret", ""});
  S3Endpoint endpoint{"http://h:9000", true, "us-east-1"};
};

}  // namespace miniatura
