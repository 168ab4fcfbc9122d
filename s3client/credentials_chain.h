// Where credentials are looked for, in the order of AWS's own tools: the environment, a web
// identity, the profile, the container, the instance.
#pragma once

#include <memory>
#include <string>

#include "runtime/environment.h"
#include "s3client/credentials_reply.h"

namespace miniatura {

// The first place that the settings name is the one that is asked; if that fails, no other is:
// whoever set it up would not expect another identity. The metadata of the instance, which nobody
// sets up, are asked last.
//
//   AWS_SKIP_SIGNATURE=true                                          nobody: requests are unsigned
//   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN      credentials.h
//   AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME web_identity.h
//   the profile                                                      profile_credentials.h
//   AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI              container_credentials.h
//   the instance, but for AWS_EC2_METADATA_DISABLED=true             instance_credentials.h
//
// With keys in the environment no file is read; without them the profile's files are. Networks and
// programs are asked at the first use, and again in time (credentials_cache.h): the settings are
// then read anew. `sts` is where roles are asked for (see sts_endpoint_from); `tools.clock`
// outlives the provider. Errors: config_invalid (a profile that is not there, a file that is none);
// credentials_missing for a setting that is wrong, or with a list of the places where there are
// none; the same at use.
Result<std::unique_ptr<CredentialsProvider>> default_credentials(const Environment& environment,
                                                                 const std::string& sts,
                                                                 const CredentialTools& tools);

}  // namespace miniatura
