// Credentials for a token that somebody else vouches for: STS's AssumeRoleWithWebIdentity, as
// Kubernetes' service accounts use it (IRSA).
#pragma once

#include <string>

#include "s3client/credentials_reply.h"

namespace miniatura {

struct WebIdentity {
  std::string token_file;  // read at each fetch: whoever wrote it renews it
  std::string role_arn;
  std::string session_name;  // empty: "miniatura"
};

// Asks `sts` (see sts_endpoint_from). Errors: credentials_missing, naming the file, or
// the endpoint with its status and code.
Result<Credentials> assume_role(const WebIdentity& identity, const std::string& sts,
                                const CredentialTools& tools);

}  // namespace miniatura
