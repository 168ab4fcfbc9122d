#include "runtime/dead_letters.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

using namespace std::chrono_literals;

DeadLetter letter_of(const std::string& id, const std::string& code, Clock::Time died) {
  DeadLetter letter;
  letter.id = id;
  letter.code = code;
  letter.died = died;
  return letter;
}

TEST(DeadLettersTest, a_filter_takes_what_all_of_its_fields_take) {
  const Clock::Time noon = *parse_iso_time("2026-01-31T12:00:00Z");
  const DeadLetter letter = letter_of("a", "image.corrupt", noon);
  struct Row {
    DeadLetterFilter filter;
    bool takes;
  };
  const Row rows[] = {
      {{}, true},
      {{{"a", "b"}, {}, {}, {}}, true},
      {{{"b"}, {}, {}, {}}, false},
      {{{}, {"image.corrupt"}, {}, {}}, true},
      {{{}, {"store.unavailable"}, {}, {}}, false},
      {{{"a"}, {"store.unavailable"}, {}, {}}, false},
      {{{}, {}, noon, {}}, true},
      {{{}, {}, noon + 1s, {}}, false},
      {{{}, {}, {}, noon}, false},
      {{{}, {}, {}, noon + 1s}, true},
      {{{"a"}, {"image.corrupt"}, noon, noon + 1s}, true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(takes(row.filter, letter), row.takes) << "row " << &row - rows;
  }
}

}  // namespace
}  // namespace miniatura
