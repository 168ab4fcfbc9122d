#include "handler/isolation.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

std::string setting(const std::string& option, const std::string& variable) {
  ConfigOptions options;
  options.isolation = option;
  const auto isolation = isolation_setting(Environment().with("MINIATURA_ISOLATION", variable),
                                           options, Isolation::process);
  if (!isolation) return isolation.error().message;
  return *isolation == Isolation::none ? "none" : "process";
}

TEST(IsolationTest, the_option_wins_over_the_variable_and_both_over_the_default) {
  EXPECT_EQ(setting("", ""), "process");
  EXPECT_EQ(setting("", "none"), "none");
  EXPECT_EQ(setting("process", "none"), "process");
  EXPECT_EQ(setting("none", "process"), "none");
  EXPECT_EQ(setting("walls", "none"), "--isolation: \"walls\" is neither process nor none");
  EXPECT_EQ(setting("", "1"), "MINIATURA_ISOLATION: \"1\" is neither process nor none");
}

}  // namespace
}  // namespace miniatura
