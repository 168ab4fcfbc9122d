#include "s3client/web_identity.h"

#include <fmt/core.h>

#include <utility>

#include "s3client/uri.h"
#include "s3client/xml.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kTokenBytesMax = 20'000;  // STS's own limit

Result<std::string> read_token(const std::string& path, std::string_view place) {
  auto read = read_file(path, kTokenBytesMax, ErrorCode::file_unreadable);
  if (!read) return fail(no_credentials(place, read.error().message));
  std::string& token = *read;
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  if (token.empty()) return fail(no_credentials(place, path + ": is empty"));
  return std::move(token);
}

Result<Credentials> credentials_of(const HttpReply& reply, std::string_view place) {
  const auto document = parse_xml(reply.body, place);
  if (reply.status != 200) {
    const XmlElement* error = document ? document->child("Error") : nullptr;
    return fail(refused_credentials(place, reply.status, error ? error->text_at("Code") : ""));
  }
  const XmlElement* result =
      document ? document->child("AssumeRoleWithWebIdentityResult") : nullptr;
  const XmlElement* found = result != nullptr ? result->child("Credentials") : nullptr;
  if (found == nullptr) return fail(no_credentials(place, "the answer is not STS's XML"));
  return checked_credentials({found->text_at("AccessKeyId"), found->text_at("SecretAccessKey"),
                              found->text_at("SessionToken")},
                             found->text_at("Expiration"), place);
}

}  // namespace

Result<Credentials> assume_role(const WebIdentity& identity, const std::string& sts,
                                const CredentialTools& tools) {
  const std::string place = fmt::format("web identity for {} at {}", identity.role_arn, sts);
  TRY(token, read_token(identity.token_file, place));
  const std::string body = fmt::format(
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName={}"
      "&WebIdentityToken={}",
      percent_encode(identity.role_arn),
      percent_encode(identity.session_name.empty() ? "miniatura" : identity.session_name),
      percent_encode(token));
  HttpRequest request;
  request.method = "POST";
  request.url = sts + "/";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = body;
  request.connect_timeout = 3s;
  request.stall_timeout = 5s;
  const auto transport = tools.make_transport(true);
  const auto reply = ask_for_credentials(*transport, tools.clock, std::move(request));
  if (!reply) return fail(no_credentials(place, reply.error().message));
  return credentials_of(*reply, place);
}

}  // namespace miniatura
