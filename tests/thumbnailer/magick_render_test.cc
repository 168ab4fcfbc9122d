// The engine of planes held against the plain one, pixel by pixel: on every option of a preset,
// every orientation, and every kind of picture.
#include "thumbnailer/magick_render.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "tests/support/fixture.h"
#include "tests/support/images.h"
#include "thumbnailer/header.h"
#include "thumbnailer/sniff.h"

namespace miniatura {
namespace {

using namespace pictures;

// What photographs have: slopes, edges that are not quite sharp, colours; no two corners alike.
Raster scene(Size size, bool alpha = false) {
  Raster raster(size, alpha ? 4 : 3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const double across = static_cast<double>(x) / size.width;
      const double down = static_cast<double>(y) / size.height;
      const double distance = std::hypot(across - 0.35, down - 0.4);
      const double disc = std::clamp((0.25 - distance) * 12 + 0.5, 0.0, 1.0);
      const double waves = 0.5 + 0.5 * std::sin(9 * across + 14 * down * down);
      const auto number = [](double part) {
        return static_cast<std::uint8_t>(std::lround(std::clamp(part, 0.0, 1.0) * 255));
      };
      std::uint8_t* const pixel = raster.at(x, y);
      pixel[0] = number(0.15 + 0.6 * across + 0.2 * disc);
      pixel[1] = number(0.2 + 0.5 * waves * (1 - disc));
      pixel[2] = number(0.8 - 0.6 * down + 0.1 * disc);
      if (alpha) pixel[3] = number(0.25 + 0.75 * std::clamp(3 * (across - 0.3), 0.0, 1.0));
    }
  }
  return raster;
}

struct Difference {
  double mean = 0;
  int max = 0;
};

// Of colours as they are seen: what is transparent counts for as much as it is opaque.
Difference difference_of(const Raster& a, const Raster& b) {
  Difference difference;
  double sum = 0;
  const auto seen = [](const Raster& raster, int x, int y, int channel) {
    const std::uint8_t* const pixel = raster.at(x, y);
    const int opacity = raster.channels == 4 ? pixel[3] : 255;
    return channel == 3 ? opacity : pixel[channel] * opacity / 255;
  };
  for (int y = 0; y < a.size.height; ++y) {
    for (int x = 0; x < a.size.width; ++x) {
      for (int channel = 0; channel < 4; ++channel) {
        const int one = std::abs(seen(a, x, y, channel) - seen(b, x, y, channel));
        sum += one;
        difference.max = std::max(difference.max, one);
      }
    }
  }
  difference.mean = sum / (4.0 * a.size.width * a.size.height);
  return difference;
}

Raster thumbnail(const RenderFn& engine, const Bytes& image, const RenderOrder& order) {
  MemorySource source(image);
  const auto rendered = engine(source, std::span(&order, 1), {}, {});
  if (!rendered) throw std::runtime_error(rendered.error().message);
  return pixels_of(rendered->thumbnails.at(0).bytes);
}

// Both engines' thumbnails are within these bounds of each other.
void expect_alike(const Bytes& image, const RenderOrder& order, const Difference& bound,
                  const std::string& what) {
  try {
    const Raster planes = thumbnail(render, image, order);
    const Raster plain = thumbnail(render_by_magick, image, order);
    ASSERT_EQ(planes.size, plain.size) << what;
    ASSERT_EQ(planes.channels, plain.channels) << what;
    const Difference difference = difference_of(planes, plain);
    EXPECT_LE(difference.mean, bound.mean) << what << " (and at most " << difference.max << ")";
    EXPECT_LE(difference.max, bound.max) << what << " (in the mean " << difference.mean << ")";
  } catch (const std::exception& e) {
    ADD_FAILURE() << what << ": " << e.what();
  }
}

// A change to a preset, by its name.
struct Option {
  std::string name;
  std::function<void(Preset&)> set;
};

std::vector<Option> options() {
  std::vector<Option> all = {
      {"plain", [](Preset&) {}},
      {"enlarge", [](Preset& p) { p.enlarge = true, p.width = 500, p.height = 400; }},
      {"width alone", [](Preset& p) { p.height = 0; }},
      {"odd", [](Preset& p) { p.width = 61, p.height = 61; }},
      {"background",
       [](Preset& p) {
         p.fit = Fit::contain, p.background = {10, 200, 40};
       }},
      {"linear", [](Preset& p) { p.linear = true; }},
      {"sharpen", [](Preset& p) { p.sharpen = 0.8; }},
      {"progressive", [](Preset& p) { p.progressive = true; }},
      {"4:2:2", [](Preset& p) { p.subsampling = Subsampling::s422; }},
      {"4:4:4", [](Preset& p) { p.subsampling = Subsampling::s444; }},
      {"keep icc", [](Preset& p) { p.keep_icc = true; }},
      {"sharpened cover", [](Preset& p) { p.fit = Fit::cover, p.sharpen = 0.5; }},
  };
  for (std::size_t i = 0; i < kFitNames.size(); ++i) {
    all.push_back({std::string(kFitNames.at(i)),
                   [i](Preset& p) { p.fit = static_cast<Fit>(i), p.height = 50; }});
  }
  for (std::size_t i = 0; i < kGravityNames.size(); ++i) {
    all.push_back({std::string(kGravityNames.at(i)), [i](Preset& p) {
                     p.fit = Fit::cover, p.height = 41, p.gravity = static_cast<Gravity>(i);
                   }});
  }
  return all;
}

// What two encoders and two ways of halving colours differ by, beside the filters' last digits.
constexpr Difference kLossless = {1.2, 14};
constexpr Difference kLossy = {2.2, 30};
Difference bound_for(ImageFormat out) { return out == ImageFormat::png ? kLossless : kLossy; }

constexpr ImageFormat kIn[] = {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp};
constexpr ImageFormat kOut[] = {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp};

// On every option, to every format.
void expect_alike_on_options(ImageFormat in, const Raster& picture_of_it) {
  const Bytes image = picture(in, picture_of_it);
  for (const ImageFormat out : kOut) {
    for (const Option& option : options()) {
      RenderOrder order{{"a", 90, 70, Fit::inside, {}, 95}, out};
      option.set(order.preset);
      expect_alike(image, order, bound_for(out),
                   fmt::format("{} to {}: {}", format_name(in), format_name(out), option.name));
    }
  }
}

TEST(engines, agree_on_every_option_from_every_format_to_every_other) {
  for (const ImageFormat in : kIn) expect_alike_on_options(in, scene({320, 240}));
}

// Where losses are taken for granted: the planes of a JPEG go to the encoder as they are.
TEST(engines, agree_on_every_option_where_planes_stay_planes) {
  const Bytes image = picture(ImageFormat::jpeg, scene({320, 240}));
  for (const ImageFormat out : {ImageFormat::jpeg, ImageFormat::webp}) {
    for (const Option& option : options()) {
      RenderOrder order{{"a", 90, 70, Fit::inside, {}, 90}, out};
      option.set(order.preset);
      expect_alike(image, order, kLossy,
                   fmt::format("jpeg to {} at 90: {}", format_name(out), option.name));
    }
  }
}

TEST(engines, agree_on_transparency) {
  for (const ImageFormat in : {ImageFormat::png, ImageFormat::webp}) {
    expect_alike_on_options(in, scene({320, 240}, true));
  }
}

TEST(engines, agree_on_every_orientation_and_which_part_is_kept) {
  for (const ImageFormat in : kIn) {
    for (const Size size : {Size{320, 240}, Size{321, 241}}) {
      const Bytes upright = picture(in, scene(size));
      for (int orientation = 1; orientation <= 8; ++orientation) {
        const Bytes image = with_orientation(in, upright, orientation);
        for (const ImageFormat out : kOut) {
          for (const Fit fit : {Fit::inside, Fit::cover}) {
            for (const Gravity gravity : {Gravity::center, Gravity::north_east}) {
              RenderOrder order{{"a", 77, 51, fit, {}, 90}, out};
              order.preset.gravity = gravity;
              expect_alike(image, order, bound_for(out),
                           fmt::format("{} of {} pixels across to {}: orientation {}, {} {}",
                                       format_name(in), size.width, format_name(out), orientation,
                                       fit_name(fit), static_cast<int>(gravity)));
            }
          }
        }
      }
    }
  }
}

// All shrinks, and what lies between them.
TEST(engines, agree_at_every_ratio) {
  for (const ImageFormat in : kIn) {
    const Bytes image = picture(in, scene({1'203, 901}));
    for (const int width :
         {1'203, 1'000, 700, 602, 601, 590, 400, 302, 300, 200, 151, 100, 75, 50, 9}) {
      const RenderOrder order{{"a", width, 0, Fit::inside, {}, 95}, ImageFormat::png};
      // A few pixels are all edges.
      expect_alike(image, order, width < 20 ? Difference{1.2, 20} : kLossless,
                   fmt::format("{} to {}", format_name(in), width));
    }
  }
}

TEST(engines, agree_on_every_kind_of_picture) {
  const std::filesystem::path folder = std::filesystem::path(MINIATURA_SOURCE_DIR) / "tests/images";
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const std::string extension = entry.path().extension().string();
    if (extension == ".md" || extension == ".py" || extension == ".icc") continue;
    const Bytes image = read_picture(name);
    ++count;
    for (const Option& option : options()) {
      RenderOrder order{{"a", 40, 40, Fit::inside, {}, 95}, ImageFormat::png};
      option.set(order.preset);
      // Four fields of colour: all that differs is at their edges, and there the ways in which a
      // coarse grid of colour is made fine.
      if (name == "jpeg-411.jpg" && option.name == "enlarge")
        continue;  // one column in four, five times
      const bool coarse = extension != ".png" && extension != ".gif" && extension != ".tiff";
      // Where all four meet, GraphicsMagick cuts off what is under black between its two passes.
      const int most = option.name == "linear" ? 64 : 48;
      expect_alike(image, order, coarse ? Difference{3, 90} : Difference{2.5, most},
                   name + ": " + option.name);
    }
  }
  EXPECT_GT(count, 80);
}

TEST(engines, make_the_same_of_several_orders_as_of_each_alone) {
  for (const ImageFormat in : kIn) {
    const Bytes image = picture(in, scene({1'203, 901}));
    std::vector<RenderOrder> orders;
    for (const int width : {50, 600, 100, 200, 300, 64}) {
      orders.push_back(
          {{fmt::format("w{}", width), width, 0, Fit::inside, {}, 95}, ImageFormat::png});
    }
    orders.push_back({{"cover", 60, 60, Fit::cover, {}, 95}, ImageFormat::png});
    MemorySource source(image);
    const auto all = render(source, orders, {});
    ASSERT_TRUE(all) << all.error().message;
    for (std::size_t i = 0; i < orders.size(); ++i) {
      const Raster alone = thumbnail(render, image, orders[i]);
      const Difference difference = difference_of(pixels_of(all->thumbnails.at(i).bytes), alone);
      EXPECT_LE(difference.mean, 1.0) << orders[i].preset.name;
      EXPECT_LE(difference.max, 12) << orders[i].preset.name;
    }
  }
}

TEST(engines, agree_on_animations) {
  for (const auto* name : {"gif-animated.gif", "webp-animated.webp"}) {
    RenderOrder order{{"a", 40, 40, Fit::inside, {}, 95}, ImageFormat::webp};
    order.preset.animated = true;
    const auto rendered = [&](const RenderFn& engine) {
      MemorySource source(read_picture(name));
      return engine(source, std::span(&order, 1), {}, {});
    };
    const auto planes = rendered(render);
    const auto plain = rendered(render_by_magick);
    ASSERT_TRUE(planes) << planes.error().message;
    ASSERT_TRUE(plain) << plain.error().message;
    const auto frames = [](const Result<Rendered>& result) {
      return read_header(result->thumbnails.at(0).bytes, ImageFormat::webp, ImageExtent::whole)
          .value()
          .frames;
    };
    EXPECT_EQ(frames(planes), frames(plain)) << name;
    EXPECT_GT(frames(planes), 1U) << name;
  }
}

}  // namespace
}  // namespace miniatura
