// The configuration: from a file or the environment, and the options of a command, checked whole
// before anything starts.
//
//   --config FILE, MINIATURA_CONFIG=FILE|JSON  rules, presets, limits, store and journal
//                                              (config_file.h)
//
// or, without a file, one rule for every object:
//
//   MINIATURA_DEST=s3://bucket/prefix          where thumbnails go:
//   prefix/{dir}{name}/{preset}.{ext} MINIATURA_PRESETS=small=256x256,...        what to make
//   (thumb=256x256)
//
// A file and these two together are an error: neither could win without the other being ignored.
// Options win over these, and they over the file:
//
//   --store,   MINIATURA_STORE=s3:|file:///root          where objects live (s3:)
//   --journal, MINIATURA_JOURNAL=PATH|:memory:|none      what was done
//   --inbox,   MINIATURA_INBOX=PATH                      what `serve` has taken and not done yet
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "handler/rules.h"
#include "runtime/environment.h"
#include "runtime/result.h"
#include "thumbnailer/limits.h"

namespace miniatura {

// What the command line said; it wins over the environment.
struct ConfigOptions {
  std::string store;
  std::string journal;
  std::string file{};       // of the configuration
  std::string isolation{};  // isolation.h
  std::string engine{};     // the same
};

struct Config {
  Rules rules;
  Limits limits;
  std::string store;    // "s3:" or "file:///root"
  std::string journal;  // a path, ":memory:" or "none"
};

// Errors: config_missing without a rule; config_invalid, naming the variable, or the file and the
// field, and what is wrong in it. All that is wrong in a file, a line each, goes to `problems`.
Result<Config> load_config(const Environment& environment, const ConfigOptions& options,
                           std::vector<std::string>* problems = nullptr);

// The parts that commands use which need no rules. Errors: as above, of a file that was needed.
Result<std::string> store_setting(const Environment& environment, const ConfigOptions& options);
Result<std::string> inbox_setting(const Environment& environment, const std::string& option);
Result<std::string> journal_setting(const Environment& environment, const ConfigOptions& options);

// What rendering without rules needs; `presets`, in their short form, stand in place of those that
// are configured, unless they are empty.
struct RenderSettings {
  std::vector<Preset> presets;
  Limits limits;
};
Result<RenderSettings> render_settings(const Environment& environment, const ConfigOptions& options,
                                       std::string_view presets);

}  // namespace miniatura
