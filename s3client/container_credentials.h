// Credentials that the container's host hands out over HTTP: ECS tasks, EKS pod identities,
// Greengrass, Lambda's SnapStart.
#pragma once

#include <optional>
#include <string>

#include "runtime/environment.h"
#include "s3client/credentials_reply.h"

namespace miniatura {

struct ContainerEndpoint {
  std::string url;
  // Each may be empty. A file comes first, and is read at each fetch.
  std::string authorization;
  std::string authorization_file;
};

// By AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (at 169.254.170.2) or _FULL_URI, and
// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or _TOKEN; nothing where neither URI is set. A token must
// not travel in the clear: plain http is for this machine and the known link-local addresses.
// Errors: credentials_missing, naming the variable.
Result<std::optional<ContainerEndpoint>> container_endpoint(const Environment& environment);

// Errors: credentials_missing.
Result<Credentials> container_credentials(const ContainerEndpoint& endpoint,
                                          const CredentialTools& tools);

}  // namespace miniatura
