// Who signs, and where that is found. A provider a file, as AWS's own tools order them; today the
// environment alone.
#pragma once

#include <memory>
#include <string>

#include "runtime/environment.h"
#include "runtime/result.h"

namespace miniatura {

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // empty: long-lived credentials
};

// For logs and messages: "AKIA****, session". The secret and the token never show.
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

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, as they are now. Errors:
// credentials_missing, naming the variables that are not set; credentials_missing too where one
// holds what no header can.
Result<std::unique_ptr<CredentialsProvider>> environment_credentials(
    const Environment& environment);

// Always the same; for tests and for whoever has them already.
std::unique_ptr<CredentialsProvider> fixed_credentials(Credentials credentials);

}  // namespace miniatura
