#include "handler/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "handler/config_checks.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr std::size_t kRulesMax = 100;
constexpr std::size_t kPrefixBytesMax = 1024;    // a key has no more
constexpr std::size_t kMetadataBytesMax = 1024;  // S3 takes 2 KiB, our own entries among them
constexpr std::string_view kOurMetadata = "miniatura-";

constexpr std::array<std::string_view, 5> kFormats = {"auto", "jpeg", "png", "webp", "avif"};
constexpr std::array<std::string_view, 2> kKept = {"copyright", "icc"};
constexpr std::array<std::string_view, 2> kRemovals = {"keep", "delete"};

constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 40;
constexpr std::uint64_t kCountMax = 1'000'000;
constexpr std::uint64_t kPixelsMax = std::uint64_t{1} << 32;

// What no codec of the day does yet.
void read_unbuilt_fields(ConfigObject& object) {
  std::vector<std::string> steps;
  object.texts("steps", steps);
  object.not_built("steps", steps.empty());
}

// Which pixels go where.
void read_layout(ConfigObject& object, Preset& preset) {
  object.number("width", preset.width, 1, kPresetSideMax);
  object.number("height", preset.height, 1, kPresetSideMax);
  if (object.is_there() && !object.has("width") && !object.has("height")) {
    object.problem("", "a width or a height is needed");
  }
  std::string fit(fit_name(preset.fit));
  object.choice("fit", fit, kFitNames);
  preset.fit = fit_named(fit).value_or(preset.fit);
  std::string gravity(kGravityNames.front());
  object.choice("gravity", gravity, kGravityNames);
  preset.gravity = gravity_named(gravity).value_or(preset.gravity);
  object.flag("enlarge", preset.enlarge);
  std::string background = colour_name(preset.background);
  object.text("background", background);
  if (const auto colour = colour_named(background)) {
    preset.background = *colour;
  } else {
    object.problem("background", fmt::format("\"{}\" is no colour; write #rrggbb", background));
  }
}

// What is done to the pixels on the way.
void read_finish(ConfigObject& object, Preset& preset) {
  object.flag("linear", preset.linear);
  object.fraction("sharpen", preset.sharpen, 0, kSharpenMax);
}

// What of the source's metadata stays.
void read_keep(ConfigObject& object, Preset& preset) {
  std::vector<std::string> keep = {"copyright"};
  object.texts("keep", keep);
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (std::find(kKept.begin(), kKept.end(), keep[i]) != kKept.end()) continue;
    object.problem(fmt::format("keep[{}]", i),
                   fmt::format("\"{}\" is none of {}", keep[i], fmt::join(kKept, ", ")));
  }
  const auto kept = [&](std::string_view what) {
    return std::find(keep.begin(), keep.end(), what) != keep.end();
  };
  preset.keep_copyright = kept("copyright");
  preset.keep_icc = kept("icc");
}

// How it is written.
void read_encoding(ConfigObject& object, Preset& preset) {
  std::string format = "auto";
  object.choice("format", format, kFormats);
  preset.format = output_format_named(format);
  object.flag("animated", preset.animated);
  if (preset.animated && preset.format && *preset.format != ImageFormat::webp) {
    object.problem("animated", fmt::format("{} does not move; write webp, or auto", format));
  }
  object.number("quality", preset.quality, 1, 100);
  object.number("max_bytes", preset.max_bytes, 1, kBytesMax);
  object.flag("progressive", preset.progressive);
  std::string subsampling(kSubsamplingNames.front());
  object.choice("subsampling", subsampling, kSubsamplingNames);
  preset.subsampling = subsampling_named(subsampling).value_or(preset.subsampling);
}

Preset read_preset(const std::string& name, ConfigObject object) {
  Preset preset;
  preset.name = name;
  if (!is_preset_name(name)) object.problem("", "a preset's name is 1 to 64 of A-Z a-z 0-9 _ -");
  read_layout(object, preset);
  read_finish(object, preset);
  read_encoding(object, preset);
  read_keep(object, preset);
  read_unbuilt_fields(object);
  object.finish();
  return preset;
}

std::vector<Preset> read_presets(ConfigObject& top) {
  std::vector<Preset> presets;
  for (auto& [name, object] : top.named_objects("presets")) {
    presets.push_back(read_preset(name, object));
  }
  return presets;
}

Match read_match(ConfigObject object) {
  Match match;
  if (object.text("bucket", match.bucket)) {
    const auto checked = check_bucket(match.bucket);
    if (!checked) object.problem("bucket", checked.error().message);
  }
  object.text("prefix", match.prefix);
  if (match.prefix.size() > kPrefixBytesMax) {
    object.problem("prefix", fmt::format("{} bytes, over the limit of {}: no key begins with it",
                                         match.prefix.size(), kPrefixBytesMax));
  }
  object.texts("suffix", match.suffixes);
  if (std::find(match.suffixes.begin(), match.suffixes.end(), "") != match.suffixes.end()) {
    object.problem("suffix", "an empty one would match every key");
  }
  object.finish();
  return match;
}

// The presets that a rule names.
std::vector<Preset> chosen(ConfigObject& object, const std::vector<Preset>& all) {
  std::vector<std::string> names;
  if (!object.texts("presets", names, true)) {
    if (object.is_there() && !object.has("presets")) {
      object.problem("presets", "missing: what is to be made?");
    }
    return {};
  }
  if (names.empty() || names.size() > kPresetsMax) {
    object.problem("presets", fmt::format("{} of them, not 1 to {}", names.size(), kPresetsMax));
  }
  std::vector<std::string> there;
  for (const Preset& preset : all) there.push_back(preset.name);
  std::vector<Preset> presets;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string path = fmt::format("presets[{}]", i);
    const auto found = std::find(there.begin(), there.end(), names[i]);
    if (found == there.end()) {
      object.problem(path,
                     fmt::format("no preset \"{}\"{}", names[i], did_you_mean(names[i], there)));
      continue;
    }
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      object.problem(path, fmt::format("\"{}\" is there twice", names[i]));
      continue;
    }
    presets.push_back(all[static_cast<std::size_t>(found - there.begin())]);
  }
  return presets;
}

struct Destination {
  std::string bucket;
  KeyTemplate key;
};

std::optional<Destination> read_destination(ConfigObject& object) {
  constexpr const char* kName = "destination";
  std::string text;
  if (!object.text(kName, text)) {
    if (object.is_there() && !object.has(kName)) {
      object.problem(kName,
                     "missing: where do thumbnails go? For example "
                     "\"s3://my-thumbnails/{dir}{name}/{preset}.{ext}\"");
    }
    return std::nullopt;
  }
  const std::size_t slash = text.find('/', std::string_view("s3://").size());
  if (text.substr(0, slash).find_first_of("{}") != std::string::npos) {
    object.problem(kName, fmt::format("a bucket has no fields in braces: \"{}\"", text));
    return std::nullopt;
  }
  const auto url = parse_s3_uri(text);
  if (!url) {
    object.problem(kName, url.error().message);
    return std::nullopt;
  }
  if (url->key.empty()) {
    object.problem(kName, fmt::format("\"{}\" has no key; for example {}/{{dir}}{{name}}/{{preset}}"
                                      ".{{ext}}",
                                      text, text.substr(0, slash)));
    return std::nullopt;
  }
  auto key = KeyTemplate::parse(url->key);
  if (!key) {
    object.problem(kName, key.error().message);
    return std::nullopt;
  }
  return Destination{url->bucket, *std::move(key)};
}

// What S3 would refuse of these at every PUT is refused here, once.
void check_put_part(ConfigObject& object, const char* name, PutRequest request) {
  request.bucket = "bucket";
  request.key = "key";
  const auto checked = check_put(request);
  if (checked) return;
  const std::string_view about = "bucket/key: ";
  const std::string& message = checked.error().message;
  object.problem(name, message.starts_with(about) ? message.substr(about.size()) : message);
}

PutFields read_put_fields(ConfigObject& object) {
  PutFields put;
  PutRequest probe;
  if (object.text("cache_control", put.cache_control)) {
    probe.cache_control = put.cache_control;
    check_put_part(object, "cache_control", probe);
  }
  probe = {};
  if (object.text("storage_class", put.storage_class)) {
    probe.storage_class = put.storage_class;
    check_put_part(object, "storage_class", probe);
  }
  probe = {};
  if (object.map("tags", put.tags)) {
    probe.tags = put.tags;
    check_put_part(object, "tags", probe);
  }
  probe = {};
  if (object.map("metadata", put.metadata)) {
    probe.metadata = put.metadata;
    check_put_part(object, "metadata", probe);
  }
  std::size_t bytes = 0;
  for (const auto& [name, value] : put.metadata) {
    bytes += name.size() + value.size();
    if (name.starts_with(kOurMetadata)) {
      object.problem("metadata." + name, fmt::format("names with {} are ours", kOurMetadata));
    }
  }
  if (bytes > kMetadataBytesMax) {
    object.problem("metadata",
                   fmt::format("{} bytes, over the limit of {}", bytes, kMetadataBytesMax));
  }
  return put;
}

// Nothing where its destination or its presets are wrong, which is noted then.
std::optional<Rule> read_rule(ConfigObject object, const std::vector<Preset>& all) {
  Match match = read_match(object.object("match"));
  std::vector<Preset> presets = chosen(object, all);
  auto destination = read_destination(object);
  PutFields put = read_put_fields(object);
  std::string on_remove = "keep";
  object.choice("on_remove", on_remove, kRemovals);
  if (on_remove == "delete" && destination && destination->key.uses("etag")) {
    object.problem("on_remove",
                   "the event of a removal has no etag, and the destination uses {etag}");
  }
  bool use_version = false;
  object.flag("use_version", use_version);
  object.finish();
  if (!destination || presets.empty()) return std::nullopt;
  return Rule{object.path_of(""),          std::move(presets), std::move(destination->bucket),
              std::move(destination->key), std::move(match),   std::move(put),
              on_remove == "delete",       use_version};
}

Rules read_rules(ConfigObject& top, const std::vector<Preset>& presets) {
  Rules rules;
  const std::vector<ConfigObject> objects = top.objects("rules");
  if (objects.size() > kRulesMax) {
    top.problem("rules",
                fmt::format("{} of them, over the limit of {}", objects.size(), kRulesMax));
    return rules;
  }
  for (const ConfigObject& object : objects) {
    auto rule = read_rule(object, presets);
    if (rule) rules.rules.push_back(*std::move(rule));
  }
  return rules;
}

Limits read_limits(ConfigObject object, Limits limits) {
  object.number("source_bytes", limits.source_bytes, 1, kBytesMax);
  object.number("pixels", limits.pixels, 1, kPixelsMax);
  object.number("decoded_bytes", limits.decoded_bytes, 1, kBytesMax);
  object.number("frames", limits.frames, 1, kCountMax);
  object.number("scans", limits.scans, 1, kCountMax);
  object.number("metadata_bytes", limits.metadata_bytes, 1, kBytesMax);
  object.number("cpu_ms", limits.cpu_ms, 1, kCountMax);
  object.finish();
  return limits;
}

}  // namespace

ConfigFile read_config(const Json& json, const Limits& limits, ConfigReading& reading) {
  ConfigFile file;
  ConfigObject top(&json, "", "", reading);
  file.presets = read_presets(top);
  file.rules = read_rules(top, file.presets);
  file.limits = read_limits(top.object("limits"), limits);
  std::string journal;
  if (top.text("journal", journal)) file.journal = journal;
  std::string store;
  if (top.text("store", store)) file.store = store;
  if (file.journal == "") top.problem("journal", "empty; write a path, :memory: or none");
  if (file.store && *file.store != "s3:" && !file.store->starts_with("file:///")) {
    top.problem("store", fmt::format("\"{}\" is neither s3: nor file:///directory", *file.store));
  }
  top.finish();
  check_rules(file.rules, reading);
  return file;
}

Result<ConfigFile> parse_config_file(ByteView text, const std::string& what, const Limits& limits,
                                     std::vector<std::string>& problems) {
  auto written = parse_written_json(text, what);
  if (!written) {
    problems.push_back(written.error().message);
    return fail(std::move(written).error());
  }
  ConfigReading reading;
  for (const std::string& path : written->twice) reading.problem(path, "there twice");
  ConfigFile file = read_config(written->value, limits, reading);
  if (reading.problems.empty()) return file;
  for (const std::string& problem : reading.problems)
    problems.push_back(fmt::format("{}: {}", what, problem));
  std::string message = problems.front();
  if (problems.size() > 1) {
    message += fmt::format(" (and {} more: miniatura config check)", problems.size() - 1);
  }
  return fail(ErrorCode::config_invalid, std::move(message));
}

std::vector<ConfigField> config_fields() {
  ConfigReading reading;
  reading.collects = true;
  const Json sample = {{"rules", {Json::object()}}, {"presets", {{"a", Json::object()}}}};
  read_config(sample, {}, reading);
  return reading.fields;
}

}  // namespace miniatura
