#include "handler/removal.h"

#include "handler/once.h"
#include "handler/sides.h"

namespace miniatura {

Step<int> remove_all(const Plan& plan, ObjectStore& store, const Context& context) {
  int removed = 0;
  // From the last on: the mark goes first, so that it never vouches for a thumbnail that is gone.
  for (auto planned = plan.thumbnails.rbegin(); planned != plan.thumbnails.rend(); ++planned) {
    const ObjectId id{planned->bucket, planned->key, ""};
    TRY(there, look_at_thumbnail(id, store, context));
    if (!there || !is_made_from(*there, plan.source)) continue;
    const auto gone = store.remove(id, context);
    if (!gone) return fail(destination_error(gone.error()));
    ++removed;
  }
  return removed;
}

Step<bool> is_any_missing(const Plan& plan, ObjectStore& store, const Context& context) {
  for (const PlannedThumbnail& planned : plan.thumbnails) {
    TRY(there, look_at_thumbnail({planned.bucket, planned.key, ""}, store, context));
    if (!there || !is_made_from(*there, plan.source)) return true;
  }
  return false;
}

}  // namespace miniatura
