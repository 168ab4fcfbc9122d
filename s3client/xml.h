// XML as S3 answers it, and the one place that names libxml2.
//
// Untrusted: a DOCTYPE is an error, nothing is fetched, no entity is replaced but the five of XML
// itself, and nothing is printed. 1 MiB at most.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/result.h"

namespace miniatura {

struct XmlElement {
  std::string name;  // without its namespace's prefix
  std::string text;  // its own, CDATA too, not that of its children
  std::vector<XmlElement> children;

  const XmlElement* child(std::string_view child_name) const;  // the first, or null
  std::string text_at(std::string_view child_name) const;      // "" where there is none
};

// The root element. Errors: network_invalid, naming `what` and the line.
Result<XmlElement> parse_xml(ByteView text, std::string_view what);

}  // namespace miniatura
