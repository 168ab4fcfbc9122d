// Bytes, and bytes as they arrive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/result.h"

namespace miniatura {

// A std::string because it moves into requests, views as text, and every library takes it. May hold
// NULs.
using Bytes = std::string;
using ByteView = std::string_view;

// The body of an object or a response as it arrives: pulled by one reader, on one thread. Not
// reading is the back-pressure. An error is final: every later call returns it again or end of
// input.
class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  // The next `count` bytes without taking them, or fewer if the body ends before. The view holds
  // until the next call.
  Result<ByteView> peek(std::size_t count);

  // Takes up to buffer.size() bytes into `buffer`; 0 is the end (buffer must not be empty).
  Result<std::size_t> read(std::span<char> buffer);

  // The rest is not wanted, peeked bytes included: frees what it holds (a connection). After it
  // read() gives 0.
  void cancel();

  // The length of the whole body as announced, where it was. A hint: the body may turn out
  // otherwise.
  virtual std::optional<std::uint64_t> size_bytes() const { return std::nullopt; }

 private:
  // What read() promises, from the origin; never called after stop().
  virtual Result<std::size_t> pull(std::span<char> buffer) = 0;
  virtual void stop() {}  // cancel(), for the origin; called once at most

  Bytes ahead_;            // peeked, not yet taken
  std::size_t taken_ = 0;  // of ahead_
  bool cancelled_ = false;
};

// Bytes that are there already.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(std::move(bytes)) {}
  std::optional<std::uint64_t> size_bytes() const override { return bytes_.size(); }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override;

  Bytes bytes_;
  std::size_t position_ = 0;
};

// A file as it is read. A regular file announces what it has.
class LocalFile : public ByteSource {
 public:
  // Errors: file_unreadable.
  static Result<std::unique_ptr<LocalFile>> open(const std::string& path);
  ~LocalFile() override;
  std::optional<std::uint64_t> size_bytes() const override { return size_bytes_; }

 private:
  LocalFile(int descriptor, std::optional<std::uint64_t> size_bytes);
  Result<std::size_t> pull(std::span<char> buffer) override;

  int descriptor_;
  std::optional<std::uint64_t> size_bytes_;
};

// The whole body. More than `limit` bytes is an error of code `over_limit` that names `what`, the
// limit and the value: known from the announced size before a byte is read, or met on the way.
Result<Bytes> read_all(ByteSource& source, std::uint64_t limit_bytes, ErrorCode over_limit,
                       std::string_view what);

// What is left of an open file, a pipe or a socket, which stays the caller's; `what` names it in
// messages. Errors: file_unreadable, or event_too_large and the like as `over_limit`.
Result<Bytes> read_stream(int descriptor, const std::string& what, std::uint64_t limit_bytes,
                          ErrorCode over_limit);

// A local file, whole; errors as read_stream.
Result<Bytes> read_file(const std::string& path, std::uint64_t limit_bytes, ErrorCode over_limit);

// Written beside `path` and renamed: never seen half. Errors: file_unwritable. Nothing
// waits for the disk.
Result<void> write_file(const std::string& path, ByteView bytes);

}  // namespace miniatura
