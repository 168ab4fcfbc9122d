// What a file holds, as deliveries: one JSON text, or one a line. Pure.
#pragma once

#include <string>
#include <vector>

#include "runtime/bytes.h"

namespace miniatura {

struct FileDelivery {
  ByteView payload;  // within the file's text
  std::string id;    // the file, and its line where it holds several
};

// Lines it is where the text as a whole is no JSON and one of them is an object or a list: a line
// that went bad then costs that line alone. Blank lines are none; a byte order mark is skipped.
// `file` names it. The text outlives what is returned.
std::vector<FileDelivery> split_deliveries(ByteView text, const std::string& file);

}  // namespace miniatura
