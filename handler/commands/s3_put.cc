// miniatura s3 put FILE|- URL: a local file becomes an object, whole or not at all.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "handler/commands/progress.h"
#include "handler/commands/s3.h"
#include "runtime/text.h"
#include "s3client/s3_call.h"

namespace miniatura {
namespace {

constexpr std::uint64_t kFileBytesMax = std::uint64_t{1} << 30;  // it is read whole

struct PutOptions : S3Options {
  std::string file;
  std::string content_type;
  std::vector<std::string> metadata;
  std::vector<std::string> tags;
  std::string cache_control;
  std::string storage_class;
  bool if_none_match = false;
  std::string if_match;
};

struct SuffixType {
  std::string_view suffix;
  std::string_view content_type;
};
constexpr std::array kTypes = {
    SuffixType{"jpg", "image/jpeg"},        SuffixType{"jpeg", "image/jpeg"},
    SuffixType{"png", "image/png"},         SuffixType{"webp", "image/webp"},
    SuffixType{"gif", "image/gif"},         SuffixType{"avif", "image/avif"},
    SuffixType{"heic", "image/heic"},       SuffixType{"tif", "image/tiff"},
    SuffixType{"tiff", "image/tiff"},       SuffixType{"bmp", "image/bmp"},
    SuffixType{"svg", "image/svg+xml"},     SuffixType{"ico", "image/x-icon"},
    SuffixType{"json", "application/json"}, SuffixType{"xml", "application/xml"},
    SuffixType{"pdf", "application/pdf"},   SuffixType{"zip", "application/zip"},
    SuffixType{"gz", "application/gzip"},   SuffixType{"txt", "text/plain"},
    SuffixType{"csv", "text/csv"},          SuffixType{"html", "text/html"},
    SuffixType{"css", "text/css"},          SuffixType{"js", "text/javascript"},
    SuffixType{"mp4", "video/mp4"},         SuffixType{"mp3", "audio/mpeg"},
};

// "" where the suffix tells nothing.
std::string_view type_of(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return "";
  const std::string suffix = lower_case(name.substr(dot + 1));
  const auto* found = std::find_if(kTypes.begin(), kTypes.end(),
                                   [&](const SuffixType& type) { return type.suffix == suffix; });
  return found == kTypes.end() ? "" : found->content_type;
}

std::string content_type_of(const PutOptions& options, const std::string& key) {
  if (!options.content_type.empty()) return options.content_type;
  for (const std::string_view name : {std::string_view(options.file), std::string_view(key)}) {
    if (const std::string_view type = type_of(name); !type.empty()) return std::string(type);
  }
  return "application/octet-stream";
}

Result<std::map<std::string, std::string>> pairs(const std::vector<std::string>& texts,
                                                 std::string_view option) {
  std::map<std::string, std::string> pairs;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(ErrorCode::usage, fmt::format("{} {}: is not NAME=VALUE", option, text));
    }
    const bool fresh = pairs.emplace(text.substr(0, equals), text.substr(equals + 1)).second;
    if (!fresh) return fail(ErrorCode::usage, fmt::format("{} {}: is there twice", option, text));
  }
  return pairs;
}

PutCondition condition_of(const PutOptions& options) {
  if (options.if_none_match) return IfAbsent{};
  std::string etag = unquoted(options.if_match);
  if (etag.empty()) return Always{};
  return IfMatches{std::move(etag)};
}

// All of it but the body.
Result<PutRequest> request_from(const PutOptions& options) {
  TRY(id, object_named(options.url));
  TRY(metadata, pairs(options.metadata, "--meta"));
  TRY(tags, pairs(options.tags, "--tag"));
  PutRequest request;
  request.content_type = content_type_of(options, id.key);
  request.bucket = std::move(id.bucket);
  request.key = std::move(id.key);
  // Header names know no case, and come back in lower case.
  for (const auto& [name, value] : metadata) request.metadata[lower_case(name)] = value;
  request.tags = std::move(tags);
  request.cache_control = options.cache_control;
  request.storage_class = options.storage_class;
  request.condition = condition_of(options);
  return request;
}

int run_put(const PutOptions& options, const Environment& environment) {
  auto request = request_from(options);
  if (!request) return report(request.error(), options.json);
  SystemClock clock;
  const auto store = open_s3_store(options, environment, clock);
  if (!store) return report(store.error(), options.json);
  const auto bytes =
      options.file == "-"
          ? read_stream(STDIN_FILENO, "standard input", kFileBytesMax, ErrorCode::source_too_large)
          : read_file(options.file, kFileBytesMax, ErrorCode::source_too_large);
  if (!bytes) return report(bytes.error(), options.json);
  request->body = *bytes;
  const auto stored = [&] {
    Progress progress(bytes->size());
    request->on_sent = [&](std::uint64_t sent) { progress.set(sent); };
    return (*store)->put(*request, {});
  }();
  if (!stored) {
    const int code = report(stored.error(), options.json);
    // What was asked for was tested and is not so; the pipeline, which would look again, defers.
    return stored.error().code == ErrorCode::store_precondition_failed ? kExitFailed : code;
  }
  if (options.json) {
    Json json = {{"bucket", request->bucket},
                 {"key", request->key},
                 {"size", bytes->size()},
                 {"etag", stored->etag},
                 {"content_type", request->content_type}};
    if (!stored->version.empty()) json["version"] = stored->version;
    print_json(json);
  } else {
    print_line(fmt::format("{}  {}", human_bytes(bytes->size()), stored->etag));
  }
  return kExitDone;
}

}  // namespace

void add_s3_put(CLI::App& s3, const Environment& environment, Run& run) {
  auto* command = s3.add_subcommand("put", "Stores a file as an object");
  auto options = std::make_shared<PutOptions>();
  command->add_option("FILE", options->file, "A file of 1 GiB at most, or - for standard input")
      ->required();
  add_s3_options(*command, *options, "s3://bucket/key");
  command->add_option("--content-type", options->content_type,
                      "Else the suffix decides, or application/octet-stream");
  command->add_option("--meta", options->metadata, "NAME=VALUE; may be given again")
      ->allow_extra_args(false);
  command->add_option("--tag", options->tags, "NAME=VALUE; may be given again")
      ->allow_extra_args(false);
  command->add_option("--cache-control", options->cache_control, "Such as max-age=3600");
  command->add_option("--storage-class", options->storage_class, "Such as STANDARD_IA");
  auto* absent = command->add_flag("--if-none-match", options->if_none_match,
                                   "Only if no object is there (else exit 1)");
  command
      ->add_option("--if-match", options->if_match,
                   "Only if this is the object's etag (else exit 1)")
      ->excludes(absent);
  command->callback(
      [&, options] { run = [&, options] { return run_put(*options, environment); }; });
}

}  // namespace miniatura
