// An HttpTransport without sockets: answers from a queue, and keeps what it was asked. An empty
// queue answers network_invalid.
#pragma once

#include <deque>
#include <memory>
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
  void push(ErrorCode code) { answers_.emplace_back(fail(code, "as scripted")); }

  const std::vector<Seen>& seen() const { return seen_; }

  Result<HttpResponse> open(const HttpRequest& request) override {
    seen_.push_back({request, Bytes(request.body)});
    seen_.back().request.body = {};
    if (answers_.empty()) return fail(ErrorCode::network_invalid, "the script is at its end");
    Result<HttpReply> answer = std::move(answers_.front());
    answers_.pop_front();
    if (!answer) return fail(answer.error());
    return HttpResponse{answer->status, std::move(answer->headers),
                        std::make_unique<MemorySource>(std::move(answer->body))};
  }

  std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest> requests) override {
    std::vector<Result<HttpResponse>> results;
    for (const HttpRequest& request : requests) results.push_back(open(request));
    return results;
  }

 private:
  std::deque<Result<HttpReply>> answers_;
  std::vector<Seen> seen_;
};

}  // namespace miniatura
