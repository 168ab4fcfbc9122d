// The certificate and key of the HTTP server, checked before anybody connects.
#pragma once

#include <memory>
#include <string>

#include "runtime/log.h"
#include "runtime/result.h"

namespace boost::asio::ssl {
class context;
}

namespace miniatura {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// Both are PEM files; the certificate's may hold its chain behind it. Errors: file_unreadable;
// config_invalid, for what is no certificate or key, a key with a passphrase, or one of another
// certificate. A certificate whose time has passed, or not yet come, is a warning in the log.
Result<TlsContext> make_tls_context(const std::string& certificate_file,
                                    const std::string& key_file, const Log& log);

}  // namespace miniatura
