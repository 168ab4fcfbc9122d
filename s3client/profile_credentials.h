// How a profile of AWS's shared files gives credentials: keys of its own, a program that prints
// them (credential_process), or a role for a web identity.
#pragma once

#include <string>

#include "runtime/environment.h"
#include "s3client/credentials_cache.h"
#include "s3client/credentials_reply.h"
#include "s3client/profile.h"

namespace miniatura {

// What the profile names, asked of nobody yet; null where it names nothing. In the order of AWS's
// command line: a role, keys, single sign-on, a program. `sts` is where roles are asked for, and
// the program has `environment`. `tools.clock` outlives it. Errors: credentials_missing, naming the
// profile and the field: half a pair of keys, and what is not supported (roles by source_profile or
// credential_source, single sign-on), for who asked for one identity must not get another.
Result<FetchCredentials> profile_credentials(const Profile& profile, const Environment& environment,
                                             const std::string& sts, const CredentialTools& tools);

}  // namespace miniatura
