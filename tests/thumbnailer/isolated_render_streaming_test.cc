// Sources that are still on their way while the worker asks, decodes or has its answer already.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include "tests/support/images.h"
#include "tests/support/jpeg_oracle.h"
#include "thumbnailer/admission.h"
#include "thumbnailer/isolated_render.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

// More than sockets and workers hold of a source that nobody takes: pieces under way are few.
constexpr std::size_t kUnderWayBytes = 1'000'000;

// Noise that compresses badly: several MB.
const Bytes& large_jpeg() {
  static const Bytes jpeg = [] {
    oracle::JpegKind kind;
    kind.width = 1600;
    kind.height = 1200;
    kind.factors = {{1, 1}, {1, 1}, {1, 1}};
    kind.quality = 100;
    kind.noise = 120;
    return oracle::coded_jpeg(kind);
  }();
  return jpeg;
}

// Counts what it gave, whether it was cancelled, and says what it is told of its size. Behind its
// bytes there are zeros without end or an error, where it is told to.
class Watched : public ByteSource {
 public:
  enum class Behind { end, zeros, error };
  explicit Watched(Bytes bytes, std::optional<std::uint64_t> announced = {}, Behind behind = {})
      : bytes_(std::move(bytes)), announced_(announced), behind_(behind) {}
  std::optional<std::uint64_t> size_bytes() const override { return announced_; }
  std::size_t given() const { return given_; }
  bool is_cancelled() const { return cancelled_; }
  // Called before each portion.
  std::function<void(std::size_t given)> watch = [](std::size_t) {};

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    watch(given_);
    std::size_t count = 0;
    if (given_ < bytes_.size()) {
      count = bytes_.copy(buffer.data(), buffer.size(), given_);
    } else if (behind_ == Behind::error) {
      return fail(ErrorCode::network_timeout, "the network is away");
    } else if (behind_ == Behind::zeros) {
      count = buffer.size();
      std::fill_n(buffer.begin(), count, '\0');
    }
    given_ += count;
    return count;
  }
  void stop() override { cancelled_ = true; }

  Bytes bytes_;
  std::optional<std::uint64_t> announced_;
  Behind behind_;
  std::atomic<std::size_t> given_ = 0;
  bool cancelled_ = false;
};

// Those of this process, whose tests have one thread that starts any.
std::string children() {
  std::ifstream file("/proc/thread-self/children");
  return {std::istreambuf_iterator<char>(file), {}};
}

class IsolatedStreamingTest : public ::testing::Test {
 protected:
  // The worker that isolated_render_test.cc makes of this executable.
  IsolatedStreamingTest() {
    for (const char* name : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
      if (const char* value = std::getenv(name)) {
        start_.environment = start_.environment.with(name, value);
      }
    }
  }
  Result<Rendered> rendered(ByteSource& source, const Deadline& deadline = {}) {
    return renderer_.render(source, orders_, limits_, deadline);
  }
  void expect_as_here(const Result<Rendered>& there, const Bytes& picture) {
    ASSERT_TRUE(there) << there.error().message;
    MemorySource source(picture);
    const auto here = render(source, orders_, limits_);
    ASSERT_TRUE(here);
    EXPECT_EQ(there->thumbnails.at(0).bytes, here->thumbnails.at(0).bytes);
    EXPECT_EQ(there->thumbnails.at(1).bytes, here->thumbnails.at(1).bytes);
  }
  void expect_next_is_served() {
    MemorySource source(large_jpeg());
    expect_as_here(rendered(source), large_jpeg());
  }
  void expect_next_is_served_by_the_same_worker() {
    const std::string before = children();
    EXPECT_NE(before, "");
    expect_next_is_served();
    EXPECT_EQ(children(), before);
  }
  bool all_memory_is_free() const {
    return Admission::request(limits_.decoded_bytes, limits_, 0ms).has_value();
  }

  WorkerStart start_{{"/proc/self/exe"}, Environment().with("MINIATURA_TEST_WORKER", "1")};
  SystemClock clock_;
  Limits limits_;
  std::vector<RenderOrder> orders_ = {{*parse_preset("small=100x100"), ImageFormat::jpeg},
                                      {*parse_preset("large=700x700"), ImageFormat::webp}};
  IsolatedRenderer renderer_{start_, clock_};
};

TEST_F(IsolatedStreamingTest, memory_is_asked_for_while_the_source_is_on_its_way) {
  ASSERT_GT(large_jpeg().size(), 3 * kUnderWayBytes);
  Watched source(large_jpeg(), large_jpeg().size());
  int free = 0;
  int taken = 0;
  source.watch = [&](std::size_t given) {
    if (given < kUnderWayBytes || given == large_jpeg().size()) return;
    (all_memory_is_free() ? free : taken) += 1;
  };
  const auto there = rendered(source);
  expect_as_here(there, large_jpeg());
  EXPECT_EQ(there->source.bytes, large_jpeg().size());
  EXPECT_EQ(free, 0) << "it was sent before it was admitted";
  EXPECT_GT(taken, 10);
  EXPECT_TRUE(all_memory_is_free());
  expect_next_is_served_by_the_same_worker();
}

TEST_F(IsolatedStreamingTest, a_source_waits_while_others_have_the_memory) {
  auto others =
      std::make_unique<Result<Admission>>(Admission::request(limits_.decoded_bytes, limits_, 0ms));
  ASSERT_TRUE(*others);
  Watched source(large_jpeg(), large_jpeg().size());
  std::atomic<std::size_t> given_before = 0;
  std::thread release([&] {
    while (source.given() == 0) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(300ms);
    given_before = source.given();
    others.reset();
  });
  const auto there = rendered(source);
  release.join();
  expect_as_here(there, large_jpeg());
  EXPECT_GT(given_before, 0U);
  EXPECT_LT(given_before, kUnderWayBytes) << "nobody keeps what is not admitted";
  EXPECT_EQ(source.given(), large_jpeg().size());
  expect_next_is_served_by_the_same_worker();
}

TEST_F(IsolatedStreamingTest, a_source_that_is_not_admitted_in_time_is_cancelled) {
  {
    const auto others = Admission::request(limits_.decoded_bytes, limits_, 0ms);
    Watched source(large_jpeg(), large_jpeg().size());
    const auto deferred = rendered(source, Deadline::after(clock_, 500ms));
    ASSERT_FALSE(deferred);
    EXPECT_EQ(deferred.error().code, ErrorCode::memory_exhausted) << deferred.error().message;
    EXPECT_TRUE(source.is_cancelled());
    EXPECT_LT(source.given(), kUnderWayBytes);
  }
  EXPECT_TRUE(all_memory_is_free());
  expect_next_is_served();
}

TEST_F(IsolatedStreamingTest, an_answer_ends_the_sending_of_what_is_left) {
  ASSERT_TRUE(renderer_.prepare());
  Watched source(large_jpeg(), 1'000'000'000'000, Watched::Behind::zeros);
  limits_.source_bytes = 2'000'000'000'000;
  const auto there = rendered(source);
  expect_as_here(there, large_jpeg());
  EXPECT_TRUE(source.is_cancelled());
  EXPECT_LT(source.given(), large_jpeg().size() + 10 * kUnderWayBytes);
  EXPECT_EQ(there->source.bytes, 1'000'000'000'000U) << "as announced: it was not counted";
  limits_ = {};
  expect_next_is_served_by_the_same_worker();
}

TEST_F(IsolatedStreamingTest, what_was_sent_to_its_end_was_counted_whatever_was_announced) {
  const Bytes more = large_jpeg() + Bytes(2'000'000, '\0');
  for (const auto announced :
       {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(1000)}) {
    Watched source(more, announced);
    const auto there = rendered(source);
    expect_as_here(there, large_jpeg());
    EXPECT_EQ(there->source.bytes, more.size());
    EXPECT_EQ(source.given(), more.size());
  }
  expect_next_is_served_by_the_same_worker();
}

TEST_F(IsolatedStreamingTest, a_picture_that_fails_half_way_ends_the_sending) {
  Bytes broken = large_jpeg();
  broken.replace(2 * kUnderWayBytes, 2, "\xFF\xD9");
  Watched source(broken, 1'000'000'000, Watched::Behind::zeros);
  limits_.source_bytes = 2'000'000'000;
  const auto failed = rendered(source);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::image_corrupt) << failed.error().message;
  EXPECT_TRUE(source.is_cancelled());
  EXPECT_LT(source.given(), 10 * kUnderWayBytes);
  limits_ = {};
  expect_next_is_served_by_the_same_worker();
}

TEST_F(IsolatedStreamingTest, a_source_that_fails_half_way_fails_as_itself) {
  Watched source(large_jpeg().substr(0, 2 * kUnderWayBytes), large_jpeg().size(),
                 Watched::Behind::error);
  const auto failed = rendered(source);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::network_timeout);
  EXPECT_EQ(failed.error().message, "the network is away");
  EXPECT_TRUE(all_memory_is_free());
  expect_next_is_served_by_the_same_worker();
}

}  // namespace
}  // namespace miniatura
