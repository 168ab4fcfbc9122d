#include "runtime/messages.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "tests/support/open_files.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using Ready = MessageSocket::Ready;

class MessagesTest : public ::testing::Test {
 protected:
  static MessageSocket::TimePoint soon() { return std::chrono::steady_clock::now() + 10ms; }
  static MessageSocket::TimePoint now() { return std::chrono::steady_clock::now(); }
  // As somebody would who does not keep to the rules.
  void send_raw(const Bytes& bytes, const std::vector<int>& files) const {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<char, 256> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!files.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(files.size() * sizeof(int));
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
      std::memcpy(CMSG_DATA(header), files.data(), files.size() * sizeof(int));
    }
    ASSERT_GE(::sendmsg(theirs_.descriptor(), &message, MSG_NOSIGNAL), 0);
  }

  std::pair<MessageSocket, MessageSocket> both_ = *MessageSocket::pair();
  MessageSocket& ours_ = both_.first;
  MessageSocket& theirs_ = both_.second;
};

TEST_F(MessagesTest, come_whole_and_in_order) {
  const Bytes large(kMessageBytesMax, 'x');
  ASSERT_TRUE(theirs_.send('a', "one"));
  ASSERT_TRUE(theirs_.send('b', large));
  ASSERT_TRUE(theirs_.send('c'));
  auto message = ours_.receive();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, 'a');
  EXPECT_EQ(message->payload, "one");
  EXPECT_FALSE(message->file.is_open());
  message = ours_.receive();
  EXPECT_EQ(message->kind, 'b');
  EXPECT_EQ(message->payload, large);
  message = ours_.receive();
  EXPECT_EQ(message->kind, 'c');
  EXPECT_EQ(message->payload, "");
}

TEST_F(MessagesTest, bring_an_open_file) {
  const Descriptor file(::memfd_create("sent", MFD_CLOEXEC));
  ASSERT_EQ(::write(file.get(), "text", 4), 4);
  ASSERT_TRUE(theirs_.send('f', "", file.get()));
  const auto message = ours_.receive();
  ASSERT_TRUE(message && message->file.is_open());
  std::array<char, 8> text{};
  EXPECT_EQ(::pread(message->file.get(), text.data(), text.size(), 0), 4);
  EXPECT_STREQ(text.data(), "text");
  EXPECT_NE(::fcntl(message->file.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(MessagesTest, that_break_the_rules_are_none_and_leave_nothing_open) {
  const Descriptor file(::memfd_create("sent", MFD_CLOEXEC));
  const auto before = open_files();
  send_raw(Bytes(kMessageBytesMax + 2, 'x'), {});
  EXPECT_FALSE(ours_.receive());
  send_raw("two", {file.get(), file.get()});
  EXPECT_FALSE(ours_.receive());
  EXPECT_EQ(open_files(), before);
  send_raw("k", {file.get()});  // a kind and nothing else is one
  EXPECT_TRUE(ours_.receive());
}

TEST_F(MessagesTest, who_waits_is_told_what_can_be_done) {
  EXPECT_EQ(ours_.wait_readable(now()), Ready::late);
  EXPECT_EQ(ours_.wait_either(now()), Ready::writable);
  // Whoever does not receive holds the sender up, and soon.
  int sent = 0;
  const Bytes piece(kMessageBytesMax, 'x');
  for (; ours_.wait_either(soon()) == Ready::writable; ++sent) ASSERT_TRUE(ours_.send('p', piece));
  EXPECT_GE(sent, 1);
  EXPECT_LE(sent, 64);
  EXPECT_EQ(ours_.wait_either(now()), Ready::late);
  ASSERT_TRUE(theirs_.send('r'));
  EXPECT_EQ(ours_.wait_either(now()), Ready::readable);
  EXPECT_EQ(ours_.wait_readable(MessageSocket::TimePoint::max()), Ready::readable);
}

TEST_F(MessagesTest, end_with_the_other_side) {
  ASSERT_TRUE(theirs_.send('l', "last"));
  { const MessageSocket gone = std::move(theirs_); }
  EXPECT_EQ(ours_.wait_either(now()), Ready::readable);
  EXPECT_EQ(ours_.receive()->payload, "last");
  EXPECT_EQ(ours_.wait_readable(now()), Ready::readable);
  EXPECT_FALSE(ours_.receive());
  EXPECT_FALSE(ours_.send('x'));  // and no SIGPIPE
}

}  // namespace
}  // namespace miniatura
