// bench_start: how long a program takes from exec to its first poll of Lambda's Runtime API, or to
// its end. A server on its standard input, so that programs can take turns, and a small one, so
// that its own clock adds next to nothing: it is read before the program is made (as vfork does)
// and when the request's last byte has come to a thread that waits for it. One request a line, its
// words separated by tabs:
//
//   poll LOG [NAME=VALUE…] PROGRAM [WORD…]    up to the first poll, under a Runtime API that never
//                                             answers; the program is killed then
//   exit LOG [NAME=VALUE…] PROGRAM [WORD…]    up to its end, which has to be a good one
//
// The program has these variables alone, and what it prints goes to the file LOG. Each is answered
// by one line of JSON:
//
//   {"ms":…,"cpu_ms":…,"minor_faults":…,"major_faults":…}
//   {…,"peak_kb":…,"anonymous_kb":…}    the same of a poll: VmHWM, and RssAnon, which is what the
//                                       program has for itself and shares with no file
//   {"error":"…"}                       a minute without a poll or an end, too
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "runtime/descriptor.h"
#include "runtime/environment.h"
#include "runtime/json.h"
#include "runtime/spawn.h"

namespace miniatura {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWaitMsMax = 60'000;
constexpr std::size_t kHeadBytesMax = 65'536;

tl::unexpected<Error> refused(std::string message) {
  Error error;
  error.code = ErrorCode::config_invalid;
  error.message = std::move(message);
  return tl::unexpected(std::move(error));
}

struct Request {
  bool is_poll = false;
  std::string log;
  std::map<std::string, std::string> variables;
  std::vector<std::string> words;
};

Result<Request> parse_request(const std::string& line) {
  std::istringstream rest(line);
  std::string what;
  Request request;
  std::getline(rest, what, '\t');
  std::getline(rest, request.log, '\t');
  for (std::string word; std::getline(rest, word, '\t');) {
    const std::size_t equals = word.find('=');
    if (request.words.empty() && equals != std::string::npos) {
      request.variables[word.substr(0, equals)] = word.substr(equals + 1);
    } else {
      request.words.push_back(word);
    }
  }
  request.is_poll = what == "poll";
  if ((!request.is_poll && what != "exit") || request.words.empty()) {
    return refused("a request is \"poll\" or \"exit\", log[, name=value…], program[, word…]");
  }
  return request;
}

class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    auto* address = reinterpret_cast<sockaddr*>(&address_);
    is_open_ = ::bind(socket_.get(), address, size) == 0 && ::listen(socket_.get(), 8) == 0 &&
               ::getsockname(socket_.get(), address, &size) == 0;
  }
  bool is_open() const { return is_open_; }
  int descriptor() const { return socket_.get(); }
  std::string address() const { return fmt::format("127.0.0.1:{}", ntohs(address_.sin_port)); }

 private:
  Descriptor socket_;
  sockaddr_in address_{};
  bool is_open_ = false;
};

// Has the first of the two anything to say, and not only the second? False at the latest after
// kWaitMsMax.
bool is_ready(int descriptor, int other) {
  std::array<pollfd, 2> watched{{{descriptor, POLLIN, 0}, {other, POLLIN, 0}}};
  return ::poll(watched.data(), watched.size(), kWaitMsMax) > 0 && watched[0].revents != 0;
}

// The connection on which an event was asked for; none where the program did not.
Descriptor take_poll(const Listener& listener, int ended) {
  if (!is_ready(listener.descriptor(), ended)) return {};
  Descriptor connection(::accept4(listener.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
  std::string head;
  std::array<char, 4096> part{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    if (head.size() > kHeadBytesMax || !is_ready(connection.get(), ended)) return {};
    const ssize_t got = ::recv(connection.get(), part.data(), part.size(), 0);
    if (got <= 0) return {};
    head.append(part.data(), static_cast<std::size_t>(got));
  }
  const bool is_poll =
      head.rfind("GET ", 0) == 0 && head.find("/runtime/invocation/next ") < head.find('\r');
  return is_poll ? std::move(connection) : Descriptor();
}

// Of all threads, in nanoseconds' steps.
double cpu_ms(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// What a process has cost that lives or has just ended.
Json costs_of(pid_t pid, double ms) {
  Json costs{{"ms", ms}, {"cpu_ms", cpu_ms(pid)}};
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // Behind the name, which may hold anything: state, parent, group, session, terminal, its group,
  // flags; then the faults that it and that its children had.
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 2)));
  std::string skipped;
  for (int i = 0; i < 7; ++i) fields >> skipped;
  long minor = 0;
  long childrens_minor = 0;
  long major = 0;
  fields >> minor >> childrens_minor >> major;
  costs["minor_faults"] = minor;
  costs["major_faults"] = major;
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) {
      costs["peak_kb"] = std::strtol(line.c_str() + 6, nullptr, 10);
    } else if (line.rfind("RssAnon:", 0) == 0) {
      costs["anonymous_kb"] = std::strtol(line.c_str() + 8, nullptr, 10);
    }
  }
  return costs;
}

// Whatever comes of it, the program is waited for.
Result<Json> measure(const Request& request) {
  const Listener listener;
  const Descriptor log(::open(request.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!listener.is_open() || !log.is_open()) return refused("no socket, or no file " + request.log);
  Environment environment(request.variables);
  ::dup2(log.get(), 2);  // whose copy spawn() hands on
  if (request.is_poll) environment = environment.with("AWS_LAMBDA_RUNTIME_API", listener.address());

  const auto before = Clock::now();
  Child child(spawn(request.words, environment, {log.get(), 1}));
  if (child.id() < 0) return refused("cannot start " + request.words[0]);
  const Descriptor ended(static_cast<int>(::syscall(SYS_pidfd_open, child.id(), 0)));
  Descriptor waiting;  // while it is open, the program waits
  if (request.is_poll) waiting = take_poll(listener, ended.get());
  const bool is_done = request.is_poll ? waiting.is_open() : is_ready(ended.get(), -1);
  const std::chrono::duration<double, std::milli> took = Clock::now() - before;

  const Json costs = costs_of(child.id(), took.count());
  if (!is_done) {
    return refused(fmt::format("{}: no {}: see {}", request.words[0],
                               request.is_poll ? "poll" : "end", request.log));
  }
  if (request.is_poll) return costs;
  const std::optional<int> status = child.wait_until(Clock::now());
  if (status != 0) {
    return refused(fmt::format("{} ended with {:#x}: see {}", request.words[0], status.value_or(-1),
                               request.log));
  }
  return costs;
}

int serve() {
  for (std::string line; std::getline(std::cin, line);) {
    const Result<Request> request = parse_request(line);
    const Result<Json> said = request ? measure(*request) : tl::unexpected(request.error());
    std::cout << to_text(said ? *said : Json{{"error", said.error().message}})
              << std::endl;  // NOLINT(performance-avoid-endl): the other side waits
  }
  return 0;
}

}  // namespace
}  // namespace miniatura

int main() { return miniatura::serve(); }
