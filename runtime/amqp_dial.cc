#include "runtime/amqp_dial.h"

#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "runtime/amqp_wire.h"
#include "runtime/crypto.h"

namespace miniatura {
namespace {

constexpr timeval kConnectTime{10, 0};
constexpr timeval kAnswerTime{30, 0};
constexpr int kFrameBytesMax = 131'072;
constexpr unsigned kSilenceMsMax = 60'000;

// Librabbitmq waits without end for a broker that takes no bytes (one that is out of memory reads
// nothing from who publishes): the kernel then ends the connection.
void bound_silence(int descriptor) {
  const unsigned timeout_ms = kSilenceMsMax;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

std::shared_ptr<const Authorities> trusted_of(const AmqpSetting& setting) {
  return setting.trusted ? setting.trusted : system_authorities();
}

Result<amqp_socket_t*> new_socket(amqp_connection_state_t connection, const AmqpSetting& setting) {
  const auto out_of_memory = [] { return fail(ErrorCode::memory_exhausted, "no socket"); };
  if (!setting.address.is_tls) {
    amqp_socket_t* const socket = amqp_tcp_socket_new(connection);
    if (socket == nullptr) return out_of_memory();
    return socket;
  }
  amqp_socket_t* const socket = amqp_ssl_socket_new(connection);
  if (socket == nullptr) return out_of_memory();
  if (!trust_only(amqp_ssl_socket_get_context(socket), trusted_of(setting))) return out_of_memory();
  // The library's own check of the host knows names alone, and no addresses.
  amqp_ssl_socket_set_verify_peer(socket, 1);
  amqp_ssl_socket_set_verify_hostname(socket, 0);
  if (!expect_host(amqp_ssl_socket_get_context(socket), setting.address.host)) {
    return fail(ErrorCode::config_invalid,
                fmt::format("{}: no host of a certificate", setting.address.host));
  }
  amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST);
  return socket;
}

// Tells a broker that our name belongs to the connection, and that we understand when it gives up a
// consumer.
amqp_rpc_reply_t log_in(amqp_connection_state_t connection, const AmqpSetting& setting) {
  amqp_table_entry_t can_cancel{};
  can_cancel.key = bytes_of("consumer_cancel_notify");
  can_cancel.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  can_cancel.value.value.boolean = 1;
  amqp_table_entry_t entries[2]{};
  entries[0].key = bytes_of("capabilities");
  entries[0].value.kind = AMQP_FIELD_KIND_TABLE;
  entries[0].value.value.table = {1, &can_cancel};
  entries[1].key = bytes_of("connection_name");
  entries[1].value.kind = AMQP_FIELD_KIND_UTF8;
  entries[1].value.value.bytes = bytes_of(setting.name);
  const amqp_table_t properties{2, entries};
  const AmqpAddress& address = setting.address;
  return amqp_login_with_properties(connection, address.vhost.c_str(), 2, kFrameBytesMax,
                                    setting.heartbeat_s, &properties, AMQP_SASL_METHOD_PLAIN,
                                    address.user.c_str(), address.password.c_str());
}

}  // namespace

Result<AmqpHandle> dial(const AmqpSetting& setting) {
  AmqpHandle handle(amqp_new_connection());
  if (handle == nullptr) return fail(ErrorCode::memory_exhausted, "no connection");
  TRY(socket, new_socket(handle.get(), setting));
  amqp_set_handshake_timeout(handle.get(), &kConnectTime);
  amqp_set_rpc_timeout(handle.get(), &kAnswerTime);
  const AmqpAddress& address = setting.address;
  const int status =
      amqp_socket_open_noblock(socket, address.host.c_str(), address.port, &kConnectTime);
  if (status != AMQP_STATUS_OK) {
    Error error = library_error(status);
    if (error.code == ErrorCode::network_untrusted) {
      error.message += fmt::format(" (trusted is {})", trusted_of(setting)->place());
    }
    return fail(std::move(error));
  }
  bound_silence(amqp_get_sockfd(handle.get()));
  if (auto error = error_of(log_in(handle.get(), setting))) {
    error->message =
        fmt::format("as \"{}\" at vhost \"{}\": {}", address.user, address.vhost, error->message);
    return fail(*std::move(error));
  }
  return handle;
}

}  // namespace miniatura
