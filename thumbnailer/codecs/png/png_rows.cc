#include "thumbnailer/codecs/png/png_rows.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace miniatura {
namespace {

RowKind kind_of(const PngKind& kind) {
  const int bits = kind.bits == 16 ? 16 : 8;
  if (kind.palette) return {kind.transparent_colours ? 4 : 3, bits};
  return {kind.channels + (kind.transparent ? 1 : 0), bits};
}

unsigned largest(int bits) { return (1U << static_cast<unsigned>(bits)) - 1; }

// The samples in each byte, the first in its highest bits.
std::vector<std::array<std::uint8_t, 8>> unpacked_bytes(unsigned bits) {
  std::vector<std::array<std::uint8_t, 8>> all(256);
  for (unsigned byte = 0; byte < all.size(); ++byte) {
    for (unsigned i = 0; i < 8 / bits; ++i) {
      all[byte].at(i) =
          static_cast<std::uint8_t>(byte >> (8 - bits * (i + 1)) & largest(static_cast<int>(bits)));
    }
  }
  return all;
}

}  // namespace

std::size_t PngKind::row_bytes(int width) const {
  return (static_cast<std::size_t>(width) * static_cast<std::size_t>(channels * bits) + 7) / 8;
}

std::size_t PngKind::pixel_bytes() const {
  return static_cast<std::size_t>(std::max(1, channels * bits / 8));
}

PngRows::PngRows(const PngKind& kind, const ImageHeader& header, int denominator)
    : kind_(kind),
      writer_(header, kind_of(kind), denominator),
      width_(static_cast<std::size_t>(writer_.size().width)) {
  const auto stored = width_ * static_cast<std::size_t>(kind.channels);
  const auto made = width_ * static_cast<std::size_t>(kind_of(kind).channels);
  if (kind.bits < 8) {
    unpacked_ = unpacked_bytes(static_cast<unsigned>(kind.bits));
    samples_8_.resize(stored + unpacked_.front().size());  // the last byte may have too many
  }
  if (kind.bits == 16) samples_16_.resize(stored);
  if (kind.palette || (kind.transparent && kind.bits <= 8)) made_8_.resize(made);
  if (kind.transparent && kind.bits == 16) made_16_.resize(made);
}

void PngRows::add(const std::uint8_t* row) {
  if (kind_.bits == 16) {
    for (std::size_t i = 0; i < samples_16_.size(); ++i) {
      samples_16_[i] = static_cast<std::uint16_t>(row[2 * i] << 8U | row[2 * i + 1]);
    }
    add_samples(static_cast<const std::uint16_t*>(samples_16_.data()), made_16_);
    return;
  }
  if (kind_.bits < 8) {
    unpack(row);
    row = samples_8_.data();
  }
  if (kind_.palette) {
    add_palette(row);
  } else {
    add_samples(row, made_8_);
  }
}

void PngRows::unpack(const std::uint8_t* row) {
  const auto a_byte = 8 / static_cast<std::size_t>(kind_.bits);
  const std::size_t count = width_ * static_cast<std::size_t>(kind_.channels);
  for (std::size_t i = 0; i < count; i += a_byte) {
    std::memcpy(samples_8_.data() + i, unpacked_[*row++].data(), 8);
  }
}

void PngRows::add_palette(const std::uint8_t* row) {
  std::uint8_t* made = made_8_.data();
  if (kind_.transparent_colours) {
    for (std::size_t x = 0; x < width_; ++x, made += 4) {
      std::copy_n(kind_.colours[row[x]].data(), 4, made);
    }
  } else {
    for (std::size_t x = 0; x < width_; ++x, made += 3) {
      std::copy_n(kind_.colours[row[x]].data(), 3, made);
    }
  }
  writer_.add(static_cast<const std::uint8_t*>(made_8_.data()));
}

template <class Sample>
void PngRows::add_samples(const Sample* samples, std::vector<Sample>& with_alpha) {
  const unsigned gain = kind_.bits < 8 ? 255 / largest(kind_.bits) : 1;
  if (!kind_.transparent && gain == 1) {
    writer_.add(samples);
    return;
  }
  const auto channels = static_cast<std::size_t>(kind_.channels);
  if (!kind_.transparent) {
    // Less than 8 bits, which lie in samples_8_.
    for (std::uint8_t& sample : samples_8_) sample = static_cast<std::uint8_t>(sample * gain);
    writer_.add(static_cast<const std::uint8_t*>(samples_8_.data()));
    return;
  }
  Sample* made = with_alpha.data();
  for (std::size_t x = 0; x < width_; ++x, samples += channels) {
    const bool hidden = std::equal(samples, samples + channels, kind_.transparent->begin());
    for (std::size_t c = 0; c < channels; ++c) *made++ = static_cast<Sample>(samples[c] * gain);
    *made++ = hidden ? Sample{0} : std::numeric_limits<Sample>::max();
  }
  writer_.add(static_cast<const Sample*>(with_alpha.data()));
}

}  // namespace miniatura
