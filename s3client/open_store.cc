#include "s3client/open_store.h"

#include <fmt/core.h>

#include <utility>

#include "runtime/curl_http.h"
#include "runtime/idle_transport.h"
#include "runtime/retry.h"
#include "s3client/credentials_chain.h"
#include "s3client/directory_store.h"
#include "s3client/profile.h"
#include "s3client/s3_store.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

struct S3Settings {
  S3Endpoint endpoint;
  CurlOptions curl;
  std::shared_ptr<CredentialsProvider> credentials;
};

// What one thread's store stands on. A base, so that it is there before the store is.
struct Connections {
  Connections(const S3Settings& settings, Clock& clock)
      : credentials(settings.credentials),
        transport(make_idle_transport(
            [curl = settings.curl, &clock] { return make_curl_transport(curl, clock); }, clock)) {}

  std::shared_ptr<CredentialsProvider> credentials;
  std::unique_ptr<HttpTransport> transport;
};

class ConnectedS3Store : private Connections, public S3Store {
 public:
  ConnectedS3Store(const S3Settings& settings, Clock& clock)
      : Connections(settings, clock),
        S3Store({*transport, *credentials, clock, settings.endpoint, system_random()}) {}
};

// Read here rather than at the first request, where it would look as if the server were not to be
// trusted. Null: nobody is named.
Result<std::shared_ptr<const Authorities>> named_authorities(const Environment& environment,
                                                             const ProfileSettings& profile) {
  TRY(authorities, authorities_named_by("AWS_CA_BUNDLE", environment));
  if (authorities || profile.ca_bundle.empty()) return authorities;
  return authorities_in(profile.ca_bundle, fmt::format("profile {}: ca_bundle", profile.name));
}

Result<StoreFactory> open_s3(const Environment& environment, Clock& clock) {
  TRY(profile, load_profile_settings(environment));
  TRY(endpoint, endpoint_from(environment, profile));
  TRY(sts, sts_endpoint_from(environment, profile, endpoint.region));
  S3Settings settings;
  settings.endpoint = std::move(endpoint);
  settings.curl.user_agent = "miniatura/" MINIATURA_VERSION;
  TRY(trusted, named_authorities(environment, profile));
  settings.curl.trusted = std::move(trusted);
  const auto make_transport = [curl = settings.curl, &clock](bool use_proxy) {
    CurlOptions options = curl;
    options.use_proxy = use_proxy;
    return make_curl_transport(std::move(options), clock);
  };
  TRY(credentials, default_credentials(environment, sts, {make_transport, clock}));
  settings.credentials = std::move(credentials);
  return [settings = std::move(settings), &clock]() -> std::unique_ptr<ObjectStore> {
    return std::make_unique<ConnectedS3Store>(settings, clock);
  };
}

Result<StoreFactory> open_directory(const std::string& text, std::string_view path) {
  std::string root = percent_decode(path);
  if (root.empty() || root.front() != '/') {
    return fail(
        ErrorCode::config_invalid,
        fmt::format("--store {}: the path is not absolute, as in file:///srv/objects", text));
  }
  if (root.find('\0') != std::string::npos) {
    return fail(ErrorCode::config_invalid, fmt::format("--store {}: the path holds a NUL", text));
  }
  return [root = std::move(root)] { return make_directory_store(root); };
}

}  // namespace

Result<StoreFactory> open_store(const std::string& text, const Environment& environment,
                                Clock& clock) {
  constexpr std::string_view kFile = "file://";
  if (text == "s3:") return open_s3(environment, clock);
  if (text.compare(0, kFile.size(), kFile) == 0) {
    return open_directory(text, std::string_view(text).substr(kFile.size()));
  }
  return fail(ErrorCode::config_invalid,
              fmt::format("--store {}: neither \"s3:\" nor \"file:///directory\"", text));
}

}  // namespace miniatura
