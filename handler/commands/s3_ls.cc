// miniatura s3 ls URL: what is in a bucket, a page after the other.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "handler/commands/s3.h"
#include "runtime/text.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

struct LsOptions : S3Options {
  bool recursive = false;
};

void print_object(const ListedObject& object, bool json) {
  if (json) {
    print_json(Json{{"key", object.key},
                    {"size", object.size},
                    {"etag", object.etag},
                    {"last_modified", object.last_modified}});
  } else {
    print_line(one_line(fmt::format("{:<20}  {:>9}  {}", object.last_modified,
                                    human_bytes(object.size), object.key)));
  }
}

void print_prefix(const std::string& prefix, bool json) {
  if (json) {
    print_json(Json{{"prefix", prefix}});
  } else {
    print_line(one_line(fmt::format("{:<20}  {:>9}  {}", "", "", prefix)));
  }
}

// Objects and prefixes of a page, together in the order of their names.
void print_page(const Listing& page, bool json) {
  auto prefix = page.prefixes.begin();
  for (const ListedObject& object : page.objects) {
    for (; prefix != page.prefixes.end() && *prefix < object.key; ++prefix) {
      print_prefix(*prefix, json);
    }
    print_object(object, json);
  }
  for (; prefix != page.prefixes.end(); ++prefix) print_prefix(*prefix, json);
}

int run_ls(const LsOptions& options, const Environment& environment) {
  auto uri = parse_s3_uri(options.url);
  if (!uri) return report(uri.error(), options.json);
  SystemClock clock;
  const auto store = open_s3_store(options, environment, clock);
  if (!store) return report(store.error(), options.json);
  ListRequest request;
  request.bucket = std::move(uri->bucket);
  request.prefix = std::move(uri->key);
  request.delimiter = options.recursive ? "" : "/";
  do {
    auto page = (*store)->list(request, {});
    if (!page) return report(page.error(), options.json);
    print_page(*page, options.json);
    request.page = std::move(page->next_page);
  } while (!request.page.empty());
  return kExitDone;
}

}  // namespace

void add_s3_ls(CLI::App& s3, const Environment& environment, Run& run) {
  auto* command = s3.add_subcommand("ls", "Lists the objects whose keys begin with the URL's");
  auto options = std::make_shared<LsOptions>();
  add_s3_options(*command, *options, "s3://bucket or s3://bucket/prefix");
  command->add_flag("--recursive", options->recursive,
                    "All objects; else what lies below a '/' is one prefix");
  command->callback([&, options] { run = [&, options] { return run_ls(*options, environment); }; });
}

}  // namespace miniatura
