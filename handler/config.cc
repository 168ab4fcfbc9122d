#include "handler/config.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "handler/config_file.h"
#include "runtime/bytes.h"
#include "runtime/json.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr std::string_view kDest = "MINIATURA_DEST";
constexpr std::string_view kPresets = "MINIATURA_PRESETS";
constexpr std::string_view kConfig = "MINIATURA_CONFIG";
constexpr const char* kDefaultPresets = "thumb=256x256";

tl::unexpected<Error> invalid(std::string_view variable, std::string_view why) {
  return fail(ErrorCode::config_invalid, fmt::format("{}: {}", variable, why));
}

Result<std::vector<Preset>> environment_presets(const Environment& environment) {
  auto presets = parse_presets(environment.get_or(std::string(kPresets), kDefaultPresets));
  if (!presets) return invalid(kPresets, presets.error().message);
  return presets;
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
  TRY(presets, environment_presets(environment));
  return Rule{std::string(kDest), std::move(presets), url->bucket, std::move(key)};
}

// "{" after spaces and comments: the JSON itself, and no path.
bool is_json_itself(std::string_view text) {
  const Bytes bare = without_comments(text);
  const std::size_t start = bare.find_first_not_of(" \t\r\n");
  return start != std::string::npos && bare[start] == '{';
}

// How a message calls the configuration: its file, or the variable that holds it.
struct ConfigText {
  std::string what;
  Bytes text;
};

Result<std::optional<ConfigText>> config_text(const Environment& environment,
                                              const ConfigOptions& options) {
  const auto variable = environment.get(std::string(kConfig));
  if (options.file.empty() && !variable) return std::nullopt;
  if (options.file.empty() && is_json_itself(*variable)) {
    if (variable->size() > kConfigBytesMax) {
      return invalid(kConfig, fmt::format("{} bytes, over the limit of {}", variable->size(),
                                          kConfigBytesMax));
    }
    return ConfigText{std::string(kConfig), *variable};
  }
  const std::string path = options.file.empty() ? *variable : options.file;
  auto text = read_file(path, kConfigBytesMax, ErrorCode::config_invalid);
  if (!text) {
    return invalid(options.file.empty() ? kConfig : "--config", text.error().message);
  }
  return ConfigText{path, *std::move(text)};
}

Limits machine_limits(const Environment& environment) {
  Limits limits;
  const std::string memory_mb = environment.get_or("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "");
  std::uint64_t megabytes = 0;
  const auto parsed =
      std::from_chars(memory_mb.data(), memory_mb.data() + memory_mb.size(), megabytes);
  if (parsed.ec == std::errc() && megabytes > 0)
    limits.decoded_bytes = decoded_bytes_for_memory(megabytes << 20);
  return limits;
}

// The file, if there is one.
Result<std::optional<ConfigFile>> config_file(const Environment& environment,
                                              const ConfigOptions& options,
                                              std::vector<std::string>& problems) {
  TRY(text, config_text(environment, options));
  if (!text) return std::nullopt;
  TRY(file, parse_config_file(text->text, text->what, machine_limits(environment), problems));
  return std::optional(std::move(file));
}

Result<std::optional<ConfigFile>> config_file(const Environment& environment,
                                              const ConfigOptions& options) {
  std::vector<std::string> problems;
  return config_file(environment, options, problems);
}

// The rules of a file, or of the environment, never of both.
Result<void> refuse_both(const Environment& environment, const ConfigOptions& options,
                         std::initializer_list<std::string_view> variables) {
  for (const std::string_view variable : variables) {
    if (!environment.get(std::string(variable))) continue;
    return invalid(variable, fmt::format("is set, and so is {}; unset one: a file says all of it",
                                         options.file.empty() ? kConfig : "--config"));
  }
  return {};
}

std::string store_of(const Environment& environment, const ConfigOptions& options,
                     const std::optional<ConfigFile>& file) {
  if (!options.store.empty()) return options.store;
  if (const auto store = environment.get("MINIATURA_STORE")) return *store;
  return file ? file->store.value_or("s3:") : "s3:";
}

// Where the XDG convention keeps what is to outlive the process; nothing without a home.
std::optional<std::string> state_file(const Environment& environment, const char* name) {
  if (const auto state = environment.get("XDG_STATE_HOME")) {
    return fmt::format("{}/miniatura/{}", *state, name);
  }
  if (const auto home = environment.get("HOME")) {
    return fmt::format("{}/.local/state/miniatura/{}", *home, name);
  }
  return std::nullopt;
}

std::string journal_of(const Environment& environment, const ConfigOptions& options,
                       const std::optional<ConfigFile>& file) {
  if (!options.journal.empty()) return options.journal;
  if (const auto journal = environment.get("MINIATURA_JOURNAL")) return *journal;
  if (file && file->journal) return *file->journal;
  // In Lambda only /tmp can be written, and it goes with the sandbox: there the log line is the
  // record.
  if (environment.get("AWS_LAMBDA_RUNTIME_API")) return "/tmp/miniatura-journal.db";
  return state_file(environment, "journal.db").value_or("none");
}

}  // namespace

// What wins over a file spares its reading: a command that needs nothing of it works without it.
Result<std::string> store_setting(const Environment& environment, const ConfigOptions& options) {
  if (!options.store.empty() || environment.get("MINIATURA_STORE")) {
    return store_of(environment, options, std::nullopt);
  }
  TRY(file, config_file(environment, options));
  return store_of(environment, options, file);
}

Result<std::string> inbox_setting(const Environment& environment, const std::string& option) {
  if (!option.empty()) return option;
  if (const auto path = environment.get("MINIATURA_INBOX")) return *path;
  if (const auto path = state_file(environment, "inbox.db")) return *path;
  return fail(ErrorCode::config_missing,
              "no place for the inbox: --inbox or MINIATURA_INBOX (there is no HOME)");
}

Result<std::string> journal_setting(const Environment& environment, const ConfigOptions& options) {
  if (!options.journal.empty() || environment.get("MINIATURA_JOURNAL")) {
    return journal_of(environment, options, std::nullopt);
  }
  TRY(file, config_file(environment, options));
  return journal_of(environment, options, file);
}

Result<RenderSettings> render_settings(const Environment& environment, const ConfigOptions& options,
                                       std::string_view presets) {
  RenderSettings settings;
  if (!presets.empty()) {
    TRY(said, parse_presets(presets));
    settings.presets = std::move(said);
  }
  TRY(file, config_file(environment, options));
  settings.limits = file ? file->limits : machine_limits(environment);
  if (!settings.presets.empty()) return settings;
  if (!file) {
    TRY(configured, environment_presets(environment));
    settings.presets = std::move(configured);
    return settings;
  }
  CHECKED(refuse_both(environment, options, {kPresets}));
  if (file->presets.empty()) return fail(ErrorCode::config_missing, "the file has no presets");
  settings.presets = std::move(file->presets);
  return settings;
}

Result<Config> load_config(const Environment& environment, const ConfigOptions& options,
                           std::vector<std::string>* problems) {
  std::vector<std::string> unwanted;
  TRY(file, config_file(environment, options, problems == nullptr ? unwanted : *problems));
  Config config;
  config.store = store_of(environment, options, file);
  config.journal = journal_of(environment, options, file);
  if (!file) {
    TRY(rule, rule_from(environment));
    config.rules.rules.push_back(std::move(rule));
    config.limits = machine_limits(environment);
    return config;
  }
  CHECKED(refuse_both(environment, options, {kDest, kPresets}));
  if (file->rules.rules.empty()) {
    return fail(ErrorCode::config_missing,
                "the file has no rules: which objects get which thumbnails, and where?");
  }
  config.rules = std::move(file->rules);
  config.limits = file->limits;
  return config;
}

}  // namespace miniatura
