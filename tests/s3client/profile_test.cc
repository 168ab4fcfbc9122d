#include "s3client/profile.h"

#include "tests/s3client/credentials_places.h"

namespace miniatura {
namespace {

class ProfileTest : public CredentialsPlaces {
 protected:
  Result<Profile> load(std::map<std::string, std::string> variables = {}) {
    variables.emplace("HOME", home_.path());
    return load_profile(Environment(std::move(variables)));
  }
  std::string wrong(std::map<std::string, std::string> variables) {
    const auto profile = load(std::move(variables));
    if (profile) return "right";
    EXPECT_EQ(profile.error().code, ErrorCode::config_invalid);
    return profile.error().message;
  }
};

TEST_F(ProfileTest, is_the_default_one_unless_a_variable_names_another) {
  write(".aws/config", "[default]\nx = d\n[profile a]\nx = 1\n[profile b]\nx = 2\n");
  EXPECT_EQ(load()->get("x"), "d");
  EXPECT_EQ(load({{"AWS_DEFAULT_PROFILE", "b"}})->get("x"), "2");
  EXPECT_EQ(load({{"AWS_DEFAULT_PROFILE", "b"}, {"AWS_PROFILE", "a"}})->get("x"), "1");
  EXPECT_EQ(load({{"AWS_PROFILE", "a"}})->name, "a");
  EXPECT_EQ(load({{"AWS_PROFILE", "default"}})->get("x"), "d");
}

TEST_F(ProfileTest, has_profile_before_its_name_in_one_file_and_not_in_the_other) {
  write(".aws/config", "[work]\nx = 1\n[profile default]\ny = 2\n[default]\ny = 3\nz = 4\n");
  write(".aws/credentials", "[profile work]\nx = 5\n[other]\nx = 6\n");
  EXPECT_EQ(load()->get("y"), "2");
  EXPECT_EQ(load()->get("z"), "4");
  EXPECT_EQ(load({{"AWS_PROFILE", "other"}})->get("x"), "6");
  EXPECT_EQ(wrong({{"AWS_PROFILE", "work"}}), "AWS_PROFILE: work: there is no such profile");
}

TEST_F(ProfileTest, of_both_files_the_credentials_count_more_and_keys_are_never_mixed) {
  write(".aws/config",
        "[default]\nregion = r\nx = 1\naws_access_key_id = A1\naws_secret_access_key = s1\n"
        "aws_session_token = t1\n");
  write(".aws/credentials",
        "[default]\nx = 2\naws_access_key_id = A2\naws_secret_access_key = s2\n");
  const ProfileFields expected = {
      {"region", "r"}, {"x", "2"}, {"aws_access_key_id", "A2"}, {"aws_secret_access_key", "s2"}};
  EXPECT_EQ(load()->fields, expected);
}

TEST_F(ProfileTest, that_is_absent_is_an_error_only_if_somebody_named_it) {
  const std::string config = home_.path() + "/.aws/config: No such file or directory";
  const std::string credentials = home_.path() + "/.aws/credentials: No such file or directory";
  const auto absent = load();
  ASSERT_TRUE(absent);
  EXPECT_TRUE(absent->fields.empty());
  EXPECT_EQ(absent->notes, (std::vector<std::string>{config, credentials}));
  EXPECT_EQ(wrong({{"AWS_PROFILE", "work"}}),
            "AWS_PROFILE: work: there is no such profile; " + config + "; " + credentials);
  EXPECT_EQ(wrong({{"AWS_DEFAULT_PROFILE", "default"}}).find("AWS_DEFAULT_PROFILE: default: "), 0U);

  write(".aws/config", "[profile work]\n");
  write(".aws/credentials", "");
  EXPECT_EQ(load()->notes, std::vector<std::string>{"there is no such profile"});
  EXPECT_TRUE(load({{"AWS_PROFILE", "work"}}));
}

TEST_F(ProfileTest, without_a_home_there_are_no_files) {
  const auto profile = load_profile(Environment());
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->notes, (std::vector<std::string>{"~/.aws/config: HOME is not set",
                                                      "~/.aws/credentials: HOME is not set"}));
}

TEST_F(ProfileTest, files_that_somebody_named_have_to_be_there) {
  write("c", "[default]\nx = 1\n");
  write("k", "[default]\ny = 2\n");
  const auto profile =
      load({{"AWS_CONFIG_FILE", "~/c"}, {"AWS_SHARED_CREDENTIALS_FILE", home_.path() + "/k"}});
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->get("x") + profile->get("y"), "12");
  EXPECT_TRUE(load({{"AWS_CONFIG_FILE", "/dev/null"}}));
  EXPECT_EQ(wrong({{"AWS_CONFIG_FILE", "/nowhere"}}),
            "AWS_CONFIG_FILE: /nowhere: No such file or directory");
  EXPECT_EQ(wrong({{"AWS_SHARED_CREDENTIALS_FILE", "/nowhere"}}),
            "AWS_SHARED_CREDENTIALS_FILE: /nowhere: No such file or directory");
}

TEST_F(ProfileTest, files_that_make_no_sense_or_have_no_end_are_an_error_wherever_they_are) {
  const std::string path = write(".aws/credentials", "[default]\nhush\n");
  EXPECT_EQ(wrong({}), path + ": line 2 is neither [section] nor name = value");
  write(".aws/credentials", std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(wrong({}), path + ": 1048577 bytes, over the limit of 1048576");
}

TEST_F(ProfileTest, says_more_than_credentials) {
  write(".aws/config",
        "[profile work]\nregion = eu-west-1\nca_bundle = /ca.pem\nendpoint_url = http://all\n"
        "s3 =\n  addressing_style = virtual\nservices = mine\n[services mine]\ns3 =\n  "
        "endpoint_url = http://s3\nsts =\n"
        "  endpoint_url = http://sts\n");
  const auto settings =
      load_profile_settings(Environment({{"HOME", home_.path()}, {"AWS_PROFILE", "work"}}));
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->name, "work");
  EXPECT_EQ(settings->region, "eu-west-1");
  EXPECT_EQ(settings->ca_bundle, "/ca.pem");
  EXPECT_EQ(settings->endpoint_url, "http://all");
  EXPECT_EQ(settings->endpoint_url_s3, "http://s3");
  EXPECT_EQ(settings->endpoint_url_sts, "http://sts");
  EXPECT_EQ(settings->addressing_style, "virtual");
  EXPECT_EQ(load_profile_settings(Environment())->region, "");
}

}  // namespace
}  // namespace miniatura
