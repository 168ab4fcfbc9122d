// Who signs: what credentials are, and who gives them. Where they are found is a file a place, put
// in the order of AWS's own tools by credentials_chain.h.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/clock.h"
#include "runtime/environment.h"
#include "runtime/result.h"

namespace miniatura {

struct Credentials {
  std::string access_key;  // empty: anonymous, nothing is signed
  std::string secret_key;
  std::string session_token;                // empty: long-lived credentials
  std::optional<Clock::Time> expires = {};  // nothing: as long as nobody revokes them

  bool is_anonymous() const { return access_key.empty(); }
  // Without the time: the same keys may be told again with another one.
  bool signs_as(const Credentials& other) const {
    return access_key == other.access_key && secret_key == other.secret_key &&
           session_token == other.session_token;
  }
};

// For logs and messages: "AKIA****, session", "anonymous". The secret and the token never show.
std::string masked(const Credentials& credentials);

// Asked before each attempt of each request, so it answers from what it holds. Thread-safe.
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;

  // A snapshot: what is signed with it is signed with all of it. Errors: credentials_missing,
  // credentials_expired.
  virtual Result<Credentials> credentials() = 0;

  // What `refused` signed was refused as expired: fetch anew, unless that has happened since.
  // Thread-safe.
  virtual void refused(const Credentials& refused) { static_cast<void>(refused); }
};

// credentials_missing if one of them (a key, a secret, a token) holds what no header can: a line
// break left by a paste would show up as a wrong signature, or as a header of its own. Each is
// named as `names` has it, and never shown.
struct CredentialNames {
  const char* access_key;
  const char* secret_key;
  const char* session_token;
};
Result<void> check_credentials(const Credentials& credentials, const CredentialNames& names);

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, as they are now. Errors:
// credentials_missing, naming the variables that are not set; credentials_missing too where one
// holds what no header can.
Result<std::unique_ptr<CredentialsProvider>> environment_credentials(
    const Environment& environment);

// Always the same; for tests and for whoever has them already.
std::unique_ptr<CredentialsProvider> fixed_credentials(Credentials credentials);

// Nobody: requests go out unsigned.
std::unique_ptr<CredentialsProvider> anonymous_credentials();

}  // namespace miniatura
