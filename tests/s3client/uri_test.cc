#include "s3client/uri.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

S3Endpoint endpoint(std::map<std::string, std::string> variables) {
  return endpoint_from(Environment(std::move(variables))).value();
}

std::string config_error(std::map<std::string, std::string> variables) {
  const auto found = endpoint_from(Environment(std::move(variables)));
  if (found) return "no error: " + found->url;
  EXPECT_EQ(found.error().code, ErrorCode::config_invalid);
  return found.error().message;
}

TEST(Uri, every_byte_but_the_unreserved_is_encoded_once) {
  EXPECT_EQ(percent_encode("azAZ09-._~"), "azAZ09-._~");
  EXPECT_EQ(percent_encode("a b/c+d%20"), "a%20b%2Fc%2Bd%2520");
  EXPECT_EQ(percent_encode_path("a b//c/./*'()!"), "a%20b//c/./%2A%27%28%29%21");
  EXPECT_EQ(percent_encode(std::string("\0\n\xff", 3)), "%00%0A%FF");
}

TEST(Uri, decoding_keeps_plus_and_what_is_no_escape) {
  EXPECT_EQ(percent_decode("a%20b%2fc%2F+"), "a b/c/+");
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%2"), "%2");
  EXPECT_EQ(percent_decode("%zz%4"), "%zz%4");
}

TEST(Uri, every_byte_survives_encoding_and_decoding) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_decode(percent_encode_path(all)), all);
}

TEST(Uri, an_s3_url_is_a_bucket_and_the_key_as_it_is) {
  const auto uri = parse_s3_uri("s3://photos/a%20b//c?d#e").value();
  EXPECT_EQ(uri.bucket, "photos");
  EXPECT_EQ(uri.key, "a%20b//c?d#e");
  EXPECT_EQ(parse_s3_uri("s3://photos").value().key, "");
  EXPECT_EQ(parse_s3_uri("s3://photos/").value().key, "");
  for (const char* wrong :
       {"", "photos/a", "http://photos/a", "s3:/photos/a", "s3:///a", "s3://.."}) {
    const auto refused = parse_s3_uri(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, ErrorCode::usage);
  }
}

TEST(Uri, without_an_endpoint_it_is_aws_in_the_region) {
  EXPECT_EQ(endpoint({}).url, "https://s3.us-east-1.amazonaws.com");
  EXPECT_FALSE(endpoint({}).path_style);
  EXPECT_EQ(endpoint({{"AWS_DEFAULT_REGION", "eu-west-1"}}).region, "eu-west-1");
  EXPECT_EQ(endpoint({{"AWS_REGION", "eu-west-2"}, {"AWS_DEFAULT_REGION", "eu-west-1"}}).url,
            "https://s3.eu-west-2.amazonaws.com");
  EXPECT_EQ(endpoint({{"AWS_REGION", "cn-north-1"}}).url, "https://s3.cn-north-1.amazonaws.com.cn");
}

TEST(Uri, the_endpoint_for_s3_comes_before_the_one_for_all) {
  const S3Endpoint found = endpoint({{"AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000/"},
                                     {"AWS_ENDPOINT_URL", "http://elsewhere"}});
  EXPECT_EQ(found.url, "http://127.0.0.1:9000");
  EXPECT_TRUE(found.path_style);
  EXPECT_EQ(endpoint({{"AWS_ENDPOINT_URL", "http://elsewhere"}}).url, "http://elsewhere");
}

TEST(Uri, where_a_bucket_stands_can_be_said) {
  ProfileSettings profile;
  profile.name = "work";
  profile.addressing_style = "virtual";
  const auto url = [&](std::map<std::string, std::string> variables) {
    const auto found = endpoint_from(Environment(std::move(variables)), profile);
    return found ? object_url(*found, {"b", "k", ""}) : found.error().message;
  };
  const std::string own = "http://s3.localhost:9000/base";
  EXPECT_EQ(url({{"AWS_ENDPOINT_URL", own}}), "http://b.s3.localhost:9000/base/k");
  EXPECT_EQ(url({{"AWS_ENDPOINT_URL", own}, {"MINIATURA_S3_ADDRESSING", "path"}}), own + "/b/k");
  EXPECT_EQ(url({{"AWS_ENDPOINT_URL", own}, {"MINIATURA_S3_ADDRESSING", "auto"}}), own + "/b/k");
  EXPECT_EQ(url({{"MINIATURA_S3_ADDRESSING", "path"}}), "https://s3.us-east-1.amazonaws.com/b/k");
  for (const char* address : {"10.0.0.1:9000", "[fd00::1]:9000", "10.0.0.1"}) {
    EXPECT_EQ(url({{"AWS_ENDPOINT_URL", std::string("http://") + address}}),
              std::string("profile work: s3.addressing_style: virtual: no bucket is a name in ") +
                  address);
  }
  EXPECT_EQ(url({{"MINIATURA_S3_ADDRESSING", "host"}}),
            "MINIATURA_S3_ADDRESSING: host: none of path, virtual, auto");
  // A dotted bucket fits no certificate.
  const auto dotted = endpoint_from(Environment({{"AWS_ENDPOINT_URL", own}}), profile);
  EXPECT_EQ(object_url(dotted.value(), {"a.b", "k", ""}), own + "/a.b/k");
}

TEST(Uri, a_profile_is_asked_after_the_variables) {
  ProfileSettings profile;
  profile.name = "work";
  profile.region = "eu-west-3";
  const auto with_profile = [&](std::map<std::string, std::string> variables) {
    return endpoint_from(Environment(std::move(variables)), profile).value();
  };
  EXPECT_EQ(with_profile({}).url, "https://s3.eu-west-3.amazonaws.com");
  EXPECT_EQ(with_profile({{"AWS_DEFAULT_REGION", "eu-west-1"}, {"A", ""}}).region, "eu-west-1");
  profile.endpoint_url = "http://all/";
  EXPECT_EQ(with_profile({}).url, "http://all");
  EXPECT_TRUE(with_profile({}).path_style);
  profile.endpoint_url_s3 = "http://s3";
  EXPECT_EQ(with_profile({}).url, "http://s3");
  EXPECT_EQ(with_profile({{"AWS_ENDPOINT_URL", "http://v"}, {"A", ""}}).url, "http://v");

  profile.endpoint_url_s3 = "http://me:secret@h";
  EXPECT_EQ(endpoint_from(Environment(), profile).error().message,
            "profile work: endpoint_url: holds a user name");
  profile.region = "eu/west";
  EXPECT_EQ(endpoint_from(Environment(), profile).error().message,
            "profile work: region: eu/west: is not the name of a region");
}

TEST(Uri, endpoints_that_somebody_configured_can_be_ignored) {
  ProfileSettings profile;
  profile.endpoint_url = "http://all";
  const Environment environment({{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"},
                                 {"AWS_ENDPOINT_URL", "http://h"},
                                 {"AWS_ENDPOINT_URL_S3", "http://h"},
                                 {"AWS_ENDPOINT_URL_STS", "http://h"}});
  EXPECT_EQ(endpoint_from(environment, profile)->url, "https://s3.us-east-1.amazonaws.com");
  EXPECT_EQ(sts_endpoint_from(environment, profile, "us-east-1"),
            "https://sts.us-east-1.amazonaws.com");
}

TEST(Uri, sts_is_in_the_region_unless_it_has_an_endpoint) {
  const auto sts = [](std::map<std::string, std::string> variables,
                      const ProfileSettings& profile = {}) {
    return sts_endpoint_from(Environment(std::move(variables)), profile, "eu-west-1").value();
  };
  EXPECT_EQ(sts({}), "https://sts.eu-west-1.amazonaws.com");
  EXPECT_EQ(sts_endpoint_from(Environment(), {}, "cn-north-1"),
            "https://sts.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(sts({{"AWS_ENDPOINT_URL_STS", "http://sts/"}, {"AWS_ENDPOINT_URL", "http://all"}}),
            "http://sts");
  EXPECT_EQ(sts({{"AWS_ENDPOINT_URL_S3", "http://s3"}, {"AWS_ENDPOINT_URL", "http://all"}}),
            "http://all");
  ProfileSettings profile;
  profile.endpoint_url = "http://profile";
  EXPECT_EQ(sts({}, profile), "http://profile");
  profile.endpoint_url_sts = "http://profile/sts";
  EXPECT_EQ(sts({}, profile), "http://profile/sts");
}

TEST(Uri, a_wrong_endpoint_or_region_names_its_variable_and_shows_no_password) {
  for (const char* url : {"127.0.0.1:9000", "ftp://h", "http://", "http://h?x", "http://h/a b"}) {
    EXPECT_EQ(config_error({{"AWS_ENDPOINT_URL", url}}).find("AWS_ENDPOINT_URL: "), 0U) << url;
  }
  const std::string message = config_error({{"AWS_ENDPOINT_URL_S3", "http://me:secret@h"}});
  EXPECT_EQ(message.find("AWS_ENDPOINT_URL_S3: "), 0U) << message;
  EXPECT_EQ(message.find("secret"), std::string::npos);
  EXPECT_EQ(config_error({{"AWS_REGION", "eu/west"}}).find("AWS_REGION: "), 0U);
}

TEST(Uri, a_bucket_is_in_the_host_only_where_it_fits) {
  const S3Endpoint aws = endpoint({});
  EXPECT_EQ(object_url(aws, {"photos", "a b", ""}),
            "https://photos.s3.us-east-1.amazonaws.com/a%20b");
  EXPECT_EQ(object_url(aws, {"photos", "", ""}), "https://photos.s3.us-east-1.amazonaws.com/");
  EXPECT_EQ(object_url(aws, {"my.photos", "a", ""}),
            "https://s3.us-east-1.amazonaws.com/my.photos/a");
  EXPECT_EQ(object_url(aws, {"My_Photos", "a", ""}),
            "https://s3.us-east-1.amazonaws.com/My_Photos/a");
  EXPECT_EQ(object_url(aws, {"photos", "k", "a/b+c="}),
            "https://photos.s3.us-east-1.amazonaws.com/k?versionId=a%2Fb%2Bc%3D");
  EXPECT_EQ(object_url(endpoint({{"AWS_ENDPOINT_URL", "http://h:9000"}}), {"photos", "/a//b/", ""}),
            "http://h:9000/photos//a//b/");
}

TEST(Uri, a_url_falls_into_its_parts) {
  const UrlParts parts = split_url("https://h:443/a/b?c=d&e#f");
  EXPECT_EQ(parts.scheme, "https");
  EXPECT_EQ(parts.authority, "h:443");
  EXPECT_EQ(parts.path, "/a/b");
  EXPECT_EQ(parts.query, "c=d&e");
  EXPECT_EQ(split_url("http://h?x").path, "/");
  EXPECT_EQ(split_url("http://h?x/y").authority, "h");
}

TEST(Uri, a_host_header_leaves_out_the_port_that_is_implied) {
  EXPECT_EQ(host_header(split_url("https://h:443/")), "h");
  EXPECT_EQ(host_header(split_url("http://h:80/")), "h");
  EXPECT_EQ(host_header(split_url("http://h:443/")), "h:443");
  EXPECT_EQ(host_header(split_url("http://[::1]:9000/")), "[::1]:9000");
}

TEST(Uri, a_name_for_messages_is_one_line) {
  EXPECT_EQ(object_name("b", "a\nb\x7F%/caf\xC3\xA9"), "b/a%0Ab%7F%25/caf\xC3\xA9");
}

}  // namespace
}  // namespace miniatura
