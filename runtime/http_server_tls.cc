#include "runtime/http_server_tls.h"

#include <fmt/core.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

#include "runtime/bytes.h"

namespace miniatura {
namespace {

namespace asio = boost::asio;

constexpr std::uint64_t kFileBytesMax = 1 << 20;

tl::unexpected<Error> refused(const std::string& what, const std::string& why) {
  return fail(ErrorCode::config_invalid, what + ": " + why);
}

void warn_of_time(const SSL_CTX* context, const std::string& file, const Log& log) {
  const X509* const certificate = SSL_CTX_get0_certificate(context);
  if (certificate == nullptr) return;
  // 0: what stands there is no time.
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0) {
    log.write(LogLevel::warn, "the certificate has expired", {{"file", file}});
  } else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) >= 0) {
    log.write(LogLevel::warn, "the certificate is not valid yet", {{"file", file}});
  }
}

}  // namespace

Result<TlsContext> make_tls_context(const std::string& certificate_file,
                                    const std::string& key_file, const Log& log) {
  TRY(certificate, read_file(certificate_file, kFileBytesMax, ErrorCode::config_invalid));
  TRY(key, read_file(key_file, kFileBytesMax, ErrorCode::config_invalid));
  const auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  boost::system::error_code error;
  // Or OpenSSL would ask for it on the terminal.
  context->set_password_callback(
      [](std::size_t, asio::ssl::context::password_purpose) { return std::string(); }, error);
  if (!error) {
    context->use_private_key(asio::buffer(key), asio::ssl::context::pem, error);
    if (error) return refused(key_file, "no private key in PEM, or one with a passphrase");
  }
  // Second: it lets go of a key that is not its own.
  context->use_certificate_chain(asio::buffer(certificate), error);
  if (error) return refused(certificate_file, "no certificate in PEM");
  SSL_CTX* const native = context->native_handle();
  if (SSL_CTX_check_private_key(native) != 1) {
    return refused(key_file, "the key does not belong to the certificate " + certificate_file);
  }
  if (SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) != 1) {
    return refused(certificate_file, "OpenSSL has no TLS 1.2");
  }
  SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  warn_of_time(native, certificate_file, log);
  return context;
}

}  // namespace miniatura
