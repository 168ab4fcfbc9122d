#include "handler/config.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr std::string_view kDest = "MINIATURA_DEST";
constexpr std::string_view kPresets = "MINIATURA_PRESETS";
constexpr const char* kDefaultPresets = "thumb=256x256";

tl::unexpected<Error> invalid(std::string_view variable, std::string_view why) {
  return fail(ErrorCode::config_invalid, fmt::format("{}: {}", variable, why));
}

Result<Rule> rule_from(const Environment& environment) {
  const auto destination = environment.get(std::string(kDest));
  if (!destination) {
    return fail(
        ErrorCode::config_missing,
        fmt::format("{} is not set: where do thumbnails go? For example {}=s3://my-thumbnails/",
                    kDest, kDest));
  }
  const auto url = parse_s3_uri(*destination);
  if (!url) return invalid(kDest, url.error().message);
  std::string prefix = url->key;
  if (prefix.find_first_of("{}") != std::string::npos) {
    return invalid(
        kDest,
        fmt::format(
            "fields in braces do not belong here; {{dir}}{{name}}/{{preset}}.{{ext}} follows: "
            "\"{}\"",
            *destination));
  }
  if (!prefix.empty() && prefix.back() != '/') prefix += '/';
  TRY(key, KeyTemplate::parse(prefix + "{dir}{name}/{preset}.{ext}"));
  TRY(presets, presets_setting(environment));
  return Rule{std::string(kDest), std::move(presets), url->bucket, std::move(key)};
}

}  // namespace

std::string store_setting(const Environment& environment, const ConfigOptions& options) {
  return options.store.empty() ? environment.get_or("MINIATURA_STORE", "s3:") : options.store;
}

std::string journal_setting(const Environment& environment, const ConfigOptions& options) {
  if (!options.journal.empty()) return options.journal;
  if (const auto journal = environment.get("MINIATURA_JOURNAL")) return *journal;
  // In Lambda only /tmp can be written, and it goes with the sandbox: there the log line is the
  // record.
  if (environment.get("AWS_LAMBDA_RUNTIME_API")) return "/tmp/miniatura-journal.db";
  if (const auto state = environment.get("XDG_STATE_HOME")) return *state + "/miniatura/journal.db";
  if (const auto home = environment.get("HOME"))
    return *home + "/.local/state/miniatura/journal.db";
  return "none";
}

Result<std::vector<Preset>> presets_setting(const Environment& environment) {
  auto presets = parse_presets(environment.get_or(std::string(kPresets), kDefaultPresets));
  if (!presets) return invalid(kPresets, presets.error().message);
  return presets;
}

Limits limits_setting(const Environment& environment) {
  Limits limits;
  const std::string memory_mb = environment.get_or("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "");
  std::uint64_t megabytes = 0;
  const auto parsed =
      std::from_chars(memory_mb.data(), memory_mb.data() + memory_mb.size(), megabytes);
  if (parsed.ec == std::errc() && megabytes > 0)
    limits.decoded_bytes = decoded_bytes_for_memory(megabytes << 20);
  return limits;
}

Result<Config> load_config(const Environment& environment, const ConfigOptions& options) {
  if (environment.get("MINIATURA_CONFIG")) {
    return invalid(
        "MINIATURA_CONFIG",
        "configuration files are not read yet; use MINIATURA_DEST and MINIATURA_PRESETS");
  }
  Config config;
  TRY(rule, rule_from(environment));
  config.rules.rules.push_back(std::move(rule));
  config.limits = limits_setting(environment);
  config.store = store_setting(environment, options);
  config.journal = journal_setting(environment, options);
  return config;
}

}  // namespace miniatura
