#include "thumbnailer/isolated_render.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/text.h"
#include "thumbnailer/admission.h"
#include "thumbnailer/render_wire.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using Ready = MessageSocket::Ready;

// For a worker that sleeps where nobody set a deadline: longer than any picture within
// limits.cpu_ms takes, but on a machine that is overwhelmed.
constexpr auto kPatience = 5min;
constexpr auto kPatienceAtStart = 30s;

// Beside what decoding takes there are the source as it grows, what is encoded, the decoders' own
// needs and the stacks of their threads.
constexpr std::uint64_t kMemoryBytesBeside = std::uint64_t{512} << 20;

std::string how_it_ended(const WorkerEnd& end) {
  return end.signal != 0 ? fmt::format("signal {}", end.signal)
                         : fmt::format("exit status {}", end.exit_status);
}

Error error_of(const WorkerEnd& end, const Limits& limits) {
  Error error;
  error.code = ErrorCode::image_too_large;
  if (end.by_us) {
    error.code = ErrorCode::image_corrupt;
    error.message = "the decoder hung up";
  } else if (end.signal == SIGXCPU) {
    error.message =
        fmt::format("rendering takes more CPU time than the {} ms of limits.cpu_ms", limits.cpu_ms);
  } else if (end.signal == SIGXFSZ) {
    error.message =
        fmt::format("its thumbnails are over the limit of {} bytes", walls_for(limits).file_bytes);
  } else if (end.signal == SIGKILL) {
    error.message = "rendering was killed, most likely for want of memory";
  } else {
    error.code = ErrorCode::image_corrupt;
    error.message = fmt::format("the decoder crashed ({})", how_it_ended(end));
  }
  return error;
}

// All of a file that is as large as it was said to be. Copied: whoever sent it may change it.
std::optional<Bytes> read_exactly(const Descriptor& file, std::uint64_t size_bytes) {
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) != size_bytes) {
    return std::nullopt;
  }
  Bytes bytes(size_bytes, '\0');
  std::size_t had = 0;
  while (had < bytes.size()) {
    const ssize_t got =
        ::pread(file.get(), bytes.data() + had, bytes.size() - had, static_cast<off_t>(had));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    had += static_cast<std::size_t>(got);
  }
  return bytes;
}

// One job, in a worker that is at rest.
class Exchange {
 public:
  Exchange(Worker& worker, std::span<const RenderOrder> orders, const Limits& limits,
           Steady::time_point deadline)
      : worker_(worker),
        socket_(worker.socket()),
        orders_(orders),
        limits_(limits),
        deadline_(deadline) {}

  Result<Rendered> run(ByteSource& source) {
    const Stopwatch download;
    send(source);
    const Stopwatch::Lap lap = download.lap();
    auto rendered = receive();
    // Whatever half a source was taken for.
    if (source_error_) return fail(*std::move(source_error_));
    if (refusal_) return fail(*std::move(refusal_));
    if (rendered) {
      rendered->timings.download = lap;
      rendered->source.bytes =
          is_end_sent_ ? sent_bytes_ : source.size_bytes().value_or(sent_bytes_);
    } else if (rendered.error().code == ErrorCode::memory_exhausted) {
      rendered.error().code = ErrorCode::image_too_large;  // it was alone there
    }
    return rendered;
  }

  // Is the worker at rest again?
  bool at_rest() const { return at_rest_; }

 private:
  Steady::time_point until() const { return std::min(deadline_, Steady::now() + kPatience); }

  std::chrono::milliseconds time_left() const {
    if (deadline_ == Steady::time_point::max()) return std::chrono::milliseconds::max();
    return std::max(
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Steady::now()), 0ms);
  }

  // The job, and its source up to where the worker has its answer.
  void send(ByteSource& source) {
    if (!socket_.send(wire::kJob,
                      pack_job({limits_, {orders_.begin(), orders_.end()}, source.size_bytes()}))) {
      return;
    }
    Bytes buffer(kMessageBytesMax, '\0');
    for (;;) {
      const Ready ready = socket_.wait_either(until());
      if (ready == Ready::readable && hears_ask()) continue;
      if (ready != Ready::writable) break;
      const auto got = source.read(buffer);
      if (!got) source_error_ = got.error();
      if (!got || *got == 0) {
        is_end_sent_ = socket_.send(got ? wire::kEnd : wire::kBrokenOff);
        return;
      }
      sent_bytes_ += *got;
      if (!socket_.send(wire::kPiece, ByteView(buffer).substr(0, *got))) break;
    }
    source.cancel();  // the rest is not wanted
  }

  // Takes what the worker says; whether that was a question, which is answered now. What else it
  // was is kept.
  bool hears_ask() {
    said_ = socket_.receive();
    hung_up_ = !said_;
    if (!said_ || said_->kind != wire::kAsk || !admit(said_->payload)) return false;
    said_.reset();
    return true;
  }

  Result<Rendered> receive() {
    while (!said_ && !hung_up_) {
      if (socket_.wait_readable(until()) == Ready::late) {
        return fail(ErrorCode::deadline_exceeded, "rendering did not end in time");
      }
      hears_ask();
    }
    if (hung_up_) return fail(error_of(worker_.end(), limits_));
    auto rendered = understood(*said_);
    if (!rendered) return fail(ErrorCode::image_corrupt, "the decoder talks nonsense");
    at_rest_ = is_end_sent_ ||
               (socket_.wait_either(until()) == Ready::writable && socket_.send(wire::kEnd));
    return *std::move(rendered);
  }

  // Memory is counted here, for all workers. False: it may not ask.
  bool admit(ByteView ask) {
    const auto bytes = unpack_ask(ask);
    if (!bytes || admission_ || refusal_) return false;
    auto admission = Admission::request(*bytes, limits_, time_left());
    if (admission) {
      admission_.emplace(*std::move(admission));
    } else {
      refusal_ = std::move(admission).error();
    }
    return socket_.send(admission_ ? wire::kAdmitted : wire::kRefused);
  }

  std::optional<Result<Rendered>> understood(const Message& message) const {
    if (message.kind != wire::kReply) return std::nullopt;
    return unpack_reply(message.payload, orders_, [&](std::uint64_t size_bytes) {
      return size_bytes <= walls_for(limits_).file_bytes ? read_exactly(message.file, size_bytes)
                                                         : std::nullopt;
    });
  }

  Worker& worker_;
  MessageSocket& socket_;
  std::span<const RenderOrder> orders_;
  const Limits& limits_;
  Steady::time_point deadline_;
  std::uint64_t sent_bytes_ = 0;
  bool is_end_sent_ = false;
  bool at_rest_ = false;
  std::optional<Message> said_;  // by the worker, and not answered yet
  bool hung_up_ = false;
  std::optional<Error> source_error_;
  std::optional<Admission> admission_;
  std::optional<Error> refusal_;
};

}  // namespace

Walls walls_for(const Limits& limits) {
  return {limits.decoded_bytes + 2 * limits.source_bytes + kMemoryBytesBeside,
          limits.decoded_bytes + kMemoryBytesBeside};
}

Result<void> IsolatedRenderer::prepare() {
  TRY(worker, Worker::start(start_));
  MessageSocket& socket = worker.socket();
  if (socket.wait_readable(Steady::now() + kPatienceAtStart) == Ready::late) {
    return fail(ErrorCode::memory_exhausted, "a worker process does not come to its start");
  }
  const auto message = socket.receive();
  if (!message || message->kind != wire::kReady) {
    return fail(ErrorCode::memory_exhausted, fmt::format("a worker process ended at its start ({})",
                                                         how_it_ended(worker.end())));
  }
  if (!message->payload.empty()) {
    return fail(ErrorCode::config_invalid, std::string(message->payload));
  }
  worker_.emplace(std::move(worker));
  return {};
}

// One that is at rest and may use the CPU.
Result<void> IsolatedRenderer::have_worker(const Limits& limits) {
  const std::chrono::milliseconds cpu(limits.cpu_ms);
  if (worker_) {
    // At rest it says nothing: it is dead, or speaks ahead.
    const bool speaks = worker_->socket().wait_readable(Steady::now()) == Ready::readable;
    if (!speaks && worker_->allow_cpu(cpu)) return {};
    worker_.reset();
  }
  auto prepared = prepare();
  if (prepared && worker_->allow_cpu(cpu)) return {};
  // Worth another attempt, whatever it is: it was possible at the start.
  return fail(ErrorCode::memory_exhausted,
              prepared ? "a worker process ended at its start" : prepared.error().message);
}

Result<Rendered> IsolatedRenderer::render(ByteSource& source, std::span<const RenderOrder> orders,
                                          const Limits& limits, const Deadline& deadline) {
  const auto at =
      deadline.is_set() ? Steady::now() + deadline.remaining(*clock_) : Steady::time_point::max();
  CHECKED(have_worker(limits));
  Exchange exchange(*worker_, orders, limits, at);
  auto rendered = exchange.run(source);
  if (!exchange.at_rest()) worker_.reset();
  return rendered;
}

}  // namespace miniatura
