// A value, or the Error that kept us from having one. Crosses every boundary of the house;
// exceptions stop in the file that names the library which throws them.
#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "runtime/error.h"

namespace miniatura {

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  return tl::unexpected<Error>(std::move(error));
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace miniatura

// TRY(name, expression): `name` is the value of the Result `expression`; an error leaves the
// enclosing function.
#define TRY(name, ...)                                                              \
  auto name##_result = (__VA_ARGS__);                                               \
  if (!name##_result) return tl::make_unexpected(std::move(name##_result).error()); \
  auto& name = *name##_result

// CHECKED(expression): the same for a Result<void>, or one whose value is not needed.
#define CHECKED(...)                                        \
  if (auto checked_result = (__VA_ARGS__); !checked_result) \
  return tl::make_unexpected(std::move(checked_result).error())
