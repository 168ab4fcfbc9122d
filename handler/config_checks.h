// What can be wrong between rules that are each right: thumbnails that fall onto one another, and a
// configuration that feeds itself. Pure.
#pragma once

#include "handler/config_reader.h"
#include "handler/rules.h"

namespace miniatura {

// Notes:
// - two presets of a rule whose thumbnails have the same key;
// - a rule that takes keys under a destination, its own or another's: with an explicit bucket, it
//   would take what we write ("an own destination" for every key counts by the text before the
//   destination's first field);
// - two rules with different explicit buckets whose equal keys have their thumbnails at the same
//   place: the same destination without {bucket}, and matches that overlap. Other rules may meet
//   as well, by chance; then the first thumbnail stays, and the other event fails
//   (destination.conflict).
void check_rules(const Rules& rules, ConfigReading& reading);

}  // namespace miniatura
