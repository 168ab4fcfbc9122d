#include "runtime/dead_letters.h"

namespace miniatura {

bool takes(const DeadLetterFilter& filter, const DeadLetter& letter) {
  if (!filter.ids.empty() && filter.ids.count(letter.id) == 0) return false;
  if (!filter.codes.empty() && filter.codes.count(letter.code) == 0) return false;
  if (filter.since && letter.died < *filter.since) return false;
  return !filter.until || letter.died < *filter.until;
}

}  // namespace miniatura
