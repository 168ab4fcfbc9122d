// The configuration: from the environment and the options of a command, checked whole before
// anything starts.
//
//   MINIATURA_DEST=s3://bucket/prefix         where every object's thumbnails go:
//                                             prefix/{dir}{name}/{preset}.{ext}
//   MINIATURA_PRESETS=small=256x256,...       what to make (thumb=256x256)
//   MINIATURA_STORE=s3:|file:///root          where objects live (s3:)
//   MINIATURA_JOURNAL=PATH|:memory:|none      what was done
//
// What is not built yet (MINIATURA_CONFIG, a file of rules) is an error, never ignored.
#pragma once

#include <optional>
#include <string>

#include "handler/rules.h"
#include "runtime/environment.h"
#include "runtime/result.h"
#include "thumbnailer/limits.h"

namespace miniatura {

// What the command line said; it wins over the environment.
struct ConfigOptions {
  std::string store;
  std::string journal;
};

struct Config {
  Rules rules;
  Limits limits;
  std::string store;    // "s3:" or "file:///root"
  std::string journal;  // a path, ":memory:" or "none"
};

// Errors: config_missing without MINIATURA_DEST; config_invalid, naming the variable and what is
// wrong in it.
Result<Config> load_config(const Environment& environment, const ConfigOptions& options);

// The parts that commands use which need no rules.
std::string store_setting(const Environment& environment, const ConfigOptions& options);
std::string journal_setting(const Environment& environment, const ConfigOptions& options);
Result<std::vector<Preset>> presets_setting(const Environment& environment);
Limits limits_setting(const Environment& environment);

}  // namespace miniatura
