// What an ICC profile calls itself: "Display P3", "Adobe RGB (1998)". Pure; every read is bounded.
#pragma once

#include <string>

#include "runtime/bytes.h"

namespace miniatura {

// The profile's description (`desc`), of version 2 (ASCII) or 4 (its first language) as
// source_text; "" where the bytes hold none. They may be the profile's first alone. Source:
// ICC.1:2010 (7.2, 7.3, 9.2.41, 10.13) and ICC.1:2001-04 (6.5.17).
std::string icc_profile_name(ByteView profile);

}  // namespace miniatura
