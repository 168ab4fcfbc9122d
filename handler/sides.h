// The two sides of the work. A store speaks of objects; the pipeline knows whether one is the
// source or a thumbnail, and with that whose fault a refusal is.
#pragma once

#include <optional>

#include "runtime/context.h"
#include "runtime/error.h"
#include "runtime/result.h"
#include "s3client/object_store.h"

namespace miniatura {

Error source_error(Error error);
Error destination_error(Error error);

// What is there now; nothing where there is nothing. Errors: what the store fails with, as that of
// the side.
Result<std::optional<ObjectInfo>> look_at_source(const ObjectId& id, ObjectStore& store,
                                                 const Context& context);
Result<std::optional<ObjectInfo>> look_at_thumbnail(const ObjectId& id, ObjectStore& store,
                                                    const Context& context);

}  // namespace miniatura
