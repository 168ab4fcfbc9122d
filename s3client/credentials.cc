#include "s3client/credentials.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace miniatura {
namespace {

constexpr CredentialNames kVariables = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN"};

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
  if (credentials.is_anonymous()) return "anonymous";
  return fmt::format("{}****{}", credentials.access_key.substr(0, 4),
                     credentials.session_token.empty() ? "" : ", session");
}

std::unique_ptr<CredentialsProvider> fixed_credentials(Credentials credentials) {
  return std::make_unique<FixedCredentials>(std::move(credentials));
}

std::unique_ptr<CredentialsProvider> anonymous_credentials() { return fixed_credentials({}); }

Result<void> check_credentials(const Credentials& credentials, const CredentialNames& names) {
  for (const auto& [name, value] : {std::pair{names.access_key, &credentials.access_key},
                                    std::pair{names.secret_key, &credentials.secret_key},
                                    std::pair{names.session_token, &credentials.session_token}}) {
    if (!is_one_word(*value)) {
      return fail(ErrorCode::credentials_missing,
                  fmt::format("{} holds a space, a line break or a byte that is not ASCII", name));
    }
  }
  return {};
}

Result<std::unique_ptr<CredentialsProvider>> environment_credentials(
    const Environment& environment) {
  const auto& [access_key, secret_key, session_token] = kVariables;
  Credentials found;
  found.access_key = environment.get_or(access_key, "");
  found.secret_key = environment.get_or(secret_key, "");
  found.session_token = environment.get_or(session_token, "");
  if (found.access_key.empty() || found.secret_key.empty()) {
    const bool neither = found.access_key.empty() && found.secret_key.empty();
    return fail(
        ErrorCode::credentials_missing,
        neither ? fmt::format("{} and {} are not set", access_key, secret_key)
                : fmt::format("{} is not set", found.access_key.empty() ? access_key : secret_key));
  }
  CHECKED(check_credentials(found, kVariables));
  return fixed_credentials(std::move(found));
}

}  // namespace miniatura
