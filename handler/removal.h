// The other end of a source's life: its thumbnails go with it, where the rule says so.
#pragma once

#include "handler/outcome.h"
#include "handler/rules.h"
#include "runtime/context.h"
#include "s3client/object_store.h"

namespace miniatura {

// Removes the plan's thumbnails that were made from its source, and says how many; what was made
// from another source, or not by us, stays. That the source is gone, and stays so, is the caller's
// to see to: a store's removal has no condition. Errors: what the store fails with.
Step<int> remove_all(const Plan& plan, ObjectStore& store, const Context& context);

// Is one of the plan's thumbnails not there, or not of this source?
Step<bool> is_any_missing(const Plan& plan, ObjectStore& store, const Context& context);

}  // namespace miniatura
