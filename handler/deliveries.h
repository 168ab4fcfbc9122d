// What a file or a stream holds, as deliveries: one JSON text, or one a line. Pure.
#pragma once

#include <string>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/result.h"

namespace miniatura {

struct FileDelivery {
  ByteView payload;  // within the file's text
  std::string id;    // the file, and its line where it holds several
};

// Lines it is where the text as a whole is no JSON and one of them is an object or a list: a line
// that went bad then costs that line alone. Blank lines are none; a byte order mark is skipped.
// `file` names it. The text outlives what is returned.
std::vector<FileDelivery> split_deliveries(ByteView text, const std::string& file);

struct StreamDelivery {
  Result<Bytes> payload;
  std::string id;
};

// The same of a stream, which may never end: from its first whole event on, each line is a delivery
// as soon as it is there. A text that begins otherwise is waited for.
class DeliveryStream {
 public:
  struct Limits {
    std::size_t line_bytes = std::size_t{16} << 20;   // a longer line costs itself alone
    std::size_t text_bytes = std::size_t{256} << 20;  // of what is waited for
  };
  explicit DeliveryStream(std::string name) : DeliveryStream(std::move(name), Limits()) {}
  DeliveryStream(std::string name, Limits limits) : name_(std::move(name)), limits_(limits) {}

  // What the next bytes complete.
  std::vector<StreamDelivery> push(ByteView bytes);
  // What is left; the last call.
  std::vector<StreamDelivery> finish();

 private:
  enum class Kind {
    unknown,  // no event yet: held until there is one
    text,     // began as a JSON text of several lines
    lines,
  };

  void take_line(std::vector<StreamDelivery>& ready);
  void deliver(ByteView line, std::size_t number, std::vector<StreamDelivery>& ready) const;
  void turn_to_lines(std::vector<StreamDelivery>& ready);
  void refuse(const std::string& what, std::vector<StreamDelivery>& ready);

  std::string name_;
  Limits limits_;
  Kind kind_ = Kind::unknown;
  Bytes held_;  // whole lines, while there is no event
  Bytes line_;  // so far
  std::size_t line_number_ = 0;
  bool is_skipping_ = false;  // the rest of what was too long
};

}  // namespace miniatura
