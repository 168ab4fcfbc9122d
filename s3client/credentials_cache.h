// Credentials that end, kept and fetched anew in time.
//
// They are refreshed 5 minutes before their end (half their life, if that is less): one thread
// fetches while the others go on with what there is. Only when that has ended, or was refused, do
// the others wait for that one fetch. A fetch that failed is not tried again for 5 seconds: till
// then what is held is given while it lasts, and after that the error.
#pragma once

#include <functional>
#include <memory>

#include "runtime/clock.h"
#include "s3client/credentials.h"

namespace miniatura {

// Asks files, programs or networks, and may take its time; called by one thread at a time, from
// different ones. Errors: credentials_missing, credentials_expired.
using FetchCredentials = std::function<Result<Credentials>()>;

// Nothing is fetched before the first credentials(). `clock` outlives it. Errors: those of `fetch`,
// and credentials_expired where it brings what has ended already.
std::unique_ptr<CredentialsProvider> cached_credentials(FetchCredentials fetch, const Clock& clock);

}  // namespace miniatura
