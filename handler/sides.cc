#include "handler/sides.h"

#include <utility>

namespace miniatura {
namespace {

// What the refusals of a store are called on one side.
struct Side {
  ErrorCode denied;
  ErrorCode no_bucket;
  ErrorCode rejected;
};
constexpr Side kSource = {ErrorCode::source_denied, ErrorCode::source_no_bucket,
                          ErrorCode::source_rejected};
constexpr Side kDestination = {ErrorCode::destination_denied, ErrorCode::destination_no_bucket,
                               ErrorCode::destination_rejected};

Error error_of(const Side& side, Error error) {
  if (error.code == ErrorCode::store_denied) error.code = side.denied;
  if (error.code == ErrorCode::store_no_bucket) error.code = side.no_bucket;
  if (error.code == ErrorCode::store_invalid_key) error.code = side.rejected;
  if (error.code == ErrorCode::store_rejected) error.code = side.rejected;
  return error;
}

Result<std::optional<ObjectInfo>> look_at(const Side& side, const ObjectId& id, ObjectStore& store,
                                          const Context& context) {
  auto there = store.head(id, context);
  if (there) return std::optional(*std::move(there));
  if (there.error().code == ErrorCode::store_not_found) return std::nullopt;
  return fail(error_of(side, std::move(there).error()));
}

}  // namespace

Error source_error(Error error) { return error_of(kSource, std::move(error)); }
Error destination_error(Error error) { return error_of(kDestination, std::move(error)); }

Result<std::optional<ObjectInfo>> look_at_source(const ObjectId& id, ObjectStore& store,
                                                 const Context& context) {
  return look_at(kSource, id, store, context);
}

Result<std::optional<ObjectInfo>> look_at_thumbnail(const ObjectId& id, ObjectStore& store,
                                                    const Context& context) {
  return look_at(kDestination, id, store, context);
}

}  // namespace miniatura
