// Where pictures are rendered: in this process, or in workers that are walled in (--isolation); and
// by which engine (--engine).
#pragma once

#include <functional>
#include <string_view>

#include "handler/config.h"
#include "thumbnailer/render.h"

namespace miniatura {

inline constexpr std::string_view kPlanesEngine = "planes";  // render.h
inline constexpr std::string_view kMagickEngine = "magick";  // magick_render.h

enum class Isolation { none, process };

struct Rendering {
  Isolation isolation = Isolation::none;
  std::string_view engine = kPlanesEngine;
};

// --isolation or MINIATURA_ISOLATION, or what the command does otherwise; --engine or
// MINIATURA_ENGINE. Error: config_invalid.
Result<Rendering> rendering_setting(const Environment& environment, const ConfigOptions& options,
                                    Isolation otherwise);

// Gives each that renders its own RenderFn; called on one thread, which ends after them.
using Renderers = std::function<RenderFn()>;

// With `process`, the first worker is walled in when this returns. It gets of the environment what
// the loader reads, and nothing else. Errors: config_invalid, where there can be no walls;
// memory_exhausted. `clock` outlives the renderers.
Result<Renderers> open_renderers(const Rendering& rendering, const Limits& limits,
                                 const Environment& environment, const Clock& clock);

// The subcommand, for no person to call, with which this executable starts itself as a worker.
inline constexpr std::string_view kRenderWorkerCommand = "render-worker";
[[noreturn]] void run_render_worker(std::string_view engine, std::string_view memory_bytes,
                                    std::string_view file_bytes);

}  // namespace miniatura
