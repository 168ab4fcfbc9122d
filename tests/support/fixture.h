// Files that the tests bring along: tests/fixtures/.
#pragma once

#include <string>

#include "runtime/bytes.h"

namespace miniatura {

// The bytes of tests/fixtures/NAME; throws if it is not there.
Bytes read_fixture(const std::string& name);

// A directory of the test's own, gone with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace miniatura
