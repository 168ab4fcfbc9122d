#include "s3client/profile.h"

#include <fmt/core.h>

#include <optional>
#include <utility>

namespace miniatura {
namespace {

constexpr std::uint64_t kFileBytesMax = std::uint64_t{1} << 20;
constexpr const char* kDefault = "default";
constexpr const char* kKeyFields[] = {"aws_access_key_id", "aws_secret_access_key",
                                      "aws_session_token"};

struct SharedFile {
  const char* variable;
  const char* usual;  // below HOME
};
constexpr SharedFile kConfig = {"AWS_CONFIG_FILE", "/.aws/config"};
constexpr SharedFile kCredentials = {"AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"};

Result<ProfileSections> load(const SharedFile& file, const Environment& environment,
                             std::vector<std::string>& notes) {
  const auto named = environment.get(file.variable);
  const auto home = environment.get("HOME");
  std::string path = named.value_or("~" + std::string(file.usual));
  if (path.compare(0, 2, "~/") == 0) {
    if (!home) {
      notes.push_back(fmt::format("{}: HOME is not set", path));
      return ProfileSections();
    }
    path = *home + path.substr(1);
  }
  const auto text = read_file(path, kFileBytesMax, ErrorCode::config_invalid);
  if (!text && named) {
    return fail(ErrorCode::config_invalid,
                fmt::format("{}: {}", file.variable, text.error().message));
  }
  if (!text && text.error().code == ErrorCode::config_invalid) return fail(text.error());
  if (!text) {
    notes.push_back(text.error().message);
    return ProfileSections();
  }
  return parse_profile_file(*text, path);
}

// Fields of `section` over those that are there; false if there is no such section.
bool merge(const ProfileSections& sections, const std::string& section, ProfileFields& fields) {
  const auto found = sections.find(section);
  if (found == sections.end()) return false;
  for (const auto& [name, value] : found->second) fields[name] = value;
  return true;
}

bool has_keys(const ProfileSections& sections, const std::string& section) {
  const auto found = sections.find(section);
  return found != sections.end() &&
         (found->second.count(kKeyFields[0]) > 0 || found->second.count(kKeyFields[1]) > 0);
}

}  // namespace

Result<Profile> load_profile(const Environment& environment) {
  const char* variable = environment.get("AWS_PROFILE") ? "AWS_PROFILE" : "AWS_DEFAULT_PROFILE";
  const auto named = environment.get(variable);
  Profile profile;
  profile.name = named.value_or(kDefault);
  TRY(config, load(kConfig, environment, profile.notes));
  TRY(credentials, load(kCredentials, environment, profile.notes));

  bool exists = profile.name == kDefault && merge(config, kDefault, profile.fields);
  exists = merge(config, "profile " + profile.name, profile.fields) || exists;
  // A key of one file never goes with a secret or a token of the other.
  if (has_keys(credentials, profile.name)) {
    for (const char* field : kKeyFields) profile.fields.erase(field);
  }
  exists = merge(credentials, profile.name, profile.fields) || exists;
  // The fields of the section that `services` names, which are like "s3.endpoint_url".
  const std::string services = profile.get("services");
  if (!services.empty()) merge(config, "services " + services, profile.services);
  if (exists) return profile;
  if (named) {
    std::string notes;
    for (const std::string& note : profile.notes) notes += "; " + note;
    return fail(ErrorCode::config_invalid,
                fmt::format("{}: {}: there is no such profile{}", variable, profile.name, notes));
  }
  if (profile.notes.empty()) profile.notes.emplace_back("there is no such profile");
  return profile;
}

Result<ProfileSettings> load_profile_settings(const Environment& environment) {
  TRY(profile, load_profile(environment));
  ProfileSettings settings;
  settings.name = profile.name;
  settings.region = profile.get("region");
  settings.ca_bundle = profile.get("ca_bundle");
  settings.endpoint_url = profile.get("endpoint_url");
  settings.endpoint_url_s3 = profile.services["s3.endpoint_url"];
  settings.endpoint_url_sts = profile.services["sts.endpoint_url"];
  settings.addressing_style = profile.get("s3.addressing_style");
  return settings;
}

}  // namespace miniatura
