// An HttpTransport without sockets: answers from a queue, and keeps what it was asked. An empty
// queue answers network_invalid. A body may break off after its bytes.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/http.h"

namespace miniatura {

class ScriptedTransport : public HttpTransport {
 public:
  struct Seen {
    HttpRequest request;  // its `body` must not be looked at: see below
    Bytes body;
  };

  void push(int status, Bytes body = {}, HttpHeaders headers = {}) {
    answers_.emplace_back(HttpReply{status, std::move(headers), std::move(body)});
  }
  // The connection breaks after `body`.
  void push_broken(int status, Bytes body, HttpHeaders headers,
                   ErrorCode code = ErrorCode::network_unreachable) {
    push(status, std::move(body), std::move(headers));
    breaks_[answers_.size() + seen_.size()] = code;
  }
  void push(ErrorCode code) { answers_.emplace_back(fail(code, "as scripted")); }

  const std::vector<Seen>& seen() const { return seen_; }

  Result<HttpResponse> open(const HttpRequest& request) override {
    seen_.push_back({request, Bytes(request.body)});
    seen_.back().request.body = {};
    if (answers_.empty()) return fail(ErrorCode::network_invalid, "the script is at its end");
    Result<HttpReply> answer = std::move(answers_.front());
    answers_.pop_front();
    if (!answer) return fail(answer.error());
    auto broken = breaks_.find(seen_.size());
    return HttpResponse{
        answer->status, std::move(answer->headers),
        std::make_unique<BreakingSource>(
            std::move(answer->body),
            broken == breaks_.end() ? std::nullopt : std::optional(broken->second))};
  }

  std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest> requests) override {
    std::vector<Result<HttpResponse>> results;
    for (const HttpRequest& request : requests) results.push_back(open(request));
    return results;
  }

 private:
  class BreakingSource : public ByteSource {
   public:
    BreakingSource(Bytes bytes, std::optional<ErrorCode> broken)
        : bytes_(std::move(bytes)), broken_(broken) {}
    std::optional<std::uint64_t> size_bytes() const override { return bytes_.size(); }

   private:
    Result<std::size_t> pull(std::span<char> buffer) override {
      const std::size_t count = std::min(buffer.size(), bytes_.size() - taken_);
      if (count == 0 && broken_) return fail(*broken_, "cut as scripted");
      bytes_.copy(buffer.data(), count, taken_);
      taken_ += count;
      return count;
    }
    Bytes bytes_;
    std::size_t taken_ = 0;
    std::optional<ErrorCode> broken_;
  };

  std::map<std::size_t, ErrorCode> breaks_;  // by the number of the answer, from 1
  std::deque<Result<HttpReply>> answers_;
  std::vector<Seen> seen_;
};

}  // namespace miniatura
