// HTTP as the rest of the program sees it: a seam with one real implementation (curl_http) and
// scripted ones in tests. Layers are transports around transports: retry( sign( curl ) ).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/clock.h"
#include "runtime/result.h"

namespace miniatura {

// In the order in which they were added; names compare without case.
class HttpHeaders {
 public:
  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> fields)
      : fields_(fields) {}

  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  void set(std::string_view name, std::string value);           // replaces all of that name
  std::optional<std::string> get(std::string_view name) const;  // the first of that name
  std::string get_or(std::string_view name, std::string fallback) const;
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // percent-encoded already; sent byte for byte, dots and double slashes too
  HttpHeaders headers;
  // Borrowed: lives until open() or send_all() returns. A PUT or POST without one sends length 0.
  ByteView body;
  // Hears from time to time how many bytes of the body are sent; a request that is sent again
  // starts from 0. Not for send_all().
  std::function<void(std::uint64_t)> on_sent;
  Deadline deadline;  // never: no total limit
  std::chrono::milliseconds connect_timeout{5'000};
  // No byte for so long: network_timeout. 0: wait for ever (a long poll).
  std::chrono::milliseconds stall_timeout{30'000};
};

struct HttpResponse {
  int status = 0;  // the final one: 100 and the like are not seen
  HttpHeaders headers;
  std::unique_ptr<ByteSource> body;  // never null
};

// Not thread-safe: one transport a thread. It keeps its connections between requests.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;

  // Sends the request and returns as soon as the status and headers are there; the body is pulled.
  // Any status is a success here: errors are network_* and deadline_exceeded, with the host in the
  // message. Redirects are not followed. The response must not outlive the transport.
  virtual Result<HttpResponse> open(const HttpRequest& request) = 0;

  // Runs all at the same time on this thread; each answer's body is read whole (1 MiB at most) and
  // the results stand in the order of the requests.
  virtual std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest> requests) = 0;
};

// open() and the whole body, at most `limit_bytes` of it.
struct HttpReply {
  int status = 0;
  HttpHeaders headers;
  Bytes body;
};
Result<HttpReply> send(HttpTransport& transport, const HttpRequest& request,
                       std::uint64_t limit_bytes = 1 << 20);

// "Thu, 01 Jan 2026 00:00:01 GMT", the one form that a sender may use (RFC 9110, 5.6.7).
std::optional<Clock::Time> parse_http_date(const std::string& text);

// Without case, ASCII only.
bool same_header(std::string_view a, std::string_view b);

}  // namespace miniatura
