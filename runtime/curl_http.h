// HttpTransport over libcurl; the one place that names it.
//
// Connections are kept and reused between requests, and dropped after 25 s of idling: a frozen
// sandbox would find them dead. HTTP/1.1, TLS always verified, no redirects, no decoding of
// contents, no signals. One transport a thread.
#pragma once

#include <memory>
#include <string>

#include "runtime/http.h"
#include "runtime/trust.h"

namespace miniatura {

struct CurlOptions {
  std::string user_agent;
  // By the usual variables; false for link-local endpoints and the Runtime API.
  bool use_proxy = true;
  std::shared_ptr<const Authorities> trusted = nullptr;  // over TLS; null: the system's
};

std::unique_ptr<HttpTransport> make_curl_transport(CurlOptions options, const Clock& clock);

}  // namespace miniatura
