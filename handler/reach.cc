#include "handler/reach.h"

#include <set>

#include "handler/sides.h"

namespace miniatura {

Result<void> reach_buckets(const Rules& rules, ObjectStore& store, const Context& context,
                           const std::function<void(const std::string& bucket)>& tell) {
  std::set<std::string> sources;
  for (const Rule& rule : rules.rules) {
    if (!rule.match.bucket.empty()) sources.insert(rule.match.bucket);
  }
  const auto reach = [&](const std::string& bucket, Error (*of_side)(Error)) -> Result<void> {
    const auto reached = store.reach(bucket, context);
    if (!reached) return fail(of_side(reached.error()));
    if (tell) tell(bucket);
    return {};
  };
  for (const std::string& bucket : sources) CHECKED(reach(bucket, source_error));
  for (const std::string& bucket : destination_buckets(rules))
    CHECKED(reach(bucket, destination_error));
  return {};
}

}  // namespace miniatura
