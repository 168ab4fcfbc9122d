// miniatura thumb FILE… -o DIR: thumbnails of local files; no store, no events.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>

#include "handler/commands/command.h"
#include "handler/commands/contact_sheet.h"
#include "handler/commands/job_pool.h"
#include "handler/isolation.h"
#include "handler/reply.h"
#include "runtime/clock.h"
#include "thumbnailer/render.h"

namespace miniatura {
namespace {

struct ThumbOptions {
  std::vector<std::string> files;
  std::string directory;
  std::string presets;
  ConfigOptions config;
  int jobs = default_jobs();
  bool no_clobber = false;
  std::string sheet;
  bool json = false;
};

// A file and where its thumbnails go, one a preset.
struct ThumbJob {
  std::string file;
  std::vector<RenderOrder> orders;
  std::vector<std::string> paths;
  std::string wrong;  // with one of the paths; empty: nothing
};

std::vector<ThumbJob> plan_jobs(const ThumbOptions& options, const std::vector<Preset>& presets) {
  std::vector<ThumbJob> jobs;
  std::set<std::string> taken;  // a.jpg and a.png would make the same a.small.jpg
  std::set<std::filesystem::path> sources;
  const auto place = [](const std::string& path) {
    std::error_code ignored;
    return std::filesystem::weakly_canonical(path, ignored);
  };
  for (const std::string& file : options.files) sources.insert(place(file));
  for (const std::string& file : options.files) {
    ThumbJob job{file, {}, {}, {}};
    const std::string stem = std::filesystem::path(file).stem().string();
    for (const Preset& preset : presets) {
      const ImageFormat format = output_format(preset, file);
      job.orders.push_back({preset, format});
      job.paths.push_back(fmt::format("{}/{}.{}.{}", options.directory, stem, preset.name,
                                      format_extension(format)));
      const std::string& path = job.paths.back();
      if (!taken.insert(path).second) job.wrong = path + " is made from another file of this run";
      if (sources.count(place(path)) > 0) job.wrong = path + " is a source of this run";
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

// Before any work.
Result<void> check_paths(const ThumbJob& job, bool no_clobber) {
  if (!job.wrong.empty()) {
    return fail(ErrorCode::destination_conflict, fmt::format("{}: {}", job.file, job.wrong));
  }
  for (const std::string& path : job.paths) {
    std::error_code ignored;
    if (!no_clobber || !std::filesystem::exists(path, ignored)) continue;
    return fail(ErrorCode::file_unwritable,
                fmt::format("{}: {} is there already, and --no-clobber", job.file, path));
  }
  return {};
}

// All or none: what was written before one that fails is taken away again.
Result<void> write_all(const ThumbJob& job, const std::vector<Thumbnail>& thumbnails) {
  for (std::size_t i = 0; i < thumbnails.size(); ++i) {
    auto written = write_file(job.paths[i], thumbnails[i].bytes);
    if (written) continue;
    std::error_code ignored;
    while (i > 0) std::filesystem::remove(job.paths[--i], ignored);
    return written;
  }
  return {};
}

Result<Rendered> make_thumbnails(const ThumbJob& job, const ThumbOptions& options,
                                 const Limits& limits, const RenderFn& render_fn) {
  CHECKED(check_paths(job, options.no_clobber));
  TRY(source, LocalFile::open(job.file));
  auto rendered = render_fn(*source, job.orders, limits, {});
  if (!rendered) {
    Error error = std::move(rendered).error();
    error.message = fmt::format("{}: {}", job.file, error.message);
    return fail(std::move(error));
  }
  CHECKED(write_all(job, rendered->thumbnails));
  return rendered;
}

Json json_of(const ThumbJob& job, const Rendered& made, double duration_ms) {
  Json json = {{"file", job.file},
               {"outcome", "stored"},
               {"duration_ms", std::llround(duration_ms)},
               {"source", source_json(made.source)},
               {"thumbnails", Json::array()}};
  for (std::size_t i = 0; i < job.paths.size(); ++i) {
    const Thumbnail& thumbnail = made.thumbnails[i];
    json["thumbnails"].push_back({{"preset", thumbnail.preset},
                                  {"path", job.paths[i]},
                                  {"width", thumbnail.width},
                                  {"height", thumbnail.height},
                                  {"bytes", thumbnail.bytes.size()},
                                  {"format", format_name(thumbnail.format)}});
  }
  return json;
}

std::string facts_of(const Rendered& made, double duration_ms) {
  return fmt::format("from {}x{}, {} in {:.0f} ms", made.source.width, made.source.height,
                     human_bytes(made.source.bytes), duration_ms);
}

SheetRow sheet_row(const ThumbJob& job, const Result<Rendered>& made, double duration_ms) {
  if (!made) return {job.file, "", made.error().message, {}};
  SheetRow row{job.file, facts_of(*made, duration_ms), "", {}};
  for (std::size_t i = 0; i < job.paths.size(); ++i) {
    const Thumbnail& thumbnail = made->thumbnails[i];
    row.prints.push_back(
        {job.paths[i], thumbnail.width, thumbnail.height,
         fmt::format("{}: {}x{}, {}, {}", thumbnail.preset, thumbnail.width, thumbnail.height,
                     format_name(thumbnail.format), human_bytes(thumbnail.bytes.size()))});
  }
  return row;
}

// A row a thumbnail; beside a file's last one, what it was made from and how long that took.
std::vector<std::string> rows_of(const ThumbJob& job, const Rendered& made, double duration_ms,
                                 std::size_t path_width) {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < job.paths.size(); ++i) {
    const Thumbnail& thumbnail = made.thumbnails[i];
    rows.push_back(fmt::format("{:<{}}  {:>9}  {:>8}", job.paths[i], path_width,
                               fmt::format("{}x{}", thumbnail.width, thumbnail.height),
                               human_bytes(thumbnail.bytes.size())));
  }
  rows.back() += "  " + facts_of(made, duration_ms);
  return rows;
}

Replied work_on(const ThumbJob& job, const ThumbOptions& options, const Limits& limits,
                const RenderFn& render_fn, std::size_t path_width, SheetRow& row) {
  const Stopwatch stopwatch;
  const auto made = make_thumbnails(job, options, limits, render_fn);
  const double duration_ms = stopwatch.lap().wall_ms;
  if (!options.sheet.empty()) row = sheet_row(job, made, duration_ms);
  if (made) {
    if (options.json) return {{to_text(json_of(job, *made, duration_ms))}, {}};
    return {rows_of(job, *made, duration_ms, path_width), {}};
  }
  Replied replied;
  replied.errors.push_back(made.error());
  if (options.json) {
    replied.results.push_back(
        to_text({{"file", job.file}, {"outcome", "failed"}, {"error", error_json(made.error())}}));
  }
  return replied;
}

int work_on_all(const std::vector<ThumbJob>& jobs, const ThumbOptions& options,
                const Limits& limits, const Renderers& renderers) {
  std::size_t path_width = 0;
  for (const ThumbJob& job : jobs) {
    for (const std::string& path : job.paths) path_width = std::max(path_width, path.size());
  }
  const Interruption interruption;
  // A job's payload is its number.
  std::vector<SheetRow> rows(jobs.size());  // one each, and so for one thread each
  std::vector<JobPool::Work> workers;
  for (int i = 0; i < options.jobs; ++i) {
    workers.emplace_back([&, path_width, render_fn = renderers()](const Job& job) {
      const std::size_t number = std::strtoull(job.payload.c_str(), nullptr, 10);
      return work_on(jobs[number], options, limits, render_fn, path_width, rows[number]);
    });
  }
  JobPool pool(std::move(workers));
  std::size_t left = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (!pool.add({std::to_string(i), jobs[i].file})) ++left;
  }
  left += pool.finish();
  int code = pool.exit_code();
  if (left > 0) {
    Error error;
    error.code = ErrorCode::deadline_exceeded;
    error.message = fmt::format("interrupted: {} of {} files not begun", left, jobs.size());
    code = worse(code, report(error, options.json));
  }
  // Safe at any point, as a kill is: nothing partial is ever visible.
  if (pool.has_given_up()) std::_Exit(with_results_printed(code));
  if (options.sheet.empty()) return code;
  const auto written = write_file(options.sheet, contact_sheet(rows, options.sheet));
  return written ? code : worse(code, report(written.error(), options.json));
}

int run_thumb(const ThumbOptions& options, const Environment& environment) {
  const auto settings = render_settings(environment, options.config, options.presets);
  if (!settings) return report(settings.error(), options.json);
  const auto rendering = rendering_setting(environment, options.config, Isolation::none);
  if (!rendering) return report(rendering.error(), options.json);
  const SystemClock clock;
  auto renderers = open_renderers(*rendering, settings->limits, environment, clock);
  if (!renderers) return report(renderers.error(), options.json);
  std::error_code failed;
  std::filesystem::create_directories(options.directory, failed);
  if (failed) {
    Error error;
    error.code = ErrorCode::file_unwritable;
    error.message = fmt::format("{}: {}", options.directory, failed.message());
    return report(error, options.json);
  }
  return work_on_all(plan_jobs(options, settings->presets), options, settings->limits, *renderers);
}

}  // namespace

void add_thumb_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* command = app.add_subcommand("thumb", "Makes thumbnails of local files");
  auto options = std::make_shared<ThumbOptions>();
  command
      ->add_option("FILE", options->files, "Pictures: JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC, AVIF")
      ->required();
  command
      ->add_option("-o,--output", options->directory,
                   "Directory for {stem}.{preset}.{ext}; made where absent")
      ->required();
  command->add_option("--presets", options->presets,
                      "name=WxH[:format][:fit][:qNN],… (thumb=256x256) [MINIATURA_PRESETS]");
  command->add_option("--jobs", options->jobs, "How many files to work on at a time (all cores)")
      ->check(CLI::Range(1, kJobsMax));
  command->add_flag("-n,--no-clobber", options->no_clobber,
                    "Write over no file that is there already: that is a failure");
  command->add_option("--sheet", options->sheet,
                      "A page (HTML) that shows all of them, for a browser");
  add_config_option(*command, options->config);
  add_rendering_options(*command, options->config, "none");
  command->add_flag("--json", options->json, "One JSON object a file");
  command->callback(
      [&, options] { run = [&, options] { return run_thumb(*options, environment); }; });
}

}  // namespace miniatura
