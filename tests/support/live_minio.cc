#include "tests/support/live_minio.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill() is POSIX's
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>
#include <vector>

#include "runtime/curl_http.h"
#include "s3client/open_store.h"
#include "s3client/signing_transport.h"

namespace miniatura {
namespace {

constexpr std::chrono::milliseconds kPause{50};
constexpr int kReadyTries = 600;  // 30 s: several may start at once on a small machine
constexpr int kStopTries = 100;

SystemClock& system_clock() {
  static SystemClock clock;
  return clock;
}

std::string find_binary(const Environment& environment) {
  if (const auto named = environment.get("MINIATURA_MINIO")) {
    return ::access(named->c_str(), X_OK) == 0 ? *named : "";
  }
  std::vector<std::string> candidates;
  std::istringstream path(environment.get_or("PATH", ""));
  for (std::string directory; std::getline(path, directory, ':');) {
    candidates.push_back(directory + "/minio");
  }
  candidates.emplace_back(MINIATURA_SOURCE_DIR "/.tools/bin/minio");
  for (const std::string& candidate : candidates) {
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

// Free now; whoever takes it before MinIO does makes the start fail.
int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const bool bound = ::bind(socket, any, size) == 0 && ::getsockname(socket, any, &size) == 0;
  ::close(socket);
  return bound ? ntohs(address.sin_port) : 0;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

}  // namespace

Credentials LiveMinio::credentials() { return {"miniatura-test", "miniatura-test-secret", ""}; }

LiveMinio* LiveMinio::shared() {
  static const std::unique_ptr<LiveMinio> the_server = [] {
    const std::string binary = find_binary(Environment::of_process());
    std::unique_ptr<LiveMinio> server(new LiveMinio());
    // The port is found and let go before MinIO takes it: another may be faster.
    for (int i = 0; i < 3 && !binary.empty(); ++i) {
      if (server->start(binary)) return server;
    }
    server.reset();
    return server;
  }();
  if (the_server == nullptr && Environment::of_process().get_or("CI", "") == "true") {
    // Thrown, so that it ends the test: a failure that a skip follows would let its body run.
    throw std::runtime_error("no MinIO: set MINIATURA_MINIO to its binary");
  }
  return the_server.get();
}

bool LiveMinio::start(const std::string& binary) {
  const std::string address = fmt::format("127.0.0.1:{}", free_port());
  url_ = "http://" + address;
  const Credentials root = credentials();
  std::vector<std::string> words = {binary,    "server",    directory_.path() + "/objects",
                                    "--quiet", "--address", address};
  std::vector<std::string> variables = {
      "MINIO_ROOT_USER=" + root.access_key, "MINIO_ROOT_PASSWORD=" + root.secret_key,
      "MINIO_BROWSER=off", "HOME=" + directory_.path(), "PATH=/usr/bin:/bin"};
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> environment = pointers(variables);
  const std::string log = directory_.path() + "/log";
  const pid_t parent = ::getpid();

  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::dup2(output, 1);
    ::dup2(output, 2);
    ::execve(binary.c_str(), arguments.data(), environment.data());
    ::_exit(127);
  }
  return pid_ > 0 && wait_until_ready();
}

// /minio/health/ready is not enough: on a busy machine it says yes while signed requests are still
// answered with XMinioServerNotInitialized. An object that was stored is.
bool LiveMinio::wait_until_ready() const {
  for (int i = 0; i < kReadyTries; ++i) {
    if (signed_put("/ready") && signed_put("/ready/object")) return true;
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) return false;
    system_clock().sleep_for(kPause);
  }
  return false;
}

LiveMinio::~LiveMinio() {
  if (pid_ <= 0) return;
  if (::kill(pid_, SIGTERM) != 0) return;
  for (int i = 0; i < kStopTries; ++i) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) return;
    system_clock().sleep_for(kPause);
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Environment LiveMinio::environment() const {
  const Credentials root = credentials();
  return Environment({{"AWS_ENDPOINT_URL_S3", url_},
                      {"AWS_ACCESS_KEY_ID", root.access_key},
                      {"AWS_SECRET_ACCESS_KEY", root.secret_key}});
}

bool LiveMinio::signed_put(const std::string& path) const {
  const auto curl = make_curl_transport({"miniatura-tests", false, ""}, system_clock());
  const auto provider = fixed_credentials(credentials());
  const auto signing =
      make_signing_transport(*curl, *provider, system_clock(), {"s3", "us-east-1"});
  HttpRequest request;
  request.method = "PUT";
  request.url = url_ + path;
  const auto reply = send(*signing, request);
  // 409: the bucket is there already, from the try before.
  return reply && (reply->status == 200 || reply->status == 409);
}

std::string LiveMinio::make_bucket() {
  std::string bucket = fmt::format("bucket-{}", ++buckets_);
  EXPECT_TRUE(signed_put("/" + bucket)) << bucket;
  return bucket;
}

std::unique_ptr<ObjectStore> LiveMinio::open() const {
  return open_store("s3:", environment(), system_clock()).value()();
}

}  // namespace miniatura
