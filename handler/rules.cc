#include "handler/rules.h"

#include <algorithm>

#include "runtime/crypto.h"
#include "runtime/text.h"

namespace miniatura {
namespace {

// 64 bits tell the presets of one key apart, and keep the metadata short.
std::string short_hash(const std::string& text) { return sha256_hex(text).substr(0, 16); }

// The first guard against feeding on ourselves: a key under any rule's literal destination is our
// output. (The second is at start, config; the last is the metadata of the source, process.)
bool is_own_output(const ObjectId& object, const Rules& rules) {
  return std::any_of(rules.rules.begin(), rules.rules.end(), [&](const Rule& rule) {
    return object.bucket == rule.destination_bucket &&
           object.key.starts_with(rule.destination_key.literal_prefix());
  });
}

// Cameras write .JPG, people .jpg.
bool ends_with_any_case(std::string_view text, std::string_view suffix) {
  if (text.size() < suffix.size()) return false;
  text.remove_prefix(text.size() - suffix.size());
  return std::equal(text.begin(), text.end(), suffix.begin(),
                    [](char a, char b) { return lower_case(a) == lower_case(b); });
}

Result<PlannedThumbnail> plan_thumbnail(const ObjectEvent& event, const Rule& rule,
                                        const Preset& preset) {
  PlannedThumbnail planned;
  planned.order = {preset, output_format(preset, event.object.key)};
  planned.preset_hash =
      short_hash(canonical_text(preset) + '\n' + std::string(format_name(planned.order.format)));
  planned.bucket = rule.destination_bucket;
  TemplateValues values;
  values.bucket = event.object.bucket;
  values.key = event.object.key;
  values.etag = event.etag;
  values.preset = preset.name;
  values.extension = format_extension(planned.order.format);
  values.width = preset.width;
  values.height = preset.height;
  TRY(key, rule.destination_key.expand(values));
  planned.key = std::move(key);
  return planned;
}

}  // namespace

bool Match::takes(const ObjectId& object) const {
  if (!bucket.empty() && object.bucket != bucket) return false;
  if (!object.key.starts_with(prefix)) return false;
  return suffixes.empty() ||
         std::any_of(suffixes.begin(), suffixes.end(), [&](const std::string& suffix) {
           return ends_with_any_case(object.key, suffix);
         });
}

const Rule* rule_for(const ObjectId& object, const Rules& rules) {
  const auto found = std::find_if(rules.rules.begin(), rules.rules.end(),
                                  [&](const Rule& each) { return each.match.takes(object); });
  return found == rules.rules.end() ? nullptr : &*found;
}

Step<Plan> plan_for(const ObjectEvent& event, const Rules& rules) {
  const auto skip = [](SkipReason reason) { return tl::make_unexpected(Stop(Skipped{reason})); };
  if (event.kind == ObjectEvent::Kind::other) return skip(SkipReason::not_created);
  const bool is_removal = event.kind == ObjectEvent::Kind::removed;
  if (event.object.key.ends_with('/')) return skip(SkipReason::folder);
  if (is_own_output(event.object, rules)) return skip(SkipReason::own_output);
  const Rule* found = rule_for(event.object, rules);
  if (is_removal && (found == nullptr || !found->removes)) return skip(SkipReason::not_created);
  if (found == nullptr) return skip(SkipReason::no_rule);

  const Rule& rule = *found;
  Plan plan;
  plan.keyed_by_etag = rule.destination_key.uses("etag");
  plan.newest = {event.object.bucket, event.object.key, ""};
  plan.source = plan.newest;
  if (rule.use_version && !is_removal) plan.source.version = event.object.version;
  if (plan.keyed_by_etag) plan.newest = plan.source;
  plan.is_removal = is_removal;
  plan.removes = rule.removes;
  plan.put = rule.put;
  plan.event_etag = event.etag;
  plan.rule = rule.name;
  std::string identity;
  for (const Preset& preset : rule.presets) {
    TRY(planned, plan_thumbnail(event, rule, preset));
    identity += planned.preset_hash + ' ' + planned.bucket + '/' + planned.key + '\n';
    plan.thumbnails.push_back(std::move(planned));
  }
  plan.hash = short_hash(identity);
  return plan;
}

std::set<std::string> destination_buckets(const Rules& rules) {
  std::set<std::string> buckets;
  for (const Rule& rule : rules.rules) buckets.insert(rule.destination_bucket);
  return buckets;
}

}  // namespace miniatura
