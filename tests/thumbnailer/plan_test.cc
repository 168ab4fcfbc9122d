#include "thumbnailer/plan.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

RenderOrder order_of(std::string_view preset, ImageFormat format = ImageFormat::jpeg) {
  return {*parse_preset(preset), format};
}

RenderOrder animated(RenderOrder order) {
  order.preset.animated = true;
  return order;
}

ImageHeader header_of(Size size, ImageFormat format = ImageFormat::jpeg) {
  ImageHeader header;
  header.format = format;
  header.width = size.width;
  header.height = size.height;
  return header;
}

TEST(plan_tasks, lays_each_order_out_on_the_picture_as_it_is_seen) {
  ImageHeader header = header_of({400, 300});
  const std::vector<RenderOrder> orders = {order_of("a=200x200"), order_of("b=60x60:cover")};
  const Tasks tasks = plan_tasks(orders, header);
  ASSERT_EQ(tasks.stills.size(), 2U);
  EXPECT_TRUE(tasks.moving.empty());
  EXPECT_EQ(tasks.stills[0].order, orders.data());
  EXPECT_EQ(tasks.stills[1].order, &orders[1]);
  EXPECT_EQ(tasks.stills[0].layout, lay_out({400, 300}, orders[0].preset));
  EXPECT_EQ(tasks.stills[0].scaled, (Size{200, 150}));
  EXPECT_EQ(tasks.stills[1].scaled, (Size{80, 60}));
  EXPECT_EQ(tasks.stills[1].layout.canvas, (Size{60, 60}));

  header.orientation = 6;
  const Tasks turned = plan_tasks(orders, header);
  EXPECT_EQ(turned.stills[0].layout, lay_out({300, 400}, orders[0].preset));
  EXPECT_EQ(turned.stills[0].layout.scaled, (Size{150, 200}));
  EXPECT_EQ(turned.stills[0].scaled, (Size{200, 150})) << "in stored axes";
}

TEST(plan_tasks, keep_apart_what_moves) {
  ImageHeader header = header_of({100, 80}, ImageFormat::gif);
  header.frames = 7;
  const std::vector<RenderOrder> orders = {order_of("still=50x50", ImageFormat::webp),
                                           animated(order_of("moving=40x40", ImageFormat::webp)),
                                           animated(order_of("jpeg=30x30", ImageFormat::jpeg)),
                                           animated(order_of("small=20x20", ImageFormat::webp))};
  const Tasks tasks = plan_tasks(orders, header);
  ASSERT_EQ(tasks.stills.size(), 2U);
  ASSERT_EQ(tasks.moving.size(), 2U);
  EXPECT_EQ(tasks.stills[0].order->preset.name, "still");
  EXPECT_EQ(tasks.stills[1].order->preset.name, "jpeg");
  EXPECT_EQ(tasks.moving[0].order->preset.name, "moving");
  EXPECT_EQ(tasks.moving[1].order->preset.name, "small");
  EXPECT_EQ(tasks.moves, (std::vector<bool>{false, true, false, true}));

  const auto named = [](std::vector<std::string> names) {
    std::vector<Thumbnail> thumbnails;
    for (std::string& name : names) thumbnails.push_back({std::move(name), {}, 1, 1});
    return thumbnails;
  };
  const auto all = in_order(tasks, named({"still", "jpeg"}), named({"moving", "small"}));
  ASSERT_EQ(all.size(), orders.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].preset, orders[i].preset.name);

  header.frames = 1;
  EXPECT_EQ(plan_tasks(orders, header).stills.size(), 4U) << "nothing moves";
}

TEST(footprints, say_what_memory_depends_on) {
  ImageHeader header = header_of({400, 300}, ImageFormat::gif);
  header.frames = 7;
  header.orientation = 6;
  std::vector<RenderOrder> orders = {animated(order_of("a=40x40", ImageFormat::webp)),
                                     order_of("b=200x200:contain", ImageFormat::png),
                                     order_of("c=100x100")};
  orders[1].preset.linear = true;
  orders[2].preset.sharpen = 1;
  orders[2].preset.progressive = true;
  const auto all = footprints(plan_tasks(orders, header), header);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].scaled, (Size{200, 150}));
  EXPECT_EQ(all[0].canvas, (Size{200, 200}));
  EXPECT_EQ(all[0].format, ImageFormat::png);
  EXPECT_EQ(all[0].frames, 1U);
  EXPECT_TRUE(all[0].linear);
  EXPECT_FALSE(all[0].sharpens);
  EXPECT_FALSE(all[0].progressive);
  EXPECT_FALSE(all[1].linear);
  EXPECT_TRUE(all[1].sharpens);
  EXPECT_TRUE(all[1].progressive);
  EXPECT_EQ(all[2].scaled, (Size{40, 30})) << "what moves comes last";
  EXPECT_EQ(all[2].canvas, (Size{30, 40}));
  EXPECT_EQ(all[2].format, ImageFormat::webp);
  EXPECT_EQ(all[2].frames, 7U);
}

// By how much a source of 1600 x 1200 is shrunk for thumbnails of these widths.
int denominator_of(const std::vector<RenderOrder>& orders, ImageFormat source = ImageFormat::jpeg) {
  const ImageHeader header = header_of({1600, 1200}, source);
  return shrink_for(header, plan_tasks(orders, header).stills).denominator;
}

RenderOrder wide(int width, ImageFormat format = ImageFormat::jpeg, int quality = 80) {
  RenderOrder order = order_of("a=1x", format);
  order.preset.width = width;
  order.preset.quality = quality;
  return order;
}

TEST(shrink_for, leaves_twice_the_pixels_or_less_where_losses_hide_what_is_missing) {
  struct Widths {
    std::array<int, 3> most;  // that is made from 1/8, 1/4 and 1/2
    ImageFormat source, target;
    int quality;
    Subsampling subsampling = Subsampling::s420;
  };
  const std::array<int, 3> lossy = {133, 333, 666};
  const std::array<int, 3> fine = {40, 160, 320};
  const std::array<int, 3> whole = {100, 200, 400};
  using enum ImageFormat;
  const Widths all[] = {
      {lossy, jpeg, jpeg, 80}, {lossy, jpeg, webp, 90},
      {lossy, jpeg, avif, 50}, {lossy, jpeg, jpeg, 80, Subsampling::s422},
      {fine, jpeg, png, 80},   {fine, jpeg, jpeg, 91},
      {fine, jpeg, webp, 100}, {fine, jpeg, jpeg, 80, Subsampling::s444},
      {whole, png, jpeg, 80},  {whole, webp, jpeg, 80},
      {whole, heic, avif, 80},
  };
  for (const Widths& widths : all) {
    for (std::size_t i = 0; i < 3; ++i) {
      for (const int more : {0, 1}) {
        RenderOrder order = wide(widths.most.at(i) + more, widths.target, widths.quality);
        order.preset.subsampling = widths.subsampling;
        const std::array<int, 4> denominators = {8, 4, 2, 1};
        EXPECT_EQ(denominator_of({order}, widths.source), denominators.at(i + (more ? 1U : 0U)))
            << format_name(widths.source) << " to " << format_name(widths.target) << " "
            << order.preset.width << " at " << widths.quality;
      }
    }
  }
}

TEST(shrink_for, goes_by_the_most_demanding_task) {
  EXPECT_EQ(denominator_of({}), 8);
  EXPECT_EQ(denominator_of({wide(100), wide(600), wide(200)}), 2);
  EXPECT_EQ(denominator_of({wide(130), wide(50, ImageFormat::png)}), 4);
  EXPECT_EQ(denominator_of({wide(1600)}), 1);
}

TEST(shrink_for, shrinks_nothing_that_is_to_be_averaged_as_light) {
  RenderOrder linear = wide(10);
  EXPECT_EQ(denominator_of({linear, wide(20)}), 8);
  linear.preset.linear = true;
  EXPECT_EQ(denominator_of({linear, wide(20)}), 1);
  EXPECT_EQ(denominator_of({wide(20), linear}, ImageFormat::png), 1);
}

TEST(shrink_for, goes_by_stored_sides_where_the_picture_is_turned) {
  ImageHeader header = header_of({1600, 400});
  header.orientation = 6;
  const RenderOrder order = wide(75, ImageFormat::png);  // 75 x 300, 300 x 75 as stored
  const Tasks tasks = plan_tasks({&order, 1}, header);
  EXPECT_EQ(shrink_for(header, tasks.stills).denominator, 2);
}

TEST(shrink_for, asks_for_fine_colours_where_a_jpegs_thumbnail_keeps_them) {
  const auto fine = [](const RenderOrder& order, ImageFormat source = ImageFormat::jpeg) {
    const ImageHeader header = header_of({1600, 1200}, source);
    return shrink_for(header, plan_tasks({&order, 1}, header).stills).fine_colours;
  };
  EXPECT_FALSE(fine(wide(100)));
  EXPECT_FALSE(fine(wide(100, ImageFormat::webp, 90)));
  EXPECT_FALSE(fine(wide(100, ImageFormat::jpeg, 100)));
  EXPECT_TRUE(fine(wide(100, ImageFormat::png)));
  EXPECT_FALSE(fine(wide(100, ImageFormat::png), ImageFormat::webp));
  RenderOrder all = wide(100);
  all.preset.subsampling = Subsampling::s444;
  EXPECT_TRUE(fine(all));
  all.format = ImageFormat::webp;  // which has one of four at most
  EXPECT_FALSE(fine(all));
  RenderOrder linear = wide(100);
  linear.preset.linear = true;
  EXPECT_TRUE(fine(linear));
}

TEST(largest_first, are_places_by_area_and_those_of_one_size_in_their_order) {
  const ImageHeader header = header_of({4000, 3000});
  const std::vector<RenderOrder> orders = {wide(100), wide(1000), wide(400), wide(100), wide(2000)};
  EXPECT_EQ(largest_first(plan_tasks(orders, header).stills),
            (std::vector<std::size_t>{4, 1, 2, 0, 3}));
  EXPECT_TRUE(largest_first({}).empty());
  // By area, also where that is over 31 bits.
  std::vector<Task> huge(2);
  huge[0].scaled = {16'384, 16'384};
  huge[1].scaled = {1'000'000, 16'384};
  EXPECT_EQ(largest_first(huge), (std::vector<std::size_t>{1, 0}));
}

TEST(facts_of, are_the_headers) {
  ImageHeader header = header_of({40, 30}, ImageFormat::tiff);
  header.orientation = 7;
  header.channels = 4;
  header.cmyk = true;
  header.icc_profile = "a press";
  header.capture.camera_model = "a camera";
  const SourceFacts facts = facts_of(header, 1234);
  EXPECT_EQ(facts.format, ImageFormat::tiff);
  EXPECT_EQ(facts.width, 40);
  EXPECT_EQ(facts.height, 30);
  EXPECT_EQ(facts.bytes, 1234U);
  EXPECT_EQ(facts.orientation, 7);
  EXPECT_EQ(facts.colour_space, "cmyk");
  EXPECT_EQ(facts.icc_profile, "a press");
  EXPECT_EQ(facts.capture.camera_model, "a camera");
}

}  // namespace
}  // namespace miniatura
