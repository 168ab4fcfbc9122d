#include "runtime/environment.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

TEST(EnvironmentTest, absent_and_empty_are_the_same) {
  const Environment environment({{"SET", "x"}, {"EMPTY", ""}});
  EXPECT_EQ(environment.get("SET"), "x");
  EXPECT_EQ(environment.get("EMPTY"), std::nullopt);
  EXPECT_EQ(environment.get("ABSENT"), std::nullopt);
  EXPECT_EQ(environment.get_or("EMPTY", "fallback"), "fallback");
}

TEST(EnvironmentTest, a_value_may_hold_an_equals_sign) {
  set_process_variable("MINIATURA_TEST", "a=b==c");
  EXPECT_EQ(Environment::of_process().get("MINIATURA_TEST"), "a=b==c");
  set_process_variable("MINIATURA_TEST", std::nullopt);
  EXPECT_EQ(Environment::of_process().get("MINIATURA_TEST"), std::nullopt);
}

TEST(EnvironmentTest, a_program_gets_a_line_a_variable_empty_ones_too) {
  const Environment environment({{"A", "1=2"}, {"B", ""}});
  EXPECT_EQ(environment.lines(), (std::vector<std::string>{"A=1=2", "B="}));
}

TEST(EnvironmentTest, a_copy_with_another_value_leaves_the_first_as_it_is) {
  const Environment environment({{"A", "1"}, {"B", "2"}});
  const Environment other = environment.with("A", "one").with("C", "3");
  EXPECT_EQ(other.get_or("A", "") + other.get_or("B", "") + other.get_or("C", ""), "one23");
  EXPECT_EQ(environment.get("A"), "1");
  EXPECT_EQ(environment.get("C"), std::nullopt);
}

TEST(EnvironmentTest, a_copy_does_not_follow_the_process) {
  set_process_variable("MINIATURA_TEST", "before");
  const Environment environment = Environment::of_process();
  set_process_variable("MINIATURA_TEST", std::nullopt);
  EXPECT_EQ(environment.get("MINIATURA_TEST"), "before");
}

}  // namespace
}  // namespace miniatura
