// Once in effect, without a shared database: what is done already, and storing so that the newest
// source wins.
//
// Every thumbnail carries which source, which bytes of it (etag), which upload of these bytes and
// which preset it was made from. A run writes the first preset's thumbnail first and the last one's
// last: where these two are of one upload and one plan, all between them are, and nobody has begun
// to overwrite them. Conditional writes decide between workers: whatever the order of deliveries,
// the thumbnails end as those of the newest source, and an old one never overwrites a new one.
// (How it looks from outside, and why it converges: README, "Once in effect".)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "handler/outcome.h"
#include "handler/rules.h"
#include "runtime/context.h"
#include "s3client/object_store.h"
#include "thumbnailer/render.h"

namespace miniatura {

// The metadata of a thumbnail (x-amz-meta-…).
// Percent-encoded bucket/key; of one over 700 bytes "sha256:" and the hash of that.
inline constexpr const char* kSourceKey = "miniatura-source";
// Of the bytes that it was made from.
inline constexpr const char* kSourceEtagKey = "miniatura-source-etag";
inline constexpr const char* kPresetKey = "miniatura-preset";  // hash of the preset
// Of the first and the last one: which upload of these bytes (the source's version, or the time of
// its last change), as one that comes back after another is not the one that was; and the hash of
// all presets and keys.
inline constexpr const char* kUploadKey = "miniatura-source-upload";
inline constexpr const char* kPlanKey = "miniatura-plan";

// The plan itself, if it is still to do; else Skipped: done, stale, gone. The usual event, of a new
// object, costs one HEAD here; a duplicate that and, where there are several presets, one more; an
// old event of an overwritten object another, of the source. Errors: destination_conflict where one
// of the two places holds something that was not made from this source.
Step<Plan> still_to_do(Plan plan, ObjectStore& store, const Context& context);

// Puts all thumbnails (in the plan's order), made from the `source` that was read. Nothing: the
// source was overwritten meanwhile, and what we hold is old. Errors: destination_conflict where
// a key holds something that was not made from this source; destination_contended; what the store
// fails with. Skipped: gone.
Step<std::optional<std::vector<StoredThumbnail>>> store_all(
    const Plan& plan, const std::vector<Thumbnail>& thumbnails, const ObjectInfo& source,
    ObjectStore& store, const Context& context);

// Was this object made by us from (any version of) this source?
bool is_made_from(const ObjectInfo& info, const ObjectId& source);

// Was this object made by us, from whatever source?
bool is_thumbnail(const ObjectInfo& info);

}  // namespace miniatura
