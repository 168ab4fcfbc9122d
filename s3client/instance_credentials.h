// Credentials of the role that an EC2 instance has, from its metadata service: version 2, whose
// token keeps others' requests (through a careless proxy) out. Version 1 is never asked.
#pragma once

#include <string>

#include "runtime/environment.h"
#include "s3client/credentials_reply.h"

namespace miniatura {

// AWS_EC2_METADATA_DISABLED=true
bool is_instance_metadata_disabled(const Environment& environment);

// AWS_EC2_METADATA_SERVICE_ENDPOINT, else http://169.254.169.254, or http://[fd00:ec2::254] where
// AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is IPv6. No slash at its end. Errors: credentials_missing,
// naming the variable.
Result<std::string> instance_metadata_url(const Environment& environment);

// Most machines have no such service, and there nobody answers: that is found out within a second,
// and not tried again. Errors: credentials_missing.
Result<Credentials> instance_credentials(const std::string& url, const CredentialTools& tools);

}  // namespace miniatura
