// An S3 server of the tests' own: started once an executable, on a free port of 127.0.0.1 with its
// objects in a temporary directory, stopped at the end by its pid (and by the kernel, should the
// tests die).
//
// The binary is the one that $MINIATURA_MINIO or $MINIATURA_VERSITYGW names if that is set, else
// `minio` or `versitygw` on the PATH, or in .tools/bin of the source tree. Without one the tests
// are skipped; where CI=true is set, that is a failure.
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

class LiveServer {
 public:
  // The one of this executable; null without a binary or where it does not come up. Throws instead
  // of that where CI=true is set.
  static LiveServer* minio();
  static LiveServer* versity();  // the Versity S3 Gateway, on a directory

  ~LiveServer();

  const std::string& url() const { return url_; }  // "http://127.0.0.1:40123"
  static Credentials credentials();
  Environment environment() const;  // what a program needs to speak to it

  // By a signed PUT; a fresh name each time.
  std::string make_bucket();

  std::unique_ptr<ObjectStore> open() const;  // the whole stack, as the program's own

 private:
  struct Kind;

  LiveServer() = default;
  static std::unique_ptr<LiveServer> started(const Kind& kind);
  bool start(const Kind& kind, const std::string& binary);
  bool wait_until_ready() const;
  bool signed_put(const std::string& path) const;

  TemporaryDirectory directory_;
  std::string url_;
  pid_t pid_ = -1;
  int buckets_ = 0;
};

}  // namespace miniatura
