// A MinIO of the tests' own: started once an executable, on a free port of 127.0.0.1 with its
// objects in a temporary directory, stopped at the end by its pid (and by the kernel, should the
// tests die).
//
// The binary is $MINIATURA_MINIO if that is set, else `minio` on the PATH, or .tools/bin/minio in
// the source tree. Without one the tests are skipped; where CI=true is set, that is a failure.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "runtime/clock.h"
#include "runtime/environment.h"
#include "s3client/credentials.h"
#include "s3client/object_store.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {

class LiveMinio {
 public:
  // The one of this executable; null without a binary or where it does not come up. Throws instead
  // of that where CI=true is set.
  static LiveMinio* shared();

  ~LiveMinio();

  const std::string& url() const { return url_; }  // "http://127.0.0.1:40123"
  static Credentials credentials();
  Environment environment() const;  // what a program needs to speak to it

  // By a signed PUT; a fresh name each time.
  std::string make_bucket();

  std::unique_ptr<ObjectStore> open() const;  // the whole stack, as the program's own

 private:
  LiveMinio() = default;
  bool start(const std::string& binary);
  bool wait_until_ready() const;
  bool signed_put(const std::string& path) const;

  TemporaryDirectory directory_;
  std::string url_;
  pid_t pid_ = -1;
  int buckets_ = 0;
};

}  // namespace miniatura
