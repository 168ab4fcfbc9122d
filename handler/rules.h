// Which events are worked on, and what is to be made of them where.
//
// Pure: planning touches no store, so `replay --dry-run` prints exactly what the pipeline would do.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "handler/key_template.h"
#include "handler/outcome.h"
#include "thumbnailer/preset.h"

namespace miniatura {

// Which objects; every part that is empty lets all of them through.
struct Match {
  std::string bucket;                 // its name
  std::string prefix;                 // of the key
  std::vector<std::string> suffixes;  // of the key: one of them, in either case (ASCII)

  bool takes(const ObjectId& object) const;
};

// What is stored beside a thumbnail's bytes. It does not decide whether a thumbnail is up to date:
// a change reaches the thumbnails that are made from then on.
struct PutFields {
  std::string cache_control;
  std::string storage_class;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> metadata;
};

struct Rule {
  std::string name;             // as it stands in the configuration: "rules[0]", "MINIATURA_DEST"
  std::vector<Preset> presets;  // at least one; the last one's thumbnail is the commit mark
  std::string destination_bucket;
  KeyTemplate destination_key;
  Match match{};
  PutFields put{};
  bool removes = false;      // on_remove: delete
  bool use_version = false;  // read the version that the event tells of
};

// The first rule that matches is taken.
struct Rules {
  std::vector<Rule> rules;
};

// The rule that takes the object; null if none does.
const Rule* rule_for(const ObjectId& object, const Rules& rules);

// One of which every thumbnail goes to.
std::set<std::string> destination_buckets(const Rules& rules);

struct PlannedThumbnail {
  RenderOrder order;
  std::string preset_hash;  // of everything that the preset says
  std::string bucket;
  std::string key;
};

struct Plan {
  ObjectId source;  // what is read: the source as it is now, or the version that the rule asks for
  // What decides whether that is the newest: the source as it is now, but where each content has
  // keys of its own ({etag}), the very version.
  ObjectId newest;
  bool keyed_by_etag = false;  // only the bytes of the event's etag may go to these keys
  bool is_removal = false;     // the event says that the source is gone, its thumbnails with it
  bool removes = false;        // of the rule
  PutFields put;
  std::string event_etag;
  std::string rule;
  std::vector<PlannedThumbnail> thumbnails;  // as the presets; the last one is the commit mark
  std::string hash;                          // of all thumbnails: their presets and keys
};

// Skipped: no_rule, folder, not_created (a removal, too, but where the rule removes), own_output.
// Error: a template that the event cannot fill.
Step<Plan> plan_for(const ObjectEvent& event, const Rules& rules);

}  // namespace miniatura
