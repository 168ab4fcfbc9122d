#include "handler/isolation.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

std::string isolation(const std::string& option, const std::string& variable) {
  ConfigOptions options;
  options.isolation = option;
  const auto rendering = rendering_setting(Environment().with("MINIATURA_ISOLATION", variable),
                                           options, Isolation::process);
  if (!rendering) return rendering.error().message;
  return rendering->isolation == Isolation::none ? "none" : "process";
}

std::string engine(const std::string& option, const std::string& variable) {
  ConfigOptions options;
  options.engine = option;
  const auto rendering = rendering_setting(Environment().with("MINIATURA_ENGINE", variable),
                                           options, Isolation::process);
  if (!rendering) return rendering.error().message;
  return std::string(rendering->engine);
}

TEST(IsolationTest, the_option_wins_over_the_variable_and_both_over_the_default) {
  EXPECT_EQ(isolation("", ""), "process");
  EXPECT_EQ(isolation("", "none"), "none");
  EXPECT_EQ(isolation("process", "none"), "process");
  EXPECT_EQ(isolation("none", "process"), "none");
  EXPECT_EQ(isolation("walls", "none"), "--isolation: \"walls\" is neither process nor none");
  EXPECT_EQ(isolation("", "1"), "MINIATURA_ISOLATION: \"1\" is neither process nor none");
}

TEST(IsolationTest, the_engine_is_chosen_the_same_way) {
  EXPECT_EQ(engine("", ""), "planes");
  EXPECT_EQ(engine("", "magick"), "magick");
  EXPECT_EQ(engine("planes", "magick"), "planes");
  EXPECT_EQ(engine("magic", ""), "--engine: \"magic\" is neither magick nor planes");
  EXPECT_EQ(engine("", "sharp"), "MINIATURA_ENGINE: \"sharp\" is neither magick nor planes");
}

}  // namespace
}  // namespace miniatura
