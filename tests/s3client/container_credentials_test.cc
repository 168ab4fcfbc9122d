#include "s3client/container_credentials.h"

#include "tests/s3client/credentials_places.h"

namespace miniatura {
namespace {

constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr const char* kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";

// The URL, or the error's message.
std::string endpoint(std::map<std::string, std::string> variables) {
  const auto found = container_endpoint(Environment(std::move(variables)));
  if (found) return *found ? (*found)->url : "none";
  EXPECT_EQ(found.error().code, ErrorCode::credentials_missing);
  return found.error().message;
}

TEST(ContainerEndpoint, is_what_the_variables_say_the_relative_one_first) {
  EXPECT_EQ(endpoint({}), "none");
  EXPECT_EQ(endpoint({{kRelative, "/v2/credentials/1"}}), "http://169.254.170.2/v2/credentials/1");
  EXPECT_EQ(endpoint({{kRelative, "/r"}, {kFull, "https://h/f"}}), "http://169.254.170.2/r");
  EXPECT_EQ(endpoint({{kFull, "https://example.org/f?a=b#c"}}), "https://example.org/f?a=b");
  EXPECT_EQ(endpoint({{kRelative, "v2"}}).find(std::string(kRelative) + ": is no path"), 0U);
  EXPECT_EQ(endpoint({{kRelative, "/a b"}}).find(std::string(kRelative) + ": is no path"), 0U);
}

TEST(ContainerEndpoint, in_the_clear_is_for_this_machine_and_the_known_addresses) {
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:8080", "127.9.9.9", "localhost", "localhost:1", "[::1]:80",
        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "[FD00:EC2:0::23]:80"}) {
    const std::string url = std::string("http://") + host + "/x";
    EXPECT_EQ(endpoint({{kFull, url}}), url);
  }
  for (const char* host :
       {"example.org", "169.254.169.254", "169.254.170.24", "10.0.0.1", "127.0.0.1.example.org",
        "127.1", "0x7f.0.0.1", "2130706433", "localhost.example.org", "[::2]", "[fd00:ec2::24]",
        "[::ffff:10.0.0.1]", "0.0.0.0", "[::]"}) {
    const std::string message = endpoint({{kFull, std::string("http://") + host + "/x"}});
    EXPECT_EQ(message.find(std::string(kFull) + ": " + host + ": plain http is for"), 0U)
        << message;
  }
}

TEST(ContainerEndpoint, that_could_be_read_in_two_ways_is_refused_and_not_repeated) {
  for (const char* url :
       {"http://127.0.0.1@hush.org/", "http://127.0.0.1:hush@example.org/", "http://127.0.0.1\\@h/",
        "http://127.0.0.1\t.h/", "http://", "http:///hush", "ftp://127.0.0.1/", "127.0.0.1",
        "http://127.0.0.1%40hush/", "https://u:hush@h/"}) {
    const std::string message = endpoint({{kFull, url}});
    EXPECT_EQ(message.find(std::string(kFull) + ": "), 0U) << url << ": " << message;
    EXPECT_EQ(message.find("hush"), std::string::npos) << message;
  }
}

class ContainerCredentials : public CredentialsPlaces {
 protected:
  Result<Credentials> ask(std::map<std::string, std::string> variables = {}) {
    variables.emplace(kFull, server_.url("/role?hush"));
    const auto endpoint = container_endpoint(Environment(variables));
    return container_credentials(endpoint.value().value(), tools_);
  }
  std::string trouble(std::map<std::string, std::string> variables = {}) {
    std::string message = error_of(ask(std::move(variables)));
    EXPECT_EQ(message.find("hush"), std::string::npos) << message;
    return message;
  }
  std::string authorization(std::size_t request) {
    return server_.requests().at(request).headers.get_or("Authorization", "none");
  }
  std::string place() { return "container credentials at " + server_.host_port() + ": "; }
};

TEST_F(ContainerCredentials, come_from_the_host_past_any_proxy) {
  server_.push(200, kKeysAsJson);
  expect_the_keys(ask());
  EXPECT_EQ(server_.requests().at(0).target, "/role?hush");
  EXPECT_EQ(server_.requests().at(0).method, "GET");
  EXPECT_EQ(authorization(0), "none");
  EXPECT_EQ(used_proxy_, std::vector<bool>{false});
}

TEST_F(ContainerCredentials,
       are_asked_for_with_the_token_and_its_file_comes_first_and_is_read_anew) {
  for (int i = 0; i < 3; ++i) server_.push(200, kKeysAsJson);
  ASSERT_TRUE(ask({{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc"}}));
  EXPECT_EQ(authorization(0), "Basic abc");
  for (const char* token : {"one", "two"}) {
    const std::string file = write("token", std::string(token) + "\n");
    ASSERT_TRUE(ask({{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc"},
                     {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file}}));
    EXPECT_EQ(server_.requests().back().headers.get("Authorization"), token);
  }
}

TEST_F(ContainerCredentials, are_not_asked_for_with_a_token_that_no_header_can_hold) {
  EXPECT_EQ(trouble({{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "hush\r\nX: y"}}),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN: holds what no header can");
  const std::string variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
  EXPECT_EQ(trouble({{variable, write("token", "hush\nX: y")}}),
            variable + ": holds what no header can");
  EXPECT_EQ(trouble({{variable, write("empty", "\n")}}),
            variable + ": " + home_.path() + "/empty: is empty");
  EXPECT_EQ(trouble({{variable, "/nowhere"}}), variable + ": /nowhere: No such file or directory");
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(ContainerCredentials, that_are_refused_show_the_code_and_nothing_else_of_the_answer) {
  server_.push(403, R"({"code":"AccessDenied","message":"hush"})");
  EXPECT_EQ(trouble(), place() + "HTTP 403 AccessDenied");
  server_.push(404, "hush");
  EXPECT_EQ(trouble(), place() + "HTTP 404");
}

TEST_F(ContainerCredentials, that_were_cut_off_are_none_or_asked_for_again) {
  server_.push(200, std::string(kKeysAsJson).substr(0, 80));
  EXPECT_EQ(trouble(), place() + "the answer is no JSON object");
  ScriptedReply cut;
  cut.body = std::string(kKeysAsJson).substr(0, 80);
  cut.announced_bytes = 200;
  cut.fault = ScriptedReply::Fault::close_after_body;
  server_.push(cut);
  server_.push(200, kKeysAsJson);
  expect_the_keys(ask());  // the connection broke, and was tried again
}

TEST_F(ContainerCredentials, where_nobody_is_there_name_the_host) {
  const auto endpoint = container_endpoint(environment_with(kFull, "http://127.0.0.1:1/hush"));
  const std::string message = error_of(container_credentials(endpoint.value().value(), tools_));
  EXPECT_EQ(message.find("container credentials at 127.0.0.1:1: GET 127.0.0.1:1: "), 0U) << message;
  EXPECT_EQ(message.find("hush"), std::string::npos);
}

}  // namespace
}  // namespace miniatura
