// XML as S3 answers it, and the one place that names libxml2.
//
// Untrusted: a DOCTYPE is an error, nothing is fetched, no entity is replaced but the five of XML
// itself, and nothing is printed. Bytes, elements and depth are bounded.
#pragma once

#include <cstddef>
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

inline constexpr std::size_t kXmlBytesMax = std::size_t{1} << 20;  // unless the caller knows better

// The root element. Errors: network_invalid, naming `what` and the line or the limit.
Result<XmlElement> parse_xml(ByteView text, std::string_view what,
                             std::size_t bytes_max = kXmlBytesMax);

}  // namespace miniatura
