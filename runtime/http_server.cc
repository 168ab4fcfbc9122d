#include "runtime/http_server.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <pthread.h>
#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "runtime/http_server_address.h"
#include "runtime/http_server_crowd.h"
#include "runtime/http_server_tls.h"

namespace miniatura {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long nobody is let in when there are no descriptors (or no memory) for another connection.
constexpr milliseconds kAcceptPause{100};
constexpr std::chrono::minutes kAcceptWarning{1};

// A thread that no signal interrupts: they are for those who have been there before.
template <class Body>
std::thread start_quiet_thread(Body body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  struct Restore {
    const sigset_t& mask;
    ~Restore() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } const restore{before};
  return std::thread(std::move(body));
}

class AsioServer final : public HttpServer {
 public:
  AsioServer(Crowd::Io io, tcp::acceptor acceptor, const HttpServerLimits& limits, TlsContext tls,
             ServeFn serve, const Log& log)
      : io_(std::move(io)),
        acceptor_(std::move(acceptor)),
        pause_(*io_),
        patience_(*io_),
        crowd_(io_, limits, std::move(tls), std::move(serve), log),
        log_(log),
        port_(acceptor_.local_endpoint().port()) {
    accept();
    thread_ = start_quiet_thread([this] { run(); });
  }
  AsioServer(const AsioServer&) = delete;
  AsioServer& operator=(const AsioServer&) = delete;
  ~AsioServer() override { AsioServer::stop(milliseconds(0)); }

  int port() const override { return port_; }

  void stop(milliseconds patience) override {
    const std::lock_guard lock(stopping_);
    if (!thread_.joinable()) return;
    asio::post(*io_, [this, patience] { begin_stop(patience); });
    thread_.join();
  }

 private:
  // Over when there is nothing left to wait for: the acceptor closed, the last connection gone.
  void run() {
    for (;;) {
      try {
        io_->run();
        return;
      } catch (const std::exception& fault) {
        log_.write(LogLevel::error, "a fault in the HTTP server", {{"error", fault.what()}});
      }
    }
  }

  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (error) return pause_accepting(error);
      try {
        crowd_.admit(std::move(socket));
      } catch (const std::exception& fault) {
        log_.write(LogLevel::error, "a connection is given up", {{"error", fault.what()}});
      }
      accept();
    });
  }

  void pause_accepting(const error_code& error) {
    const auto now = steady_clock::now();
    if (now >= next_warning_) {
      log_.write(LogLevel::warn, "no connection can be taken for now",
                 {{"error", error.message()}});
      next_warning_ = now + kAcceptWarning;
    }
    crowd_.make_room();
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const error_code& called_off) {
      if (!called_off && acceptor_.is_open()) accept();
    });
  }

  void begin_stop(milliseconds patience) {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    patience_.expires_after(patience);
    patience_.async_wait([this](const error_code& called_off) {
      if (!called_off) crowd_.cut_off();
    });
    crowd_.stop([this] { patience_.cancel(); });
  }

  Crowd::Io io_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  asio::steady_timer patience_;
  Crowd crowd_;
  const Log& log_;
  int port_;
  steady_clock::time_point next_warning_;
  std::mutex stopping_;
  std::thread thread_;
};

error_code open_acceptor(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

Result<tcp::acceptor> listen_on(asio::io_context& io, const std::string& listen) {
  TRY(endpoints, listen_endpoints(io, listen));
  error_code error;
  for (const tcp::endpoint& endpoint : endpoints) {
    tcp::acceptor acceptor(io);
    error = open_acceptor(acceptor, endpoint);
    if (!error) return acceptor;
    const bool lacks_family = error == asio::error::address_family_not_supported ||
                              error == boost::system::errc::address_not_available;
    if (!lacks_family) break;
  }
  return fail(ErrorCode::config_invalid,
              fmt::format("cannot listen on {}: {}", listen, error.message()));
}

}  // namespace

Result<std::unique_ptr<HttpServer>> start_http_server(const HttpServerSetting& setting,
                                                      ServeFn serve, const Log& log) {
  TlsContext tls;
  if (setting.certificate_file.empty() != setting.key_file.empty()) {
    return fail(ErrorCode::config_invalid, "HTTPS needs both a certificate and its key");
  }
  if (!setting.certificate_file.empty()) {
    TRY(made, make_tls_context(setting.certificate_file, setting.key_file, log));
    tls = made;
  }
  const auto io = std::make_shared<asio::io_context>(1);
  TRY(acceptor, listen_on(*io, setting.listen));
  return std::make_unique<AsioServer>(io, std::move(acceptor), setting.limits, std::move(tls),
                                      std::move(serve), log);
}

}  // namespace miniatura
