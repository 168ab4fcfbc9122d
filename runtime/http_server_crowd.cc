#include "runtime/http_server_crowd.h"

#include <fcntl.h>
#include <fmt/core.h>

#include <utility>
#include <vector>

#include "runtime/http_server_connection.h"

namespace miniatura {
namespace {

using boost::asio::ip::tcp;

// So many more are told that there is no room, each for a moment.
constexpr std::size_t kRefusedMax = 64;

std::string name_of(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  if (address.is_v4()) return fmt::format("{}:{}", address.to_string(), endpoint.port());
  const auto v6 = address.to_v6();
  if (!v6.is_v4_mapped()) return fmt::format("[{}]:{}", v6.to_string(), endpoint.port());
  const auto v4 = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6);
  return fmt::format("{}:{}", v4.to_string(), endpoint.port());
}

}  // namespace

Crowd::Crowd(Io io, const HttpServerLimits& limits, TlsContext tls, ServeFn serve, const Log& log)
    : io_(std::move(io)),
      limits_(limits),
      tls_(std::move(tls)),
      serve_(std::move(serve)),
      log_(log) {}

Crowd::~Crowd() = default;

void Crowd::admit(tcp::socket socket) {
  boost::system::error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return;  // gone already
  socket.set_option(tcp::no_delay(true), error);
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  const auto limit = static_cast<std::size_t>(limits_.connections);
  while (members_.size() >= limit && make_room()) {
  }
  const bool has_room = members_.size() < limit;
  if (!has_room && (tls_ || members_.size() >= limit + kRefusedMax)) return;
  auto connection =
      std::make_shared<Connection>(*this, make_wire(std::move(socket), tls_.get()), name_of(peer));
  members_[connection.get()] = Member{connection, idle_.end(), 0};
  if (has_room) {
    connection->start();
  } else {
    connection->turn_away();
  }
}

bool Crowd::make_room() {
  if (idle_.empty()) return false;
  idle_.front()->close();
  return true;
}

std::vector<std::shared_ptr<Connection>> Crowd::all() const {
  std::vector<std::shared_ptr<Connection>> found;
  found.reserve(members_.size());
  for (const auto& [address, member] : members_) found.push_back(member.connection);
  return found;
}

void Crowd::stop(std::function<void()> on_last) {
  is_stopping_ = true;
  on_last_ = std::move(on_last);
  for (const auto& connection : all()) connection->stop();
  if (members_.empty()) on_last_();
}

void Crowd::cut_off() {
  for (const auto& connection : all()) connection->close();
}

void Crowd::set_idle(Connection& connection, bool is_idle) {
  Member& member = members_.at(&connection);
  if (member.idle_at != idle_.end()) idle_.erase(member.idle_at);
  member.idle_at = is_idle ? idle_.insert(idle_.end(), &connection) : idle_.end();
}

bool Crowd::hold(Connection& connection, std::size_t bytes) {
  Member& member = members_.at(&connection);
  held_bytes_ += bytes - member.held_bytes;
  member.held_bytes = bytes;
  return held_bytes_ <= limits_.held_bytes;
}

void Crowd::leave(Connection& connection) {
  set_idle(connection, false);
  hold(connection, 0);
  members_.erase(&connection);
  if (is_stopping_ && members_.empty()) on_last_();
}

}  // namespace miniatura
