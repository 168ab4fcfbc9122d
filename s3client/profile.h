// The profile that the user chose in the files of AWS's tools: AWS_PROFILE or AWS_DEFAULT_PROFILE,
// else "default".
#pragma once

#include <string>
#include <vector>

#include "runtime/environment.h"
#include "runtime/result.h"
#include "s3client/profile_files.h"

namespace miniatura {

struct Profile {
  std::string name;
  ProfileFields fields;    // of both files; the credentials file's count more
  ProfileFields services;  // of the section that the field `services` names: "s3.endpoint_url"
  // Why it may have nothing, a reason a file: "~/.aws/config: HOME is not set".
  std::vector<std::string> notes;

  std::string get(const std::string& field) const {  // "" where there is none
    const auto found = fields.find(field);
    return found == fields.end() ? std::string() : found->second;
  }
};

// Reads AWS_CONFIG_FILE (else ~/.aws/config, ~ being HOME) and AWS_SHARED_CREDENTIALS_FILE (else
// ~/.aws/credentials), 1 MiB of each. What nobody named may be absent; what a variable names may
// not, be it a file or a profile. Errors: config_invalid.
Result<Profile> load_profile(const Environment& environment);

// What a profile says besides credentials; empty where it says nothing.
struct ProfileSettings {
  std::string name;
  std::string region;
  std::string ca_bundle;
  std::string endpoint_url;     // of all services
  std::string endpoint_url_s3;  // of one, by the section that `services` names; comes first
  std::string endpoint_url_sts;
  std::string addressing_style;  // of s3: "path", "virtual", "auto"
};
// Errors: those of load_profile.
Result<ProfileSettings> load_profile_settings(const Environment& environment);

}  // namespace miniatura
