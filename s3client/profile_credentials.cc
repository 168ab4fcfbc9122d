#include "s3client/profile_credentials.h"

#include <fmt/core.h>

#include <utility>

#include "runtime/process.h"
#include "s3client/web_identity.h"

namespace miniatura {
namespace {

constexpr const char* kAccessKey = "aws_access_key_id";
constexpr const char* kSecretKey = "aws_secret_access_key";
constexpr const char* kSessionToken = "aws_session_token";
constexpr const char* kProcess = "credential_process";
constexpr const char* kRole = "role_arn";
constexpr const char* kTokenFile = "web_identity_token_file";
constexpr const char* kSingleSignOn[] = {"sso_session", "sso_start_url", "sso_account_id",
                                         "sso_role_name"};
constexpr int kProcessVersion = 1;

std::string place_of(const Profile& profile, std::string_view field) {
  return fmt::format("profile {}: {}", profile.name, field);
}

Result<FetchCredentials> role_of(const Profile& profile, const std::string& sts,
                                 const CredentialTools& tools) {
  for (const char* field : {"source_profile", "credential_source"}) {
    if (profile.get(field).empty()) continue;
    return fail(no_credentials(place_of(profile, field), "roles by it are not supported"));
  }
  const WebIdentity identity{profile.get(kTokenFile), profile.get(kRole),
                             profile.get("role_session_name")};
  for (const auto& [field, value] :
       {std::pair{kRole, &identity.role_arn}, std::pair{kTokenFile, &identity.token_file}}) {
    if (!value->empty()) continue;
    const char* const other = field == kRole ? kTokenFile : kRole;
    return fail(no_credentials(place_of(profile, other), fmt::format("needs {}, too", field)));
  }
  return [=]() -> Result<Credentials> { return assume_role(identity, sts, tools); };
}

Result<FetchCredentials> keys_of(const Profile& profile) {
  Credentials keys;
  keys.access_key = profile.get(kAccessKey);
  keys.secret_key = profile.get(kSecretKey);
  keys.session_token = profile.get(kSessionToken);
  if (keys.access_key.empty()) return fail(no_credentials(place_of(profile, kAccessKey), "absent"));
  if (keys.secret_key.empty()) return fail(no_credentials(place_of(profile, kSecretKey), "absent"));
  if (const auto checked = check_credentials(keys, {kAccessKey, kSecretKey, kSessionToken});
      !checked) {
    return fail(no_credentials("profile " + profile.name, checked.error().message));
  }
  return [keys]() -> Result<Credentials> { return keys; };
}

Result<Credentials> ask_process(const std::vector<std::string>& words,
                                const Environment& environment, const std::string& place) {
  const auto end = run_process(words, environment);
  if (!end) return fail(no_credentials(place, end.error().message));
  if (end->exit_status != 0) {
    return fail(
        no_credentials(place, fmt::format("{}: exit status {}", words.front(), end->exit_status)));
  }
  TRY(json, json_answer(end->output, place));
  const Json* const version = member(json, "Version");
  if (version == nullptr || *version != kProcessVersion) {
    return fail(no_credentials(place, fmt::format("Version is not {}", kProcessVersion)));
  }
  return credentials_in(json, "SessionToken", place);
}

Result<FetchCredentials> process_of(const Profile& profile, const Environment& environment) {
  const std::string place = place_of(profile, kProcess);
  auto words = split_command_line(profile.get(kProcess));
  if (!words) return fail(no_credentials(place, words.error().message));
  if (words->empty() || words->front().empty())
    return fail(no_credentials(place, "names no program"));
  return [words = *std::move(words), environment, place]() -> Result<Credentials> {
    return ask_process(words, environment, place);
  };
}

}  // namespace

Result<FetchCredentials> profile_credentials(const Profile& profile, const Environment& environment,
                                             const std::string& sts, const CredentialTools& tools) {
  const auto has = [&](const char* field) { return !profile.get(field).empty(); };
  if (has(kRole) || has(kTokenFile)) return role_of(profile, sts, tools);
  if (has(kAccessKey) || has(kSecretKey)) return keys_of(profile);
  for (const char* field : kSingleSignOn) {
    if (!has(field)) continue;
    return fail(no_credentials(place_of(profile, field), "single sign-on is not supported"));
  }
  if (has(kProcess)) return process_of(profile, environment);
  return FetchCredentials();
}

}  // namespace miniatura
