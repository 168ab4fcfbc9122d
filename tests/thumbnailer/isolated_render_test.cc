#include "thumbnailer/isolated_render.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>

#include "tests/support/images.h"
#include "tests/support/open_files.h"
#include "tests/support/sanitized.h"
#include "thumbnailer/admission.h"
#include "thumbnailer/render_wire.h"
#include "thumbnailer/render_worker.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr int kSocket = 3;

// What a decoder that somebody has taken over may do; its text is what it says of the picture.
std::string refusals() {
  std::array<char*, 1> none{nullptr};
  const std::map<std::string, std::function<int()>> attempts = {
      {"exec", [&] { return ::execve("/bin/true", none.data(), none.data()); }},
      {"fork", [] { return ::fork(); }},
      {"kill", [] { return ::kill(::getpid() == 1 ? 2 : 1, 0); }},
      {"open", [] { return ::open("/etc/passwd", O_RDONLY | O_CLOEXEC); }},
      {"socket", [] { return ::socket(AF_INET, SOCK_STREAM, 0); }}};
  std::string done;
  for (const auto& [name, attempt] : attempts) {
    if (attempt() >= 0 || errno != EPERM) done += name + " is done; ";
  }
  return done.empty() ? "all refused" : done;
}

std::string environment() {
  std::string all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.append(*entry).append(";");
  return all;
}

void say(std::string_view bytes) { ::send(kSocket, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

void say_reply(const Rendered& rendered, int file) {
  Bytes reply = wire::kReply + pack_reply(rendered);
  iovec part{reply.data(), reply.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (file >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    *header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    std::memcpy(CMSG_DATA(header), &file, sizeof(int));
  }
  ::sendmsg(kSocket, &message, MSG_NOSIGNAL);
}

// A right answer to the orders of the tests, with thumbnails of these bytes.
Rendered answer(const Bytes& bytes) {
  Rendered rendered;
  rendered.source.width = rendered.source.height = 1;
  rendered.thumbnails.push_back({"small", bytes, 1, 1, ImageFormat::png});
  return rendered;
}

int memory_file(ByteView bytes) {
  const int file = ::memfd_create("thumbnails", MFD_CLOEXEC);
  return ::write(file, bytes.data(), bytes.size()) < 0 ? -1 : file;
}

[[noreturn]] void wait_for_ever() {
  for (;;) ::poll(nullptr, 0, 1000);
}

[[noreturn]] void work_for_ever() {
  for (volatile bool ever = true; ever;) continue;
  std::abort();
}

std::string take_all_memory() {
  try {
    std::vector<Bytes> all;
    for (;;) all.emplace_back(std::size_t{64} << 20, 'x');
  } catch (const std::bad_alloc&) {
    return "";
  }
}

const std::map<std::string, std::function<std::string()>> kTricks = {
    {"try", refusals},
    {"environment", environment},
    {"crash", []() -> std::string { ::abort(); }},
    {"kill", []() -> std::string { return ::raise(SIGKILL) == 0 ? "" : "alive"; }},
    {"exit", []() -> std::string { ::_exit(0); }},
    {"sleep", []() -> std::string { wait_for_ever(); }},
    {"work", []() -> std::string { work_for_ever(); }},
    {"hang up", []() -> std::string { return ::close(kSocket), wait_for_ever(), ""; }},
    {"nonsense", []() -> std::string { return say("Rnonsense"), wait_for_ever(), ""; }},
    {"other kind",
     []() -> std::string {
       return say("X" + pack_reply(fail(ErrorCode::internal, "?"))), wait_for_ever(), "";
     }},
    {"nothing", []() -> std::string { return say(""), wait_for_ever(), ""; }},
    {"too long", []() -> std::string { return say(Bytes(100'000, 'R')), wait_for_ever(), ""; }},
    {"asks twice",
     []() -> std::string {
       return say("M\1" + Bytes(7, '\0')), say("M\1" + Bytes(7, '\0')), wait_for_ever(), "";
     }},
    {"asks nonsense", []() -> std::string { return say("M"), wait_for_ever(), ""; }},
    {"no file", []() -> std::string { return say_reply(answer("text"), -1), wait_for_ever(), ""; }},
    {"short file",
     []() -> std::string {
       return say_reply(answer("text"), memory_file("tex")), wait_for_ever(), "";
     }},
    {"no memory file",
     []() -> std::string { return say_reply(answer("text"), kSocket), wait_for_ever(), ""; }},
    {"twice",
     []() -> std::string {
       say_reply(answer("text"), memory_file("text"));
       return "and again";
     }},
};

// Renders as it should, but for sources that begin with "trick:".
Result<Rendered> decoder(ByteSource& source, std::span<const RenderOrder> orders,
                         const Limits& limits, const Deadline& /*deadline*/) {
  TRY(start, source.peek(64));
  constexpr std::string_view kMark = "trick:";
  if (!start.starts_with(kMark)) return render(source, orders, limits);
  const std::string name(start.substr(kMark.size(), start.find('\n') - kMark.size()));
  if (name == "memory") return fail(ErrorCode::memory_exhausted, take_all_memory());
  if (name == "credentials") return fail(ErrorCode::credentials_expired, "of the store");
  return fail(ErrorCode::image_unsupported, kTricks.at(name)());
}

constexpr const char* kIsWorker = "MINIATURA_TEST_WORKER";

// Started as a worker, this executable of tests is one.
const bool kServed = [] {
  if (std::getenv(kIsWorker) == nullptr) return false;
  serve_renders(worker_socket(), walls_for({}), decoder);
  std::_Exit(0);
}();

// Endless zeros behind `start`; fails after so many bytes, where it is told to.
class EndlessSource : public ByteSource {
 public:
  explicit EndlessSource(Bytes start, std::size_t fails_after = SIZE_MAX)
      : start_(std::move(start)), fails_after_(fails_after) {}
  bool is_cancelled() const { return cancelled_; }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    if (given_ >= fails_after_) return fail(ErrorCode::network_timeout, "the network is away");
    std::memset(buffer.data(), 0, buffer.size());
    if (given_ < start_.size()) start_.copy(buffer.data(), buffer.size());
    given_ += buffer.size();
    return buffer.size();
  }
  void stop() override { cancelled_ = true; }

  Bytes start_;
  std::size_t fails_after_;
  std::size_t given_ = 0;
  bool cancelled_ = false;
};

class IsolatedRenderTest : public ::testing::Test {
 protected:
  IsolatedRenderTest() {
    // Where a sanitizer finds something in a worker, it is to say so.
    for (const char* name : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
      if (const char* value = std::getenv(name)) {
        start_.environment = start_.environment.with(name, value);
      }
    }
  }
  Result<Rendered> render_bytes(const Bytes& bytes, const Deadline& deadline = {}) {
    MemorySource source(bytes);
    return renderer_.render(source, orders_, limits_, deadline);
  }
  Result<Rendered> trick(const std::string& name, const Deadline& deadline = {}) {
    return render_bytes("trick:" + name + "\n", deadline);
  }
  void expect_served() {
    const Bytes picture = pictures::picture(ImageFormat::png, 64, 48);
    const auto rendered = render_bytes(picture);
    ASSERT_TRUE(rendered) << rendered.error().message;
    MemorySource source(picture);
    const auto here = render(source, orders_, limits_);
    ASSERT_EQ(rendered->thumbnails.size(), here->thumbnails.size());
    EXPECT_EQ(rendered->thumbnails[0].bytes, here->thumbnails[0].bytes);
  }
  // That picture fails so, and the next one does not.
  void expect_failure(const std::string& name, ErrorCode code, const std::string& message,
                      std::chrono::milliseconds time = 60s) {
    const auto failed = trick(name, Deadline::after(clock_, time));
    ASSERT_FALSE(failed) << name;
    EXPECT_EQ(failed.error().code, code) << name << ": " << failed.error().message;
    EXPECT_THAT(failed.error().message, HasSubstr(message)) << name;
    expect_served();
  }

  WorkerStart start_{{"/proc/self/exe"}, Environment().with(kIsWorker, "1")};
  SystemClock clock_;
  Limits limits_;
  std::vector<RenderOrder> orders_ = {{*parse_preset("small=16x16:png"), ImageFormat::png}};
  IsolatedRenderer renderer_{start_, clock_};
};

TEST_F(IsolatedRenderTest, what_it_gives_is_what_rendering_here_gives) {
  orders_ = {{*parse_preset("small=16x16"), ImageFormat::jpeg},
             {*parse_preset("wide=40x20:cover"), ImageFormat::webp},
             {*parse_preset("same=400x"), ImageFormat::png}};
  for (const ImageFormat format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    Bytes picture = pictures::picture(format, 640, 480);
    if (format == ImageFormat::jpeg) {
      picture = pictures::with_exif(
          format, picture,
          pictures::exif_texts({{271, "Maker"}, {272, "Model"}},
                               {{0x9003, "2026:01:02 03:04:05"}, {0x9011, "+02:00"}}));
    }
    MemorySource source(picture);
    const auto here = render(source, orders_, limits_);
    const auto there = render_bytes(picture);
    ASSERT_TRUE(here && there) << there.error().message;
    ASSERT_EQ(there->thumbnails.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(there->thumbnails[i].preset, here->thumbnails[i].preset);
      EXPECT_EQ(there->thumbnails[i].bytes, here->thumbnails[i].bytes);
      EXPECT_EQ(there->thumbnails[i].width, here->thumbnails[i].width);
      EXPECT_EQ(there->thumbnails[i].height, here->thumbnails[i].height);
    }
    EXPECT_EQ(there->source.format, here->source.format);
    EXPECT_EQ(there->source.bytes, here->source.bytes);
    EXPECT_EQ(there->source.colour_space, here->source.colour_space);
    EXPECT_EQ(there->source.capture.camera_model, here->source.capture.camera_model);
    EXPECT_EQ(there->source.capture.time, here->source.capture.time);
    EXPECT_GT(there->timings.decode.wall_ms, 0);
  }
}

TEST_F(IsolatedRenderTest, a_picture_that_fails_there_fails_as_it_would_here) {
  limits_.source_bytes = 100'000;
  const Bytes whole = pictures::picture(ImageFormat::png, 640, 480);
  for (const Bytes& bytes :
       {Bytes("no picture"), Bytes(), pictures::png_start(60'000, 60'000, 8, 2),
        Bytes(200'000, '\0'), whole.substr(0, whole.size() / 2)}) {
    MemorySource source(bytes);
    const auto here = render(source, orders_, limits_);
    const auto there = render_bytes(bytes);
    ASSERT_FALSE(here || there);
    EXPECT_EQ(there.error().code, here.error().code);
    EXPECT_EQ(there.error().message, here.error().message);
  }
}

TEST_F(IsolatedRenderTest, a_decoder_that_tries_to_leave_is_refused) {
  expect_failure("try", ErrorCode::image_unsupported, "all refused");
}

TEST_F(IsolatedRenderTest, the_worker_has_the_environment_that_it_is_given_alone) {
  if (kSanitized) GTEST_SKIP();
  EXPECT_EQ(trick("environment").error().message, "MINIATURA_TEST_WORKER=1;");
}

TEST_F(IsolatedRenderTest, a_worker_that_dies_fails_its_picture_for_good_and_no_other) {
  expect_failure("crash", ErrorCode::image_corrupt, "the decoder crashed (");
  if (!kSanitized) expect_failure("crash", ErrorCode::image_corrupt, "(signal 6)");
  expect_failure("exit", ErrorCode::image_corrupt, "the decoder crashed (exit status 0)");
  expect_failure("kill", ErrorCode::image_too_large, "most likely for want of memory");
}

TEST_F(IsolatedRenderTest, a_worker_that_does_not_end_is_killed_at_the_deadline) {
  expect_failure("sleep", ErrorCode::deadline_exceeded, "did not end in time", 200ms);
}

TEST_F(IsolatedRenderTest, a_worker_that_does_not_read_on_is_killed_at_the_deadline) {
  EndlessSource source("trick:sleep\n");
  const auto failed = renderer_.render(source, orders_, limits_, Deadline::after(clock_, 200ms));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::deadline_exceeded);
  EXPECT_TRUE(source.is_cancelled());
  expect_served();
}

TEST_F(IsolatedRenderTest, CPU_over_the_limit_fails_the_picture_for_good) {
  limits_.cpu_ms = 1;
  const auto failed = trick("work");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::image_too_large);
  EXPECT_EQ(failed.error().message, "rendering takes more CPU time than the 1 ms of limits.cpu_ms");
  expect_served();
}

TEST_F(IsolatedRenderTest, memory_over_the_limit_fails_the_picture_for_good) {
  if (kSanitized) GTEST_SKIP();
  expect_failure("memory", ErrorCode::image_too_large, "");
}

TEST_F(IsolatedRenderTest, the_memory_of_all_workers_is_counted_together) {
  {
    const auto others = Admission::request(limits_.decoded_bytes, limits_, 0ms);
    MemorySource source(pictures::picture(ImageFormat::png, 64, 48));
    const auto deferred =
        renderer_.render(source, orders_, limits_, Deadline::after(clock_, 500ms));
    ASSERT_FALSE(deferred);
    EXPECT_EQ(deferred.error().code, ErrorCode::memory_exhausted) << deferred.error().message;
  }
  EXPECT_TRUE(Admission::request(limits_.decoded_bytes, limits_, 0ms));  // nothing is kept
  expect_failure("asks twice", ErrorCode::image_corrupt, "the decoder talks nonsense");
  expect_failure("asks nonsense", ErrorCode::image_corrupt, "the decoder talks nonsense");
}

TEST_F(IsolatedRenderTest, nonsense_fails_the_picture_for_good) {
  for (const char* name :
       {"nonsense", "other kind", "no file", "short file", "no memory file", "credentials"}) {
    expect_failure(name, ErrorCode::image_corrupt, "the decoder talks nonsense");
  }
  for (const char* name : {"hang up", "too long", "nothing"}) {
    expect_failure(name, ErrorCode::image_corrupt, "the decoder hung up");
  }
}

TEST_F(IsolatedRenderTest, a_reply_too_many_is_not_taken_for_the_next_pictures) {
  ASSERT_TRUE(renderer_.prepare());
  pollfd socket{::dup(2), POLLIN, 0};  // of the numbers above the worker's socket the first
  ::close(socket.fd--);
  const auto first = trick("twice");
  ASSERT_TRUE(first);
  ASSERT_EQ(::poll(&socket, 1, 60'000), 1);
  EXPECT_EQ(first->thumbnails[0].bytes, "text");
  EXPECT_EQ(first->source.bytes, 12U);  // counted here, whatever it says
  expect_served();
}

TEST_F(IsolatedRenderTest, a_source_whose_start_is_enough_is_not_downloaded) {
  EndlessSource source(pictures::png_start(60'000, 60'000, 8, 2));
  const auto failed = renderer_.render(source, orders_, limits_, {});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::image_too_large);
  EXPECT_TRUE(source.is_cancelled());
  expect_served();
}

TEST_F(IsolatedRenderTest, what_the_source_fails_with_is_its_own) {
  for (const Bytes& start : {Bytes("trick:sleep\n"), pictures::picture(ImageFormat::png, 64, 48)}) {
    EndlessSource source(start, kMessageBytesMax);
    const auto failed = renderer_.render(source, orders_, limits_, Deadline::after(clock_, 500ms));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::network_timeout);
    EXPECT_EQ(failed.error().message, "the network is away");
    expect_served();
  }
}

TEST_F(IsolatedRenderTest, nothing_is_left_behind) {
  const auto before = open_files();
  {
    IsolatedRenderer renderer(start_, clock_);
    for (const char* name : {"crash", "short file", "twice", "nonsense"}) {
      MemorySource source(Bytes("trick:") + name + "\n");
      static_cast<void>(renderer.render(source, orders_, limits_, {}));
    }
  }
  EXPECT_EQ(open_files(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(IsolatedRenderTest, without_a_worker_there_is_another_attempt) {
  for (const char* program : {"/nowhere/at/all", "/bin/false"}) {
    IsolatedRenderer renderer({{program}, {}}, clock_);
    EXPECT_FALSE(renderer.prepare());
    MemorySource source("bytes");
    const auto failed = renderer.render(source, orders_, limits_, {});
    EXPECT_EQ(failed.error().code, ErrorCode::memory_exhausted);
  }
}

}  // namespace
}  // namespace miniatura
