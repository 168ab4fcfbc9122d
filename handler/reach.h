// Are the buckets that the rules name within reach?
#pragma once

#include <functional>
#include <string>

#include "handler/rules.h"
#include "runtime/context.h"
#include "runtime/result.h"
#include "s3client/object_store.h"

namespace miniatura {

// Asks the store for each bucket that a rule takes from or writes to, and tells of each that is
// there. Errors: of the first that is not, as its side's (sides.h).
Result<void> reach_buckets(const Rules& rules, ObjectStore& store, const Context& context,
                           const std::function<void(const std::string& bucket)>& tell = {});

}  // namespace miniatura
