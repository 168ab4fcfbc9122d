// What a store's refusal says: its status, headers and XML as an Error, with what there is to mend.
// Pure.
#pragma once

#include <optional>
#include <string>

#include "runtime/clock.h"
#include "runtime/http.h"
#include "s3client/recovery.h"
#include "s3client/s3_call.h"

namespace miniatura {

struct S3Failure {
  Error error;
  Recovery recovery = Recovery::none;
  std::string region;                      // that of the bucket, where the answer names one
  std::optional<Clock::Time> server_time;  // where the body names it
};

// For any status but 2xx, and for a 2xx whose body is an <Error>. `body` is what came, cut or not;
// it may be anything. `now` is what a Retry-After that is a date counts from.
S3Failure s3_failure(const S3Call& call, int status, const HttpHeaders& headers, ByteView body,
                     Clock::Time now);

// What the transport could not do, with the object that it was for.
S3Failure s3_failure(const S3Call& call, Error error);

// "GET bucket/key": whose error it is.
std::string call_name(const S3Call& call);

}  // namespace miniatura
