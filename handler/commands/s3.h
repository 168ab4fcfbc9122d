// miniatura s3 …: what its subcommands share. A file a subcommand, the short ones in s3.cc.
#pragma once

#include <memory>
#include <string>

#include "handler/commands/command.h"
#include "runtime/clock.h"
#include "s3client/object_store.h"

namespace miniatura {

struct S3Options {
  ConfigOptions config;
  std::string url;
  bool json = false;
  bool no_sign_request = false;
};

// Adds its subcommand to `s3`; when it is parsed, `run` is set. `environment` outlives both.
void add_s3_get(CLI::App& s3, const Environment& environment, Run& run);
void add_s3_put(CLI::App& s3, const Environment& environment, Run& run);
void add_s3_ls(CLI::App& s3, const Environment& environment, Run& run);

// URL, --store, --json and --no-sign-request.
void add_s3_options(CLI::App& command, S3Options& options, const char* url_help);

// Errors: config_invalid, credentials_missing.
Result<std::unique_ptr<ObjectStore>> open_s3_store(const S3Options& options,
                                                   const Environment& environment, Clock& clock);

// s3://bucket/key, the key as it stands. Errors: usage, also for a whole bucket.
Result<ObjectId> object_named(const std::string& url);

// {"bucket","key","size","etag","content_type","last_modified","metadata"}, and where it has them
// "cache_control", "storage_class" and "version".
Json info_json(const ObjectId& id, const ObjectInfo& info);

}  // namespace miniatura
