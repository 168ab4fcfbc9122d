// A store's refusal: the first lines are the method, the status and headers, the rest is the body.
#include <fmt/core.h>

#include "s3client/s3_error.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  ByteView text = view_of(data, size);
  S3Call call;
  call.method = take_line(text).substr(0, 1) == "H" ? "HEAD" : "PUT";
  call.id = {"bucket", std::string(take_line(text)), ""};
  const int status = std::atoi(std::string(take_line(text).substr(0, 4)).c_str());
  HttpHeaders headers;
  for (const char* name : {"x-amz-bucket-region", "Retry-After", "Date", "x-minio-error-code"}) {
    headers.add(name, std::string(take_line(text)));
  }
  const S3Failure failure = s3_failure(call, status, headers, text, Clock::Time{});
  must(failure.error.message.find_first_of("\r\n") == std::string::npos);
  must(failure.error.service_code.size() <= 500 && failure.error.request_id.size() <= 500);
  // "Unknown" is never "not found".
  if (failure.error.code == ErrorCode::store_not_found && call.method != "HEAD") {
    must(failure.error.service_code == "NoSuchKey" ||
         failure.error.service_code == "NoSuchVersion");
  }
  return 0;
}
