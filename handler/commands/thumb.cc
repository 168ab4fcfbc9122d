// miniatura thumb FILE… -o DIR: thumbnails of local files; no store, no events.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <set>

#include "handler/commands/command.h"
#include "handler/isolation.h"
#include "handler/reply.h"
#include "thumbnailer/render.h"

namespace miniatura {
namespace {

struct ThumbOptions {
  std::vector<std::string> files;
  std::string directory;
  std::string presets;
  ConfigOptions config;
  bool json = false;
};

struct Written {
  std::string preset;
  std::string path;
  Thumbnail thumbnail;
};

struct Made {
  SourceFacts source;
  std::vector<Written> thumbnails;
};

// All or none: what was written before one that fails is taken away again.
Result<void> write_all(const std::vector<Written>& thumbnails) {
  for (std::size_t i = 0; i < thumbnails.size(); ++i) {
    auto written = write_file(thumbnails[i].path, thumbnails[i].thumbnail.bytes);
    if (written) continue;
    std::error_code ignored;
    while (i > 0) std::filesystem::remove(thumbnails[--i].path, ignored);
    return written;
  }
  return {};
}

// `taken` holds the paths of this run: a.jpg and a.png would make the same a.small.jpg.
Result<Made> make_thumbnails(const std::string& file, const std::vector<Preset>& presets,
                             const ThumbOptions& options, const Limits& limits,
                             const RenderFn& render_fn, std::set<std::string>& taken) {
  TRY(bytes, read_file(file, limits.source_bytes, ErrorCode::source_too_large));
  std::vector<RenderOrder> orders;
  for (const Preset& preset : presets) orders.push_back({preset, output_format(preset, file)});
  MemorySource source(std::move(bytes));
  auto rendered = render_fn(source, orders, limits, {});
  if (!rendered) {
    Error error = std::move(rendered).error();
    error.message = fmt::format("{}: {}", file, error.message);
    return fail(std::move(error));
  }
  Made made{rendered->source, {}};
  const std::string stem = std::filesystem::path(file).stem().string();
  for (Thumbnail& thumbnail : rendered->thumbnails) {
    const std::string path = fmt::format("{}/{}.{}.{}", options.directory, stem, thumbnail.preset,
                                         format_extension(thumbnail.format));
    if (!taken.insert(path).second) {
      return fail(ErrorCode::destination_conflict,
                  fmt::format("{}: {} was made from another file of this run", file, path));
    }
    made.thumbnails.push_back({thumbnail.preset, path, std::move(thumbnail)});
  }
  CHECKED(write_all(made.thumbnails));
  return made;
}

Json json_of(const std::string& file, const Made& made) {
  Json json = {{"file", file},
               {"outcome", "stored"},
               {"source", source_json(made.source)},
               {"thumbnails", Json::array()}};
  for (const Written& written : made.thumbnails) {
    json["thumbnails"].push_back({{"preset", written.preset},
                                  {"path", written.path},
                                  {"width", written.thumbnail.width},
                                  {"height", written.thumbnail.height},
                                  {"bytes", written.thumbnail.bytes.size()},
                                  {"format", format_name(written.thumbnail.format)}});
  }
  return json;
}

void print_made(const Made& made) {
  for (const Written& written : made.thumbnails) {
    print_line(fmt::format("{}  {}x{}  {}", written.path, written.thumbnail.width,
                           written.thumbnail.height, human_bytes(written.thumbnail.bytes.size())));
  }
}

int run_thumb(const ThumbOptions& options, const Environment& environment) {
  const auto presets = options.presets.empty() ? presets_setting(environment, options.config)
                                               : parse_presets(options.presets);
  if (!presets) return report(presets.error(), options.json);
  const auto limits = limits_setting(environment, options.config);
  if (!limits) return report(limits.error(), options.json);
  const auto isolation = isolation_setting(environment, options.config, Isolation::none);
  if (!isolation) return report(isolation.error(), options.json);
  const SystemClock clock;
  auto renderers = open_renderers(*isolation, *limits, environment, clock);
  if (!renderers) return report(renderers.error(), options.json);
  const RenderFn render_fn = (*renderers)();
  std::error_code failed;
  std::filesystem::create_directories(options.directory, failed);
  if (failed) {
    Error error;
    error.code = ErrorCode::file_unwritable;
    error.message = fmt::format("{}: {}", options.directory, failed.message());
    return report(error, options.json);
  }
  std::set<std::string> taken;
  int code = kExitDone;
  for (const std::string& file : options.files) {
    const auto made = make_thumbnails(file, *presets, options, *limits, render_fn, taken);
    if (!made) {
      code = worse(code, report(made.error(), false));
      if (options.json)
        print_json(
            Json{{"file", file}, {"outcome", "failed"}, {"error", error_json(made.error())}});
    } else if (options.json) {
      print_json(json_of(file, *made));
    } else {
      print_made(*made);
    }
  }
  return code;
}

}  // namespace

void add_thumb_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* command = app.add_subcommand("thumb", "Makes thumbnails of local files");
  auto options = std::make_shared<ThumbOptions>();
  command->add_option("FILE", options->files, "Pictures: JPEG, PNG or WebP")->required();
  command
      ->add_option("-o,--output", options->directory,
                   "Directory for {stem}.{preset}.{ext}; made where absent")
      ->required();
  command->add_option("--presets", options->presets,
                      "name=WxH[:format][:fit][:qNN],… (thumb=256x256) [MINIATURA_PRESETS]");
  add_config_option(*command, options->config);
  add_isolation_option(*command, options->config, "none");
  command->add_flag("--json", options->json, "One JSON object a file");
  command->callback(
      [&, options] { run = [&, options] { return run_thumb(*options, environment); }; });
}

}  // namespace miniatura
