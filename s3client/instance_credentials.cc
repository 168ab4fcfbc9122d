#include "s3client/instance_credentials.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "runtime/text.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr const char* kEndpoint = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
constexpr const char* kMode = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE";
constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";
constexpr std::size_t kRoleBytesMax = 128;  // IAM's has 64

class Metadata {
 public:
  Metadata(const std::string& url, const CredentialTools& tools)
      : url_(url),
        place_(fmt::format("instance metadata at {}", split_url(url).authority)),
        transport_(tools.make_transport(false)),
        clock_(tools.clock) {}

  const std::string& place() const { return place_; }

  Result<void> take_token() {
    HttpRequest request = request_of("PUT", "/latest/api/token");
    request.headers.add("X-aws-ec2-metadata-token-ttl-seconds", "300");
    // Nobody there is the usual answer, and final; a busy service is asked again.
    auto first = ask(request, 1);
    const bool again = !first && is_busy(first.error().http_status);
    TRY(token, again ? ask(std::move(request), 2) : std::move(first));
    if (token.empty() || !is_header_value(token)) {
      return fail(no_credentials(place_, "the answer is no token"));
    }
    token_ = std::move(token);
    return {};
  }

  // The body of a 200. Errors: credentials_missing.
  Result<Bytes> get(const std::string& path) {
    HttpRequest request = request_of("GET", path);
    request.headers.add("X-aws-ec2-metadata-token", token_);
    return ask(std::move(request));
  }

 private:
  HttpRequest request_of(const char* method, const std::string& path) const {
    HttpRequest request;
    request.method = method;
    request.url = url_ + path;
    request.connect_timeout = 1s;
    request.stall_timeout = 1s;
    return request;
  }

  Result<Bytes> ask(HttpRequest request, int attempts_max = 3) {
    auto reply = ask_for_credentials(*transport_, clock_, std::move(request), attempts_max);
    if (!reply) return fail(no_credentials(place_, reply.error().message));
    if (reply->status != 200) return fail(refused_credentials(place_, reply->status, ""));
    return std::move(reply->body);
  }

  std::string url_;
  std::string place_;
  std::unique_ptr<HttpTransport> transport_;
  Clock& clock_;
  std::string token_;
};

}  // namespace

bool is_instance_metadata_disabled(const Environment& environment) {
  return lower_case(environment.get_or("AWS_EC2_METADATA_DISABLED", "")) == "true";
}

Result<std::string> instance_metadata_url(const Environment& environment) {
  std::string url = environment.get_or(kEndpoint, "");
  if (url.empty()) {
    const bool is_ipv6 = lower_case(environment.get_or(kMode, "")) == "ipv6";
    return is_ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  }
  if (const auto checked = check_endpoint(kEndpoint, url); !checked) {
    return fail(ErrorCode::credentials_missing, checked.error().message);
  }
  while (url.back() == '/') url.pop_back();
  return url;
}

Result<Credentials> instance_credentials(const std::string& url, const CredentialTools& tools) {
  Metadata metadata(url, tools);
  const std::string& place = metadata.place();
  CHECKED(metadata.take_token());
  auto roles = metadata.get(std::string(kRoles));
  if (!roles) {
    if (roles.error().http_status != 404) return fail(std::move(roles).error());
    return fail(no_credentials(place, "the instance has no role"));
  }
  const std::string role = roles->substr(0, roles->find_first_of("\r\n"));
  if (role.empty() || role.size() > kRoleBytesMax || !is_header_value(role)) {
    return fail(no_credentials(place, "the answer names no role"));
  }
  TRY(answer, metadata.get(std::string(kRoles) + percent_encode(role)));
  TRY(json, json_answer(answer, place));
  const std::string code = string_at(json, "Code");
  if (!code.empty() && code != "Success") return fail(refused_credentials(place, 200, code));
  return credentials_in(json, "Token", place);
}

}  // namespace miniatura
