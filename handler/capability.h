// What somebody has to be able to do to work on an event: a queue's router sorts by it, and a
// worker takes only what it can do. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "handler/rules.h"
#include "runtime/bytes.h"
#include "runtime/result.h"

namespace miniatura {

// From the least to the most: who can do one can do those before it.
inline constexpr std::array<std::string_view, 1> kCapabilities = {"thumbnail"};

// What the whole of a payload needs: the most that one of its events does. An event without a rule
// needs no more than the least: somebody has to find that out. Errors: those of parse_delivery.
Result<std::string> capability_of(ByteView payload, const Rules& rules);

}  // namespace miniatura
