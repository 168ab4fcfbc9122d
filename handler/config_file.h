// The configuration file: rules, presets and limits as JSON with comments.
//
// Pure: a text becomes values, or everything that is wrong with it. What stands in it and is not
// built yet is wrong, too: a setting is never ignored.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "handler/config_reader.h"
#include "handler/rules.h"
#include "thumbnailer/limits.h"

namespace miniatura {

inline constexpr std::size_t kConfigBytesMax = std::size_t{1} << 20;

struct ConfigFile {
  std::vector<Preset> presets;  // in the file's order
  Rules rules;                  // may be none
  Limits limits;
  std::optional<std::string> journal;
  std::optional<std::string> store;
};

// `limits` are the defaults of this machine. What is wrong goes to `reading`; the result is only
// good for use if nothing does.
ConfigFile read_config(const Json& json, const Limits& limits, ConfigReading& reading);

// A text of kConfigBytesMax at most; `what` names it in messages. Errors: config_invalid; all that
// is wrong, a line each, is in `problems`, and the message tells the first.
Result<ConfigFile> parse_config_file(ByteView text, const std::string& what, const Limits& limits,
                                     std::vector<std::string>& problems);

// All fields that a file may have.
std::vector<ConfigField> config_fields();

}  // namespace miniatura
