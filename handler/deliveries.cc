#include "handler/deliveries.h"

#include <fmt/core.h>

#include <algorithm>

#include "runtime/json.h"

namespace miniatura {
namespace {

constexpr ByteView kByteOrderMark = "\xEF\xBB\xBF";
constexpr const char* kBlanks = " \t\r\n";

bool is_blank(ByteView line) { return line.find_first_not_of(kBlanks) == ByteView::npos; }

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
    if (is_blank(line)) continue;
    lines.push_back({line, fmt::format("{}:{}", file, line_number)});
    has_event = has_event || could_be_an_event(line);
  }
  if (!has_event) return {{text, file}};
  return lines;
}

void DeliveryStream::deliver(ByteView line, std::size_t number,
                             std::vector<StreamDelivery>& ready) const {
  if (!is_blank(line)) ready.push_back({Bytes(line), fmt::format("{}:{}", name_, number)});
}

// What was held turns out to be bad lines before the first good one.
void DeliveryStream::turn_to_lines(std::vector<StreamDelivery>& ready) {
  kind_ = Kind::lines;
  std::size_t number = 0;
  for (std::size_t start = 0; start < held_.size();) {
    const std::size_t end = held_.find('\n', start);
    deliver(ByteView(held_).substr(start, end - start), ++number, ready);
    start = end + 1;
  }
  held_ = Bytes();
}

void DeliveryStream::take_line(std::vector<StreamDelivery>& ready) {
  if (++line_number_ == 1 && line_.starts_with(kByteOrderMark)) {
    line_.erase(0, kByteOrderMark.size());
  }
  if (kind_ == Kind::unknown && !is_blank(line_)) {
    if (could_be_an_event(line_)) {
      turn_to_lines(ready);
    } else if (is_blank(held_) && begins_json(line_ + '\n')) {
      kind_ = Kind::text;
    }
  }
  if (kind_ == Kind::lines) {
    deliver(line_, line_number_, ready);
  } else {
    held_.append(line_).append("\n");
  }
  line_.clear();
}

void DeliveryStream::refuse(const std::string& what, std::vector<StreamDelivery>& ready) {
  ready.push_back({fail(ErrorCode::event_too_large, what),
                   kind_ == Kind::text ? name_ : fmt::format("{}:{}", name_, line_number_ + 1)});
  line_ = Bytes();
  is_skipping_ = true;
}

std::vector<StreamDelivery> DeliveryStream::push(ByteView bytes) {
  std::vector<StreamDelivery> ready;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    if (!is_skipping_) line_.append(bytes.substr(0, end));
    bytes.remove_prefix(end == ByteView::npos ? bytes.size() : end + 1);
    if (!is_skipping_ && held_.size() + line_.size() > limits_.text_bytes) {
      kind_ = Kind::text;
      held_ = Bytes();
      refuse(fmt::format("over the limit of {} bytes", limits_.text_bytes), ready);
    } else if (!is_skipping_ && kind_ != Kind::text && line_.size() > limits_.line_bytes) {
      turn_to_lines(ready);
      refuse(fmt::format("a line over the limit of {} bytes", limits_.line_bytes), ready);
    }
    if (end == ByteView::npos) continue;
    if (!is_skipping_) {
      take_line(ready);
    } else if (kind_ == Kind::lines) {
      is_skipping_ = false;
      ++line_number_;
    }
  }
  return ready;
}

std::vector<StreamDelivery> DeliveryStream::finish() {
  std::vector<StreamDelivery> ready;
  if (is_skipping_) return ready;
  if (kind_ == Kind::lines) {
    deliver(line_, line_number_ + 1, ready);
    return ready;
  }
  held_ += line_;
  for (const FileDelivery& delivery : split_deliveries(held_, name_)) {
    ready.push_back({Bytes(delivery.payload), delivery.id});
  }
  return ready;
}

}  // namespace miniatura
