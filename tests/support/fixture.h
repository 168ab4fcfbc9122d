// Files that the tests bring along: tests/fixtures/.
#pragma once

#include <string>

#include "runtime/bytes.h"

namespace miniatura {

// The bytes of tests/fixtures/NAME; throws if it is not there.
Bytes read_fixture(const std::string& name);

}  // namespace miniatura
