#include "handler/deliveries.h"

#include <fmt/core.h>

#include <algorithm>

#include "runtime/json.h"

namespace miniatura {
namespace {

constexpr ByteView kByteOrderMark = "\xEF\xBB\xBF";
constexpr const char* kBlanks = " \t\r\n";

bool could_be_an_event(ByteView line) {
  const char first = line[line.find_first_not_of(kBlanks)];
  return (first == '{' || first == '[') && is_json(line);
}

}  // namespace

std::vector<FileDelivery> split_deliveries(ByteView text, const std::string& file) {
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  // Of lines, this reads the first and a byte of the next.
  if (is_json(text)) return {{text, file}};
  std::vector<FileDelivery> lines;
  bool has_event = false;
  std::size_t line_number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const ByteView line = text.substr(start, end - start);
    ++line_number;
    start = end + 1;
    if (line.find_first_not_of(kBlanks) == ByteView::npos) continue;
    lines.push_back({line, fmt::format("{}:{}", file, line_number)});
    has_event = has_event || could_be_an_event(line);
  }
  if (!has_event) return {{text, file}};
  return lines;
}

}  // namespace miniatura
