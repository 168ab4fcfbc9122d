// Colours of any space that an ICC profile describes, as sRGB: what a viewer takes pictures for
// that say nothing of their colours, and the one space that thumbnails are in. Profiles are
// untrusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "runtime/bytes.h"

namespace miniatura {

// What the numbers of a pixel are; so many of them stand for one.
enum class ColourModel { grey = 1, rgb = 3, cmyk = 4 };

// A conversion by one profile. Immutable, thread-safe.
class ToSrgb {
 public:
  // Perceptual, as viewers convert. Nothing if the profile is broken, is for another model, or is
  // as good as sRGB: the numbers then stand for sRGB as they are.
  static std::shared_ptr<const ToSrgb> by(ByteView icc_profile, ColourModel model);

  // `count` pixels of the model (for CMYK, 65535 is all of an ink) to as many of red, green, blue;
  // 16 bits a number, no alpha. The two may not overlap.
  void convert(const std::uint16_t* from, std::uint16_t* rgb, std::size_t count) const;

  ColourModel model() const { return model_; }

  ~ToSrgb();
  ToSrgb(const ToSrgb&) = delete;
  ToSrgb& operator=(const ToSrgb&) = delete;

 private:
  static std::shared_ptr<const ToSrgb> make(ByteView icc_profile, ColourModel model);

  ToSrgb(void* transform, ColourModel model) : transform_(transform), model_(model) {}

  void* transform_;
  ColourModel model_;
};

// The ICC profile of red, green and blue that are told by numbers: colour_primaries and
// transfer_characteristics of ITU-T H.273. Empty for what is sRGB or as good as it, and for what is
// not known here.
Bytes icc_profile_of(unsigned colour_primaries, unsigned transfer_characteristics);

}  // namespace miniatura
