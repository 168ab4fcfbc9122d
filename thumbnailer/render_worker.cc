#include "thumbnailer/render_worker.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <optional>
#include <string_view>

#include "thumbnailer/admission.h"
#include "thumbnailer/codecs/heif/heif_decode.h"
#include "thumbnailer/magick_render.h"
#include "thumbnailer/render_wire.h"

namespace miniatura {
namespace {

// The picture's bytes as they come over the socket.
class SentSource : public ByteSource {
 public:
  SentSource(MessageSocket& socket, std::optional<std::uint64_t> announced_bytes)
      : socket_(socket), announced_bytes_(announced_bytes) {}
  std::optional<std::uint64_t> size_bytes() const override { return announced_bytes_; }

  // The memory is shared with other workers; whoever has them all keeps count. Pieces that were
  // under way before the answer are kept: the socket holds no more of them than fit.
  Result<void> ask(std::uint64_t bytes) {
    hung_up_ = hung_up_ || !socket_.send(wire::kAsk, pack_ask(bytes));
    while (!hung_up_) {
      const auto message = socket_.receive();
      if (message && message->kind == wire::kAdmitted) return {};
      if (message && message->kind == wire::kRefused) break;
      take(message);
    }
    return fail(ErrorCode::memory_exhausted, "not admitted");
  }

  // Takes what is left, up to its end. False: there is none.
  bool drain() {
    while (!ended_) {
      take(socket_.receive());
      pieces_.clear();
    }
    return !hung_up_;
  }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    while (pieces_.empty() && !ended_) take(socket_.receive());
    if (pieces_.empty()) {
      if (broken_off_) return fail(ErrorCode::internal, "the source broke off");
      return 0;
    }
    const std::size_t count = pieces_.front().copy(buffer.data(), buffer.size(), taken_);
    taken_ += count;
    if (taken_ == pieces_.front().size()) {
      pieces_.pop_front();
      taken_ = 0;
    }
    return count;
  }

  void take(const std::optional<Message>& message) {
    if (message && message->kind == wire::kPiece && !message->payload.empty()) {
      pieces_.emplace_back(message->payload);
      return;
    }
    ended_ = true;
    broken_off_ = !message || message->kind != wire::kEnd;
    hung_up_ = broken_off_ && (!message || message->kind != wire::kBrokenOff);
  }

  MessageSocket& socket_;
  std::optional<std::uint64_t> announced_bytes_;
  std::deque<Bytes> pieces_;
  std::size_t taken_ = 0;  // of the first
  bool ended_ = false;
  bool broken_off_ = false;
  bool hung_up_ = false;
};

bool write_all(int file, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool send_reply(const MessageSocket& socket, const Result<Rendered>& rendered) {
  const Bytes reply = pack_reply(rendered);
  if (!rendered) return socket.send(wire::kReply, reply);
  const Descriptor file(::memfd_create("thumbnails", MFD_CLOEXEC));
  if (!file.is_open()) return false;
  for (const Thumbnail& thumbnail : rendered->thumbnails) {
    if (!write_all(file.get(), thumbnail.bytes)) return false;
  }
  return socket.send(wire::kReply, reply, file.get());
}

// A picture of one white pixel.
constexpr std::string_view kOnePixel(
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90\x77\x53\xDE\0\0\0\x0CIDAT\x78"
    "\x9C"
    "\x63\xF8\xFF\xFF\x3F\0\x05\xFE\x02\xFE\x0D\xEF\x46\xB8\0\0\0\0IEND\xAE\x42\x60\x82",
    69);

// By doing it: each format is written, and what was written read.
Result<void> initialise_rendering() {
  CHECKED(load_heif());
  std::vector<RenderOrder> orders;
  for (const ImageFormat format : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    Preset preset;
    preset.width = preset.height = 1;
    orders.push_back({preset, format});
  }
  MemorySource first{Bytes(kOnePixel)};
  TRY(written, render(first, orders, {}));
  for (const Thumbnail& thumbnail : written.thumbnails) {
    for (const auto& engine : {RenderFn(render), RenderFn(render_by_magick)}) {
      MemorySource again(thumbnail.bytes);
      CHECKED(engine(again, std::span(orders).first(1), {}, {}));
    }
  }
  return {};
}

}  // namespace

void serve_renders(MessageSocket socket, const Walls& walls, const RenderFn& render_fn) {
  auto ready = initialise_rendering();
  if (ready) ready = lock_up(walls);
  if (!socket.send(wire::kReady, ready ? "" : ready.error().message) || !ready) return;
  for (;;) {
    const auto message = socket.receive();
    if (!message || message->kind != wire::kJob) return;
    const auto job = unpack_job(message->payload);
    if (!job) return;
    SentSource source(socket, job->announced_bytes);
    set_admission_authority([&source](std::uint64_t bytes) { return source.ask(bytes); });
    // Told at once, so that nobody goes on sending what is not wanted.
    if (!send_reply(socket, render_fn(source, job->orders, job->limits, {}))) return;
    if (!source.drain()) return;
  }
}

}  // namespace miniatura
