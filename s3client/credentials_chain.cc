#include "s3client/credentials_chain.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "s3client/container_credentials.h"
#include "s3client/credentials_cache.h"
#include "s3client/instance_credentials.h"
#include "s3client/profile.h"
#include "s3client/profile_credentials.h"
#include "s3client/web_identity.h"

namespace miniatura {
namespace {

constexpr const char* kSkipSignature = "AWS_SKIP_SIGNATURE";
constexpr const char* kTokenFile = "AWS_WEB_IDENTITY_TOKEN_FILE";
constexpr const char* kRole = "AWS_ROLE_ARN";

using Notes = std::vector<std::string>;

tl::unexpected<Error> nowhere(const Notes& notes) {
  return fail(ErrorCode::credentials_missing,
              fmt::format("none found: {}", fmt::join(notes, "; ")));
}

Result<FetchCredentials> web_identity(const Environment& environment, const std::string& sts,
                                      const CredentialTools& tools) {
  const WebIdentity identity{environment.get_or(kTokenFile, ""), environment.get_or(kRole, ""),
                             environment.get_or("AWS_ROLE_SESSION_NAME", "")};
  if (identity.role_arn.empty()) {
    return fail(no_credentials(kTokenFile, fmt::format("needs {}, too", kRole)));
  }
  return [=]() -> Result<Credentials> { return assume_role(identity, sts, tools); };
}

FetchCredentials instance(std::string url, const CredentialTools& tools, Notes notes) {
  return [=, url = std::move(url), notes = std::move(notes)]() -> Result<Credentials> {
    auto found = instance_credentials(url, tools);
    if (found) return found;
    Notes all = notes;
    all.push_back(found.error().message);
    return nowhere(all);
  };
}

// The place that the settings, as they are now, name; nobody is asked. Errors: as
// default_credentials.
Result<FetchCredentials> find_place(const Environment& environment, const std::string& sts,
                                    const CredentialTools& tools) {
  Notes notes = {"AWS_ACCESS_KEY_ID is not set"};
  if (environment.get(kTokenFile)) return web_identity(environment, sts, tools);
  notes.push_back(fmt::format("{} is not set", kTokenFile));

  TRY(profile, load_profile(environment));
  TRY(of_profile, profile_credentials(profile, environment, sts, tools));
  if (of_profile) return of_profile;
  if (profile.notes.empty()) profile.notes.emplace_back("has no credentials");
  notes.push_back(fmt::format("profile {}: {}", profile.name, fmt::join(profile.notes, ", ")));

  TRY(container, container_endpoint(environment));
  if (container) {
    return [=, endpoint = *container]() -> Result<Credentials> {
      return container_credentials(endpoint, tools);
    };
  }
  notes.emplace_back("no AWS_CONTAINER_CREDENTIALS_ variable is set");

  if (!is_instance_metadata_disabled(environment)) {
    TRY(url, instance_metadata_url(environment));
    return instance(url, tools, std::move(notes));
  }
  notes.emplace_back("AWS_EC2_METADATA_DISABLED is true");
  return nowhere(notes);
}

}  // namespace

Result<std::unique_ptr<CredentialsProvider>> default_credentials(const Environment& environment,
                                                                 const std::string& sts,
                                                                 const CredentialTools& tools) {
  const std::string skip = environment.get_or(kSkipSignature, "false");
  if (skip == "true") return anonymous_credentials();
  if (skip != "false") {
    return fail(ErrorCode::config_invalid,
                fmt::format("{}: {}: is neither true nor false", kSkipSignature, skip));
  }
  // Half a pair is a mistake, and not a reason to look elsewhere.
  if (environment.get("AWS_ACCESS_KEY_ID") || environment.get("AWS_SECRET_ACCESS_KEY")) {
    return environment_credentials(environment);
  }
  CHECKED(find_place(environment, sts, tools));
  const auto fetch = [=]() -> Result<Credentials> {
    const auto place = find_place(environment, sts, tools);
    // A profile that was broken since is the operator's mistake, which can be mended: no event may
    // be lost to it.
    if (!place) return fail(ErrorCode::credentials_missing, place.error().message);
    return (*place)();
  };
  return cached_credentials(fetch, tools.clock);
}

}  // namespace miniatura
