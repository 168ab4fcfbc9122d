#include "handler/isolation.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <utility>

#include "thumbnailer/isolated_render.h"
#include "thumbnailer/render_worker.h"

namespace miniatura {
namespace {

WorkerStart worker_start(const Limits& limits, const Environment& environment) {
  const Walls walls = walls_for(limits);
  WorkerStart start{{"/proc/self/exe", std::string(kRenderWorkerCommand),
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

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Result<Isolation> isolation_setting(const Environment& environment, const ConfigOptions& options,
                                    Isolation otherwise) {
  const bool is_option = !options.isolation.empty();
  const std::string text =
      is_option ? options.isolation : environment.get_or("MINIATURA_ISOLATION", "");
  if (text.empty()) return otherwise;
  if (text == "process") return Isolation::process;
  if (text == "none") return Isolation::none;
  return fail(ErrorCode::config_invalid,
              fmt::format("{}: \"{}\" is neither process nor none",
                          is_option ? "--isolation" : "MINIATURA_ISOLATION", text));
}

Result<Renderers> open_renderers(Isolation isolation, const Limits& limits,
                                 const Environment& environment, const Clock& clock) {
  if (isolation == Isolation::none) return [] { return RenderFn(render); };
  WorkerStart start = worker_start(limits, environment);
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

void run_render_worker(std::string_view memory_bytes, std::string_view file_bytes) {
  initialise_rendering();
  serve_renders(worker_socket(), {number(memory_bytes), number(file_bytes)}, render);
  std::_Exit(0);  // there is nothing left to do, and what a library does at its end is refused
}

}  // namespace miniatura
