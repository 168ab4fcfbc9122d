// What the process that wants thumbnails and the one that makes them say to each other: a job, its
// source's bytes as they come, and one reply.
//
// The reply comes from a process that a picture may have taken over: it is believed in nothing that
// can be checked.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "runtime/pack.h"
#include "thumbnailer/render.h"

namespace miniatura {

// The kinds of messages.
namespace wire {
// From the worker.
inline constexpr char kReady = 'r';  // walled in; with a payload: why not
inline constexpr char kAsk = 'M';    // once a job: may it take so many bytes?
inline constexpr char kReply = 'R';  // with a file of all thumbnails, if there are any
// To the worker: a job, pieces of its source, and one end; and what is answered when it asks.
inline constexpr char kJob = 'J';
inline constexpr char kPiece = 'P';
inline constexpr char kEnd = 'E';
inline constexpr char kBrokenOff = 'B';  // the source failed, which is not the worker's matter
inline constexpr char kAdmitted = 'A';
inline constexpr char kRefused = 'N';
}  // namespace wire

struct RenderJob {
  Limits limits;
  std::vector<RenderOrder> orders;
  std::optional<std::uint64_t> announced_bytes;  // ByteSource::size_bytes()
};
Bytes pack_job(const RenderJob& job);
std::optional<RenderJob> unpack_job(ByteView bytes);

Bytes pack_ask(std::uint64_t bytes);
std::optional<std::uint64_t> unpack_ask(ByteView bytes);

// The reply's message; the thumbnails' bytes, one after the other, are in its file.
Bytes pack_reply(const Result<Rendered>& rendered);

// The bytes that the file has to hold are read by `read_file`, called once and with their number:
// the file is as untrusted as the rest. Nothing if the reply does not answer these orders.
using ReadReplyFile = std::function<std::optional<Bytes>(std::uint64_t size_bytes)>;
std::optional<Result<Rendered>> unpack_reply(ByteView bytes, std::span<const RenderOrder> orders,
                                             const ReadReplyFile& read_file);

}  // namespace miniatura
