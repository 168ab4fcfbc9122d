#include "s3client/signing_transport.h"

#include <utility>

#include "runtime/crypto.h"
#include "s3client/sigv4.h"

namespace miniatura {
namespace {

class SigningTransport : public HttpTransport {
 public:
  SigningTransport(HttpTransport& inner, CredentialsProvider& credentials, const Clock& clock,
                   SigningTarget target)
      : inner_(inner), credentials_(credentials), clock_(clock), target_(std::move(target)) {}

  Result<HttpResponse> open(const HttpRequest& request) override {
    TRY(credentials, credentials_.credentials());
    return inner_.open(signed_copy(request, credentials));
  }

  std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest> requests) override {
    const auto credentials = credentials_.credentials();
    std::vector<Result<HttpResponse>> failed;
    std::vector<HttpRequest> signed_requests;
    for (const HttpRequest& request : requests) {
      if (credentials) {
        signed_requests.push_back(signed_copy(request, *credentials));
      } else {
        failed.emplace_back(fail(credentials.error()));
      }
    }
    return credentials ? inner_.send_all(signed_requests) : std::move(failed);
  }

 private:
  HttpRequest signed_copy(const HttpRequest& request, const Credentials& credentials) {
    if (credentials.is_anonymous()) return request;
    const SigningScope scope{amz_time(clock_.now()), target_.region, target_.service};
    HttpRequest copy = request;
    sign_headers(copy.method, copy.url, copy.headers, payload_hash(copy), credentials,
                 key_for(credentials, scope), scope);
    return copy;
  }

  // Over TLS nobody on the way can change a body: S3 then asks for no hash, as its own tools do not
  // give one. Without TLS the signature covers the bytes.
  std::string payload_hash(const HttpRequest& request) const {
    const bool is_guarded = target_.service == "s3" && request.url.starts_with("https://");
    if (is_guarded && !request.body.empty()) return std::string(kUnsignedPayload);
    return sha256_hex(request.body);
  }

  // The key holds for a day: four of the five HMACs of a signature are saved.
  const std::string& key_for(const Credentials& credentials, const SigningScope& scope) {
    std::string key_scope = scope.text();
    if (key_scope != key_scope_ || credentials.secret_key != key_secret_) {
      key_ = signing_key(credentials.secret_key, scope);
      key_scope_ = std::move(key_scope);
      key_secret_ = credentials.secret_key;
    }
    return key_;
  }

  HttpTransport& inner_;
  CredentialsProvider& credentials_;
  const Clock& clock_;
  SigningTarget target_;
  std::string key_;
  std::string key_scope_;
  std::string key_secret_;
};

}  // namespace

std::unique_ptr<HttpTransport> make_signing_transport(HttpTransport& inner,
                                                      CredentialsProvider& credentials,
                                                      const Clock& clock, SigningTarget target) {
  return std::make_unique<SigningTransport>(inner, credentials, clock, std::move(target));
}

}  // namespace miniatura
