// Linear light: numbers that are proportional to light can be averaged, those of a file cannot. By
// sRGB's curve (IEC 61966-2-1), numbers of 16 bits. Thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "thumbnailer/preset.h"

namespace miniatura {

// What is averaged, and what numbers stand for: those of the file, or light.
enum class Light { encoded, linear };
inline Light light_of(const Preset& preset) {
  return preset.linear ? Light::linear : Light::encoded;
}

// One entry a number: from a file's to light's, and back.
const std::vector<std::uint16_t>& light_of_numbers();
const std::vector<std::uint16_t>& numbers_of_light();

}  // namespace miniatura
