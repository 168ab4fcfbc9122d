#include "thumbnailer/light.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace miniatura {
namespace {

TEST(light, half_of_it_is_188_of_255) {
  EXPECT_EQ(light_of_numbers().front(), 0);
  EXPECT_EQ(light_of_numbers().back(), 65'535);
  EXPECT_NEAR(numbers_of_light()[32'768] / 257.0, 188, 0.5);
}

TEST(light, comes_back_as_the_number_it_was) {
  for (std::size_t number = 0; number < 256; ++number) {
    const std::uint16_t light = light_of_numbers()[number * 257];
    EXPECT_NEAR(numbers_of_light()[light] / 257.0, static_cast<double>(number), 0.03);
  }
}

}  // namespace
}  // namespace miniatura
