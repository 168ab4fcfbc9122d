// The text of the files that AWS's tools share, ~/.aws/config and ~/.aws/credentials, taken apart.
// Pure; what the sections mean is profile.h's.
//
//   # a comment, or ; one               whole lines, and after a space behind a value
//   [profile work]                      the last of two sections' equal fields counts
//   region = eu-west-1                  names without case
//   s3 =                                what is indented under an empty value is a field of it:
//     endpoint_url = http://h           "s3.endpoint_url"
//   credential_process = /opt/tool      what is indented under another value continues it
//     --role reader
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "runtime/bytes.h"
#include "runtime/result.h"

namespace miniatura {

using ProfileFields = std::map<std::string, std::string>;      // names in lower case
using ProfileSections = std::map<std::string, ProfileFields>;  // "default", "profile work"

// A byte order mark and CRLF are no matter; a name may stand in quotes ([profile "my work"]).
// Errors: config_invalid, naming `file` and the line, and never what it holds.
Result<ProfileSections> parse_profile_file(ByteView text, std::string_view file);

}  // namespace miniatura
