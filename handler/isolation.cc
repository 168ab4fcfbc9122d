#include "handler/isolation.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <utility>

#include "thumbnailer/isolated_render.h"
#include "thumbnailer/magick_render.h"
#include "thumbnailer/render_worker.h"

namespace miniatura {
namespace {

RenderFn render_by(std::string_view engine) {
  return engine == kMagickEngine ? RenderFn(render_by_magick) : RenderFn(render);
}

WorkerStart worker_start(std::string_view engine, const Limits& limits,
                         const Environment& environment) {
  const Walls walls = walls_for(limits);
  WorkerStart start{{"/proc/self/exe", std::string(kRenderWorkerCommand), std::string(engine),
                     std::to_string(walls.memory_bytes), std::to_string(walls.file_bytes)},
                    {}};
  for (const char* name : {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (auto value = environment.get(name)) {
      start.environment = start.environment.with(name, *std::move(value));
    }
  }
  return start;
}

RenderFn render_in(std::shared_ptr<IsolatedRenderer> renderer) {
  return [renderer = std::move(renderer)](ByteSource& source, std::span<const RenderOrder> orders,
                                          const Limits& limits, const Deadline& deadline) {
    return renderer->render(source, orders, limits, deadline);
  };
}

// A setting, by the name that its place has.
struct Said {
  std::string_view name;
  std::string text;
};

// Which of the two was said, the option before the variable; nothing if neither was.
Result<std::string_view> one_of(const std::array<std::string_view, 2>& choices, const Said& option,
                                const Said& variable) {
  const Said& said = option.text.empty() ? variable : option;
  if (said.text.empty()) return std::string_view();
  for (const std::string_view choice : choices) {
    if (said.text == choice) return choice;
  }
  return fail(ErrorCode::config_invalid, fmt::format("{}: \"{}\" is neither {} nor {}", said.name,
                                                     said.text, choices[1], choices[0]));
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Result<Rendering> rendering_setting(const Environment& environment, const ConfigOptions& options,
                                    Isolation otherwise) {
  TRY(isolation, one_of({"none", "process"}, {"--isolation", options.isolation},
                        {"MINIATURA_ISOLATION", environment.get_or("MINIATURA_ISOLATION", "")}));
  TRY(engine, one_of({kPlanesEngine, kMagickEngine}, {"--engine", options.engine},
                     {"MINIATURA_ENGINE", environment.get_or("MINIATURA_ENGINE", "")}));
  Rendering rendering{otherwise, kPlanesEngine};
  if (!isolation.empty()) {
    rendering.isolation = isolation == "process" ? Isolation::process : Isolation::none;
  }
  if (!engine.empty()) rendering.engine = engine;
  return rendering;
}

Result<Renderers> open_renderers(const Rendering& rendering, const Limits& limits,
                                 const Environment& environment, const Clock& clock) {
  if (rendering.isolation == Isolation::none) {
    return [engine = rendering.engine] { return render_by(engine); };
  }
  WorkerStart start = worker_start(rendering.engine, limits, environment);
  auto first = std::make_shared<IsolatedRenderer>(start, clock);
  auto prepared = walls_exist();
  if (prepared) prepared = first->prepare();
  if (!prepared) {
    Error error = std::move(prepared).error();
    error.message =
        fmt::format("--isolation process: {}; with none there are no walls", error.message);
    return fail(std::move(error));
  }
  return [start = std::move(start), first = std::move(first), &clock]() mutable {
    if (first) return render_in(std::exchange(first, nullptr));
    return render_in(std::make_shared<IsolatedRenderer>(start, clock));
  };
}

void run_render_worker(std::string_view engine, std::string_view memory_bytes,
                       std::string_view file_bytes) {
  serve_renders(worker_socket(), {number(memory_bytes), number(file_bytes)}, render_by(engine));
  std::_Exit(0);  // there is nothing left to do, and what a library does at its end is refused
}

}  // namespace miniatura
