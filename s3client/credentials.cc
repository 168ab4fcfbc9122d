#include "s3client/credentials.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace miniatura {
namespace {

constexpr const char* kAccessKey = "AWS_ACCESS_KEY_ID";
constexpr const char* kSecretKey = "AWS_SECRET_ACCESS_KEY";
constexpr const char* kSessionToken = "AWS_SESSION_TOKEN";

class FixedCredentials : public CredentialsProvider {
 public:
  explicit FixedCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> credentials() override { return credentials_; }

 private:
  const Credentials credentials_;
};

bool is_one_word(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

std::string masked(const Credentials& credentials) {
  return fmt::format("{}****{}", credentials.access_key.substr(0, 4),
                     credentials.session_token.empty() ? "" : ", session");
}

std::unique_ptr<CredentialsProvider> fixed_credentials(Credentials credentials) {
  return std::make_unique<FixedCredentials>(std::move(credentials));
}

Result<std::unique_ptr<CredentialsProvider>> environment_credentials(
    const Environment& environment) {
  Credentials found;
  found.access_key = environment.get_or(kAccessKey, "");
  found.secret_key = environment.get_or(kSecretKey, "");
  found.session_token = environment.get_or(kSessionToken, "");
  if (found.access_key.empty() || found.secret_key.empty()) {
    const bool neither = found.access_key.empty() && found.secret_key.empty();
    return fail(
        ErrorCode::credentials_missing,
        neither ? fmt::format("{} and {} are not set", kAccessKey, kSecretKey)
                : fmt::format("{} is not set", found.access_key.empty() ? kAccessKey : kSecretKey));
  }
  // A line break left by a paste would show up as a wrong signature, or as a header of its own.
  for (const auto& [name, value] :
       {std::pair{kAccessKey, &found.access_key}, std::pair{kSecretKey, &found.secret_key},
        std::pair{kSessionToken, &found.session_token}}) {
    if (!is_one_word(*value)) {
      return fail(ErrorCode::credentials_missing,
                  fmt::format("{} holds a space, a line break or a byte that is not ASCII", name));
    }
  }
  return fixed_credentials(std::move(found));
}

}  // namespace miniatura
