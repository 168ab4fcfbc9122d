// miniatura s3 get|put|head|ls|rm|presign: the client by hand, on any store.
#include "handler/commands/s3.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "runtime/text.h"
#include "s3client/open_store.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr int kExpiresSecondsMax =
    7 * 24 * 3600;  // S3's own: a signature of version 4 lives no longer

struct PresignOptions : S3Options {
  std::string method = "GET";
  int expires_s = 3600;
};

void print_info(const ObjectInfo& info) {
  const auto print = [](std::string_view name, const std::string& value) {
    if (!value.empty()) print_line(fmt::format("{:<14} {}", name, one_line(value)));
  };
  print("size", std::to_string(info.size));
  print("etag", info.etag);
  print("content_type", info.content_type);
  print("last_modified", info.last_modified);
  print("cache_control", info.cache_control);
  print("storage_class", info.storage_class);
  print("version", info.version);
  for (const auto& [name, value] : info.metadata) {
    print_line(one_line(fmt::format("{:<14} {}={}", "metadata", name, value)));
  }
}

int run_head(const S3Options& options, const Environment& environment) {
  const auto id = object_named(options.url);
  if (!id) return report(id.error(), options.json);
  SystemClock clock;
  const auto store = open_s3_store(options, environment, clock);
  if (!store) return report(store.error(), options.json);
  const auto info = (*store)->head(*id, {});
  if (!info) return report(info.error(), options.json);
  if (options.json) {
    print_json(info_json(*id, *info));
  } else {
    print_info(*info);
  }
  return kExitDone;
}

int run_rm(const S3Options& options, const Environment& environment) {
  const auto id = object_named(options.url);
  if (!id) return report(id.error(), options.json);
  SystemClock clock;
  const auto store = open_s3_store(options, environment, clock);
  if (!store) return report(store.error(), options.json);
  const auto removed = (*store)->remove(*id, {});
  if (!removed) return report(removed.error(), options.json);
  if (options.json) print_json(Json{{"bucket", id->bucket}, {"key", id->key}});
  return kExitDone;
}

int run_presign(const PresignOptions& options, const Environment& environment) {
  auto id = object_named(options.url);
  if (!id) return report(id.error(), options.json);
  SystemClock clock;
  const auto store = open_s3_store(options, environment, clock);
  if (!store) return report(store.error(), options.json);
  const auto url =
      (*store)->presign({options.method, *id, std::chrono::seconds(options.expires_s)});
  if (!url) return report(url.error(), options.json);
  if (options.json) {
    print_json(Json{{"bucket", id->bucket},
                    {"key", id->key},
                    {"method", options.method},
                    {"expires_s", options.expires_s},
                    {"url", *url}});
  } else {
    print_line(*url);
  }
  return kExitDone;
}

void add_head(CLI::App& s3, const Environment& environment, Run& run) {
  auto* command = s3.add_subcommand("head", "Tells what is known of an object");
  auto options = std::make_shared<S3Options>();
  add_s3_options(*command, *options, "s3://bucket/key");
  command->callback(
      [&, options] { run = [&, options] { return run_head(*options, environment); }; });
}

void add_rm(CLI::App& s3, const Environment& environment, Run& run) {
  auto* command = s3.add_subcommand("rm", "Removes an object; one that is not there is no error");
  auto options = std::make_shared<S3Options>();
  add_s3_options(*command, *options, "s3://bucket/key");
  command->callback([&, options] { run = [&, options] { return run_rm(*options, environment); }; });
}

void add_presign(CLI::App& s3, const Environment& environment, Run& run) {
  auto* command = s3.add_subcommand(
      "presign", "Prints a URL that gets or puts an object without credentials, until it expires");
  auto options = std::make_shared<PresignOptions>();
  add_s3_options(*command, *options, "s3://bucket/key");
  command->add_option("--method", options->method, "GET (default) or PUT")
      ->check(CLI::IsMember({"GET", "PUT"}));
  command->add_option("--expires", options->expires_s, "In so many seconds (3600); 7 days at most")
      ->check(CLI::Range(1, kExpiresSecondsMax));
  command->callback(
      [&, options] { run = [&, options] { return run_presign(*options, environment); }; });
}

}  // namespace

void add_s3_options(CLI::App& command, S3Options& options, const char* url_help) {
  command.add_option("URL", options.url, url_help)->required();
  add_config_option(command, options.config);
  add_store_option(command, options.config);
  command.add_flag("--json", options.json, "The result as JSON");
  command.add_flag("--no-sign-request", options.no_sign_request,
                   "Ask as anybody: for public buckets [AWS_SKIP_SIGNATURE]");
}

Result<std::unique_ptr<ObjectStore>> open_s3_store(const S3Options& options,
                                                   const Environment& environment, Clock& clock) {
  const Environment asked =
      options.no_sign_request ? environment.with("AWS_SKIP_SIGNATURE", "true") : environment;
  TRY(store, store_setting(environment, options.config));
  TRY(stores, open_store(store, asked, clock));
  return stores();
}

Result<ObjectId> object_named(const std::string& url) {
  TRY(uri, parse_s3_uri(url));
  if (uri.key.empty()) {
    return fail(ErrorCode::usage,
                fmt::format("{}: names a bucket, not an object as in s3://bucket/key", url));
  }
  return ObjectId{std::move(uri.bucket), std::move(uri.key), ""};
}

Json info_json(const ObjectId& id, const ObjectInfo& info) {
  Json json = {{"bucket", id.bucket},
               {"key", id.key},
               {"size", info.size},
               {"etag", info.etag},
               {"content_type", info.content_type},
               {"last_modified", info.last_modified},
               {"metadata", info.metadata}};
  if (!info.cache_control.empty()) json["cache_control"] = info.cache_control;
  if (!info.storage_class.empty()) json["storage_class"] = info.storage_class;
  if (!info.version.empty()) json["version"] = info.version;
  return json;
}

void add_s3_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* s3 = app.add_subcommand("s3", "The object store by hand");
  s3->require_subcommand(1);
  add_s3_get(*s3, environment, run);
  add_s3_put(*s3, environment, run);
  add_head(*s3, environment, run);
  add_s3_ls(*s3, environment, run);
  add_rm(*s3, environment, run);
  add_presign(*s3, environment, run);
}

}  // namespace miniatura
