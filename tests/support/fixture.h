// Files that the tests bring along: tests/fixtures/ and tests/images/.
#pragma once

#include <string>

#include "runtime/bytes.h"

namespace miniatura {

// The bytes of tests/fixtures/NAME; throws if it is not there.
Bytes read_fixture(const std::string& name);
// The same of tests/images/NAME, one of the pictures that make.py there makes.
Bytes read_picture(const std::string& name);

}  // namespace miniatura
