// The store that the user named: `--store` and the environment become stores, with all that is
// under them. What is wrong with the settings comes out here, before anything is asked of a
// network.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/clock.h"
#include "runtime/environment.h"
#include "runtime/result.h"
#include "s3client/object_store.h"

namespace miniatura {

// Makes a store of one thread's own, with connections of its own. Thread-safe.
using StoreFactory = std::function<std::unique_ptr<ObjectStore>()>;

// "s3:": S3 by the variables and the shared files of AWS's tools, retrying, each attempt signed
// anew; all its stores share one provider of credentials (credentials_chain.h). "file:///root": a
// directory (see directory_store.h). `clock` outlives the factory and its stores. Errors:
// config_invalid (another scheme, a wrong variable or profile), credentials_missing (where that is
// known without asking anybody).
Result<StoreFactory> open_store(const std::string& text, const Environment& environment,
                                Clock& clock);

}  // namespace miniatura
