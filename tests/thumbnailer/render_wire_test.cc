#include "thumbnailer/render_wire.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

const std::vector<RenderOrder> kOrders = {{*parse_preset("a=10x:webp:cover:q7"), ImageFormat::webp},
                                          {*parse_preset("b=x20"), ImageFormat::jpeg}};

Rendered rendered() {
  Rendered rendered;
  rendered.source = {ImageFormat::png, 30, 40, 50, 6, "rgb", "P3", {"Maker", "Model", "now"}};
  rendered.thumbnails = {{"a", "first", 10, 11, ImageFormat::webp},
                         {"b", "second", 19, 20, ImageFormat::jpeg}};
  rendered.timings = {{1, 2}, {3, 4}, {5, 6}};
  return rendered;
}

std::optional<Result<Rendered>> unpacked(const Bytes& reply, const Bytes& file = "firstsecond") {
  return unpack_reply(reply, kOrders, [&](std::uint64_t) { return std::optional(file); });
}
template <class Change>
bool is_refused(Change change) {
  Rendered changed = rendered();
  change(changed);
  return !unpacked(pack_reply(changed));
}

TEST(RenderWire, a_job_arrives_as_it_was_sent) {
  Limits limits{1, 2, 3, 4, 5, 6, 7};
  Preset preset = kOrders[0].preset;
  preset.background = {1, 2, 3};
  const auto job = unpack_job(pack_job({limits, {{preset, ImageFormat::avif}, kOrders[1]}, 99}));
  ASSERT_TRUE(job);
  EXPECT_EQ(job->limits.source_bytes, 1U);
  EXPECT_EQ(job->limits.pixels, 2U);
  EXPECT_EQ(job->limits.decoded_bytes, 3U);
  EXPECT_EQ(job->limits.frames, 4U);
  EXPECT_EQ(job->limits.scans, 5U);
  EXPECT_EQ(job->limits.metadata_bytes, 6U);
  EXPECT_EQ(job->limits.cpu_ms, 7U);
  ASSERT_EQ(job->orders.size(), 2U);
  EXPECT_EQ(job->orders[0].preset, preset);
  EXPECT_EQ(job->orders[0].format, ImageFormat::avif);
  EXPECT_EQ(job->orders[1].preset, kOrders[1].preset);
  EXPECT_EQ(job->announced_bytes, 99U);
  EXPECT_FALSE(unpack_job("nonsense"));
}

TEST(RenderWire, a_reply_arrives_as_it_was_sent) {
  const auto reply = unpacked(pack_reply(rendered()));
  ASSERT_TRUE(reply && *reply);
  const Rendered& got = **reply;
  EXPECT_EQ(got.source.format, ImageFormat::png);
  EXPECT_EQ(got.source.width, 30);
  EXPECT_EQ(got.source.height, 40);
  EXPECT_EQ(got.source.bytes, 50U);
  EXPECT_EQ(got.source.orientation, 6);
  EXPECT_EQ(got.source.colour_space, "rgb");
  EXPECT_EQ(got.source.icc_profile, "P3");
  EXPECT_EQ(got.source.capture.camera_make, "Maker");
  EXPECT_EQ(got.source.capture.camera_model, "Model");
  EXPECT_EQ(got.source.capture.time, "now");
  ASSERT_EQ(got.thumbnails.size(), 2U);
  EXPECT_EQ(got.thumbnails[0].bytes, "first");
  EXPECT_EQ(got.thumbnails[1].bytes, "second");
  EXPECT_EQ(got.thumbnails[1].width, 19);
  EXPECT_EQ(got.thumbnails[1].height, 20);
  EXPECT_EQ(got.timings.decode.wall_ms, 3);
  EXPECT_EQ(got.timings.render.cpu_ms, 6);
}

TEST(RenderWire, the_file_has_the_sum_of_the_thumbnails) {
  std::uint64_t asked = 0;
  const auto read = [&](std::uint64_t size_bytes) {
    asked = size_bytes;
    return std::optional<Bytes>();
  };
  EXPECT_FALSE(unpack_reply(pack_reply(rendered()), kOrders, read));
  EXPECT_EQ(asked, 11U);
  EXPECT_FALSE(unpacked(pack_reply(rendered()), "firstsecon"));
}

TEST(RenderWire, an_error_is_of_the_picture_and_fit_for_people) {
  const auto refused = [](ErrorCode code, const std::string& message) {
    return unpacked(pack_reply(fail(code, message)));
  };
  const auto error = refused(ErrorCode::image_corrupt, "bad\n\x1b[2J" + std::string(5'000, 'x'));
  ASSERT_TRUE(error && !*error);
  EXPECT_EQ(error->error().code, ErrorCode::image_corrupt);
  EXPECT_EQ(error->error().message.substr(0, 9), "bad  [2Jx");
  EXPECT_LE(error->error().message.size(), 1'000U);
  for (const ErrorCode code :
       {ErrorCode::credentials_expired, ErrorCode::destination_denied, ErrorCode::source_denied,
        ErrorCode::deadline_exceeded, ErrorCode::network_timeout, ErrorCode::config_invalid}) {
    EXPECT_FALSE(refused(code, "")) << code_name(code);
  }
}

TEST(RenderWire, a_reply_that_does_not_answer_the_orders_is_refused) {
  EXPECT_FALSE(is_refused([](Rendered&) {}));
  EXPECT_TRUE(is_refused([](Rendered& r) { r.thumbnails.pop_back(); }));
  EXPECT_TRUE(is_refused([](Rendered& r) { r.thumbnails.push_back(r.thumbnails[1]); }));
  EXPECT_TRUE(is_refused([](Rendered& r) { r.thumbnails[0].preset = "b"; }));
  EXPECT_TRUE(is_refused([](Rendered& r) { r.thumbnails[0].format = ImageFormat::png; }));
  EXPECT_TRUE(is_refused([](Rendered& r) { r.thumbnails[0].width = 0; }));
  EXPECT_TRUE(is_refused([](Rendered& r) { r.thumbnails[0].height = -1; }));
  EXPECT_TRUE(is_refused([](Rendered& r) {
    r.thumbnails[1].bytes = r.thumbnails[0].bytes + r.thumbnails[1].bytes;
    r.thumbnails[0].bytes.clear();
  }));
  EXPECT_TRUE(is_refused([](Rendered& r) { r.source.width = 0; }));
  EXPECT_TRUE(is_refused([](Rendered& r) { r.source.height = -1; }));
  EXPECT_TRUE(is_refused([](Rendered& r) { r.source.orientation = 9; }));
  EXPECT_TRUE(is_refused([](Rendered& r) { r.source.orientation = 0; }));
  const Bytes reply = pack_reply(rendered());
  for (std::size_t size = 0; size < reply.size(); ++size) {
    EXPECT_FALSE(unpacked(reply.substr(0, size))) << size;
  }
}

TEST(RenderWire, what_is_said_of_the_source_is_fit_for_people) {
  Rendered hostile = rendered();
  hostile.source.icc_profile = "P\x1b[2J\n3";
  hostile.source.capture.camera_make = std::string(1'000, 'x');
  const auto reply = unpacked(pack_reply(hostile));
  ASSERT_TRUE(reply && *reply);
  EXPECT_EQ((*reply)->source.icc_profile, "P [2J 3");
  EXPECT_LE((*reply)->source.capture.camera_make.size(), kSourceTextBytesMax);
}

}  // namespace
}  // namespace miniatura
