#include "handler/config_checks.h"

#include <fmt/core.h>

#include <algorithm>

namespace miniatura {
namespace {

bool either_begins_with(const std::string& a, const std::string& b) {
  return a.starts_with(b) || b.starts_with(a);
}

// The key of a thumbnail of `source`. A template is no function of a preset but by its fields, so
// that one source of each kind (`auto` tells them apart by suffix) shows what any other would.
std::string key_for(const Rule& rule, const Preset& preset, const std::string& source) {
  TemplateValues values;
  values.key = source;
  values.etag = "etag";
  values.preset = preset.name;
  values.extension = format_extension(output_format(preset, source));
  values.width = preset.width;
  values.height = preset.height;
  return rule.destination_key.expand(values).value_or("");
}

bool same_key(const Rule& rule_a, const Preset& a, const Rule& rule_b, const Preset& b) {
  for (const char* source : {"dir/name.jpg", "dir/name.png"}) {
    if (key_for(rule_a, a, source) == key_for(rule_b, b, source)) return true;
  }
  return false;
}

void check_presets(const Rule& rule, ConfigReading& reading) {
  for (std::size_t i = 0; i < rule.presets.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!same_key(rule, rule.presets[i], rule, rule.presets[j])) continue;
      reading.problem(
          rule.name + ".destination",
          fmt::format("the presets \"{}\" and \"{}\" would have the same key; {{preset}} "
                      "tells them apart",
                      rule.presets[j].name, rule.presets[i].name));
      return;
    }
  }
}

// Keys under a destination's literal prefix are never worked on (rules): a rule's prefix within it
// would match nothing, and one around it would match what we write.
void check_feeding(const Rule& rule, const Rule& other, ConfigReading& reading) {
  const std::string& literal = other.destination_key.literal_prefix();
  if (rule.match.bucket != other.destination_bucket) return;
  if (!either_begins_with(literal, rule.match.prefix)) return;
  const std::string whose = &rule == &other ? "its own destination" : other.name + ".destination";
  reading.problem(
      rule.name + ".match",
      literal.starts_with(rule.match.prefix)
          ? fmt::format("s3://{}/{} contains {}, s3://{}/{}: it would feed itself; give them "
                        "different buckets or prefixes",
                        rule.match.bucket, rule.match.prefix, whose, other.destination_bucket,
                        literal)
          : fmt::format(
                "s3://{}/{} is within {}, s3://{}/{}, where nothing is an upload; give them "
                "different buckets or prefixes",
                rule.match.bucket, rule.match.prefix, whose, other.destination_bucket, literal));
}

bool suffixes_overlap(const Match& a, const Match& b) {
  if (a.suffixes.empty() || b.suffixes.empty()) return true;
  return std::any_of(a.suffixes.begin(), a.suffixes.end(), [&](const std::string& suffix) {
    return std::any_of(b.suffixes.begin(), b.suffixes.end(), [&](const std::string& other) {
      return suffix.ends_with(other) || other.ends_with(suffix);
    });
  });
}

void check_meeting(const Rule& rule, const Rule& earlier, ConfigReading& reading) {
  const Match& a = rule.match;
  const Match& b = earlier.match;
  if (a.bucket.empty() || b.bucket.empty() || a.bucket == b.bucket) return;
  if (rule.destination_bucket != earlier.destination_bucket) return;
  for (const Rule* each : {&rule, &earlier}) {
    if (each->destination_key.uses("bucket") || each->destination_key.uses("etag")) return;
  }
  if (!either_begins_with(a.prefix, b.prefix) || !suffixes_overlap(a, b)) return;
  for (const Preset& preset : rule.presets) {
    for (const Preset& other : earlier.presets) {
      if (!same_key(rule, preset, earlier, other)) continue;
      reading.problem(rule.name + ".destination",
                      fmt::format("the same key in the buckets {} ({}) and {} would have one "
                                  "thumbnail; {{bucket}} tells them apart",
                                  b.bucket, earlier.name, a.bucket));
      return;
    }
  }
}

}  // namespace

void check_rules(const Rules& rules, ConfigReading& reading) {
  for (const Rule& rule : rules.rules) {
    check_presets(rule, reading);
    for (const Rule& other : rules.rules) {
      if (!rule.match.bucket.empty()) check_feeding(rule, other, reading);
    }
    for (const Rule& earlier : rules.rules) {
      if (&earlier == &rule) break;
      check_meeting(rule, earlier, reading);
    }
  }
}

}  // namespace miniatura
