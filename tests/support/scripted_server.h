// An HTTP/1.1 server of the tests' own on 127.0.0.1: it says and does what a real one cannot be
// asked to: stalls, resets, lies about a length.
//
// Replies come from a queue (in the order in which requests arrive, over all connections) or from a
// handler. A request that finds the queue empty is answered 599. A thread a connection; all ends in
// the destructor. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "runtime/http.h"

namespace miniatura {

struct ScriptedRequest {
  std::string method;
  std::string target;  // as it was sent: path and query, nothing decoded
  HttpHeaders headers;
  Bytes body;
  int connection = 0;  // 1 is the first TCP connection
};

struct ScriptedReply {
  enum class Fault {
    none,
    reset_before_request,  // as soon as bytes of the request arrive; only from the queue; the
                           // request is not recorded
    reset_before_reply,    // after the whole request was read
    reset_after_body,      // after what there is of the body was sent
    close_after_body,      // the same, in order (FIN)
  };

  int status = 200;
  HttpHeaders headers;  // Content-Length is added unless Transfer-Encoding is here
  Bytes body;           // not sent to a HEAD
  std::optional<std::uint64_t> announced_bytes;  // the Content-Length, where it is to be a lie
  std::chrono::milliseconds delay{0};            // before the first byte
  std::size_t stall_after_bytes = 0;             // of the body: then nothing for `stall`
  std::chrono::milliseconds stall{0};
  Fault fault = Fault::none;
  std::string raw;  // if not empty: sent in place of status line, headers and body
};

class ScriptedServer {
 public:
  // Runs on the connection's thread, several at the same time.
  using Handler = std::function<ScriptedReply(const ScriptedRequest&)>;

  explicit ScriptedServer(Handler handler = nullptr);  // without one: the queue
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  void push(ScriptedReply reply);
  void push(int status, Bytes body = {}, HttpHeaders headers = {});

  std::string host_port() const;                         // "127.0.0.1:40123"
  std::string url(std::string_view target = "/") const;  // "http://127.0.0.1:40123/"

  std::vector<ScriptedRequest> requests() const;  // so far, in the order of their arrival
  int connections() const { return accepted_; }

 private:
  class Connection;

  void accept_all();
  void serve(int descriptor, int number);
  bool resets_before_request();
  ScriptedReply reply_to(const ScriptedRequest& request);
  bool send_reply(Connection& connection, const ScriptedRequest& request,
                  const ScriptedReply& reply);
  bool pause(std::chrono::milliseconds duration);  // false if the server stops

  Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_{0};

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::deque<ScriptedReply> queue_;
  std::vector<ScriptedRequest> requests_;
  std::vector<int> open_;  // descriptors of live connections
  std::vector<std::thread> threads_;

  std::thread acceptor_;
};

}  // namespace miniatura
