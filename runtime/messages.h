// Messages between two processes of ours, over a connected pair of sockets (AF_UNIX,
// SOCK_SEQPACKET): each comes whole or not at all, in order, perhaps with an open file. Whoever
// does not receive holds the sender up: the kernel keeps some 200 KB for each direction.
//
// What comes may be from a process that somebody else has taken over: nothing of it is trusted, and
// nothing is taken that does not fit. One thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/bytes.h"
#include "runtime/descriptor.h"

namespace miniatura {

constexpr std::size_t kMessageBytesMax = std::size_t{64} << 10;  // of the payload

struct Message {
  char kind = 0;     // the two agree on them
  ByteView payload;  // until the next receive()
  Descriptor file;   // none, if none came
};

class MessageSocket {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit MessageSocket(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  // Two ends; nothing where there are no descriptors left.
  static std::optional<std::pair<MessageSocket, MessageSocket>> pair();

  int descriptor() const { return descriptor_.get(); }

  // What can be done, at the latest at `until`. `readable` wins; it is so, too, when the other side
  // is gone.
  enum class Ready { readable, writable, late };
  Ready wait_readable(TimePoint until) const { return wait(false, until); }
  Ready wait_either(TimePoint until) const { return wait(true, until); }

  // Waits for room as long as it takes, but where O_NONBLOCK says otherwise; false if the other
  // side is gone. `payload` has kMessageBytesMax at most; `file` stays the caller's.
  bool send(char kind, ByteView payload = {}, int file = -1) const;

  // Waits likewise. Nothing if the other side is gone, or sent what is larger than a
  // message, has no kind or several files.
  std::optional<Message> receive();

 private:
  Ready wait(bool to_send, TimePoint until) const;

  Descriptor descriptor_;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace miniatura
