#include "runtime/messages.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <climits>
#include <cstring>

namespace miniatura {
namespace {

using std::chrono::milliseconds;

// Room for a message's control part: one descriptor.
union Control {
  cmsghdr header;
  std::array<char, CMSG_SPACE(sizeof(int))> room;
};

// All that came, though there was asked for one: what is not taken has to be closed.
std::vector<Descriptor> files_of(msghdr& message) {
  std::vector<Descriptor> files;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      files.emplace_back(number);
    }
  }
  return files;
}

}  // namespace

std::optional<std::pair<MessageSocket, MessageSocket>> MessageSocket::pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return std::nullopt;
  }
  return std::pair(MessageSocket(Descriptor(ends[0])), MessageSocket(Descriptor(ends[1])));
}

MessageSocket::Ready MessageSocket::wait(bool to_send, TimePoint until) const {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    pollfd ready{descriptor_.get(), static_cast<short>(to_send ? POLLIN | POLLOUT : POLLIN), 0};
    const int timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
    if (::poll(&ready, 1, timeout) > 0) {
      return ready.revents == POLLOUT ? Ready::writable : Ready::readable;
    }
    if (left.count() <= 0) return Ready::late;
  }
}

bool MessageSocket::send(char kind, ByteView payload, int file) const {
  assert(payload.size() <= kMessageBytesMax);
  std::array<iovec, 2> parts{{{&kind, 1}, {const_cast<char*>(payload.data()), payload.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  Control control{};
  if (file >= 0) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_LEN(sizeof(int));
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(&control.header), &file, sizeof(int));
  }
  for (;;) {
    if (::sendmsg(descriptor_.get(), &message, MSG_NOSIGNAL) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

std::optional<Message> MessageSocket::receive() {
  if (!buffer_) buffer_.reset(new char[kMessageBytesMax]);  // not zeroed: it is written over
  Message received;
  std::array<iovec, 2> parts{{{&received.kind, 1}, {buffer_.get(), kMessageBytesMax}}};
  Control control{};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  message.msg_control = &control;
  message.msg_controllen = CMSG_LEN(sizeof(int));
  ssize_t got = -1;
  do {
    got = ::recvmsg(descriptor_.get(), &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return std::nullopt;
  std::vector<Descriptor> files = files_of(message);
  const bool whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  if (got == 0 || !whole || files.size() > 1) return std::nullopt;
  received.payload = ByteView(buffer_.get(), static_cast<std::size_t>(got) - 1);
  if (!files.empty()) received.file = std::move(files.front());
  return received;
}

}  // namespace miniatura
