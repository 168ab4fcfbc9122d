#include "tests/support/live_server.h"

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

#include <filesystem>
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

std::string find_binary(const Environment& environment, const std::string& name,
                        const std::string& variable) {
  if (const auto named = environment.get(variable)) {
    return ::access(named->c_str(), X_OK) == 0 ? *named : "";
  }
  std::vector<std::string> candidates;
  std::istringstream path(environment.get_or("PATH", ""));
  for (std::string directory; std::getline(path, directory, ':');) {
    candidates.push_back(fmt::format("{}/{}", directory, name));
  }
  candidates.push_back(MINIATURA_SOURCE_DIR "/.tools/bin/" + name);
  for (const std::string& candidate : candidates) {
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

// Free now; whoever takes it before the server does makes the start fail.
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

using Words = std::vector<std::string>;

Words minio_words(const std::string& directory, const std::string& address) {
  return {"server", directory + "/objects", "--quiet", "--address", address};
}

Words minio_variables(const Credentials& root) {
  return {"MINIO_ROOT_USER=" + root.access_key, "MINIO_ROOT_PASSWORD=" + root.secret_key,
          "MINIO_BROWSER=off"};
}

// It keeps metadata in extended attributes. (In files beside them, its other way, what an object
// had stays with the next one of its name.)
Words versity_words(const std::string& directory, const std::string& address) {
  std::filesystem::create_directory(directory + "/objects");
  return {"--port", address, "--quiet", "posix", directory + "/objects"};
}

Words versity_variables(const Credentials& root) {
  return {"ROOT_ACCESS_KEY=" + root.access_key, "ROOT_SECRET_KEY=" + root.secret_key};
}

}  // namespace

Credentials LiveServer::credentials() { return {"miniatura-test", "miniatura-test-secret", ""}; }

// What one server is called, and wants to be called with.
struct LiveServer::Kind {
  std::string name;
  std::string variable;  // may name the binary
  Words (*words)(const std::string& directory, const std::string& address);
  Words (*variables)(const Credentials& root);
};

LiveServer* LiveServer::minio() {
  static const std::unique_ptr<LiveServer> server =
      started({"minio", "MINIATURA_MINIO", minio_words, minio_variables});
  return server.get();
}

LiveServer* LiveServer::versity() {
  static const std::unique_ptr<LiveServer> server =
      started({"versitygw", "MINIATURA_VERSITYGW", versity_words, versity_variables});
  return server.get();
}

std::unique_ptr<LiveServer> LiveServer::started(const Kind& kind) {
  const Environment environment = Environment::of_process();
  const std::string binary = find_binary(environment, kind.name, kind.variable);
  // The port is found and let go before the server takes it: another may be faster.
  for (int i = 0; i < 3 && !binary.empty(); ++i) {
    std::unique_ptr<LiveServer> server(new LiveServer());
    if (server->start(kind, binary)) return server;
  }
  if (environment.get_or("CI", "") == "true") {
    // Thrown, so that it ends the test: a failure that a skip follows would let its body run.
    throw std::runtime_error(fmt::format("no {}: set {} to its binary", kind.name, kind.variable));
  }
  return nullptr;
}

bool LiveServer::start(const Kind& kind, const std::string& binary) {
  const std::string address = fmt::format("127.0.0.1:{}", free_port());
  url_ = "http://" + address;
  Words words = kind.words(directory_.path(), address);
  words.insert(words.begin(), binary);
  Words variables = kind.variables(credentials());
  variables.push_back("HOME=" + directory_.path());
  variables.emplace_back("PATH=/usr/bin:/bin");
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

// MinIO's /minio/health/ready is not enough: on a busy machine it says yes while signed requests
// are still answered with XMinioServerNotInitialized. An object that was stored is.
bool LiveServer::wait_until_ready() const {
  for (int i = 0; i < kReadyTries; ++i) {
    if (signed_put("/ready") && signed_put("/ready/object")) return true;
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) return false;
    system_clock().sleep_for(kPause);
  }
  return false;
}

LiveServer::~LiveServer() {
  if (pid_ <= 0) return;
  if (::kill(pid_, SIGTERM) != 0) return;
  for (int i = 0; i < kStopTries; ++i) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) return;
    system_clock().sleep_for(kPause);
  }
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Environment LiveServer::environment() const {
  const Credentials root = credentials();
  return Environment({{"AWS_ENDPOINT_URL_S3", url_},
                      {"AWS_ACCESS_KEY_ID", root.access_key},
                      {"AWS_SECRET_ACCESS_KEY", root.secret_key}});
}

bool LiveServer::signed_put(const std::string& path) const {
  const auto curl = make_curl_transport({"miniatura-tests", false}, system_clock());
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

std::string LiveServer::make_bucket() {
  std::string bucket = fmt::format("bucket-{}", ++buckets_);
  EXPECT_TRUE(signed_put("/" + bucket)) << bucket;
  return bucket;
}

std::unique_ptr<ObjectStore> LiveServer::open() const {
  return open_store("s3:", environment(), system_clock()).value()();
}

}  // namespace miniatura
