// Memory is admitted, not hoped for: a render says what it will take before it decodes, and the sum
// over all renders of the process stays under one limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>

#include "runtime/result.h"
#include "thumbnailer/geometry.h"
#include "thumbnailer/header.h"
#include "thumbnailer/limits.h"

namespace miniatura {

// What memory a thumbnail's making depends on.
struct Footprint {
  Size scaled;  // what the picture is resized to, in stored axes
  Size canvas;  // the thumbnail
  ImageFormat format = ImageFormat::jpeg;
  bool linear = false;       // resized in linear light
  bool sharpens = false;     // an unsharp mask is made
  bool progressive = false;  // in scans
  std::uint64_t frames = 1;
};

// The bytes that decoding at 1/denominator and making the thumbnails, one after the other,
// allocate at most, as GraphicsMagick does it, and as the engine of planes does. Saturates rather
// than overflows.
std::uint64_t magick_bytes(const ImageHeader& header, int denominator,
                           std::span<const Footprint> thumbnails);
std::uint64_t estimated_bytes(const ImageHeader& header, int denominator,
                              std::span<const Footprint> thumbnails);

// Asked besides for every request, in a process that renders for another and shares its memory with
// others that do. Set before the first render.
using AskForBytes = std::function<Result<void>(std::uint64_t bytes)>;
void set_admission_authority(AskForBytes ask);

// A share of the process's memory, held while it lives. Thread-safe.
class Admission {
 public:
  // Waits for those that are running, if need be, in the order of asking. Errors: image_too_large
  // if `bytes` alone are over limits.decoded_bytes; memory_exhausted (retryable) if the others held
  // too much for all of `patience`.
  static Result<Admission> request(std::uint64_t bytes, const Limits& limits,
                                   std::chrono::milliseconds patience);

  Admission(Admission&& other) noexcept;
  Admission(const Admission&) = delete;
  Admission& operator=(Admission&&) = delete;
  Admission& operator=(const Admission&) = delete;
  ~Admission();

  // Is no other render running just now? Then memory that ran out will run out again.
  bool alone() const;

 private:
  explicit Admission(std::uint64_t bytes) : bytes_(bytes) {}

  std::uint64_t bytes_;
};

// Memory that ran out with nobody else running will run out again.
template <class T>
Result<T> final_if_alone(Result<T> result, const Admission& admission) {
  if (!result && result.error().code == ErrorCode::memory_exhausted && admission.alone()) {
    result.error().code = ErrorCode::image_too_large;
  }
  return result;
}

}  // namespace miniatura
