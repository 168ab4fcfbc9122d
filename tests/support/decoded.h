// Planes as a person sees them, and the same picture by GraphicsMagick: the measure for decoders.
#pragma once

#include "runtime/bytes.h"
#include "thumbnailer/header.h"
#include "thumbnailer/planes.h"
#include "thumbnailer/raster.h"

namespace miniatura::pictures {

// The header of a whole picture, by its first bytes. Throws what is wrong.
ImageHeader header_of(const Bytes& image);

// On the grid of the first plane, of 8 bits, alpha straight; coarser planes between
// their samples. RGBA where there is alpha, else RGB.
Raster raster_of(const Planes& planes);

// As GraphicsMagick decodes the picture, its colours as they stand in the file, shrunk by averaging
// boxes. Throws what is wrong.
Raster by_magick(const Bytes& image, int denominator);

// How far apart two pictures of one size are, colours multiplied by their alpha.
struct Distance {
  double mean = 0;
  int worst = 0;
};
Distance distance(const Raster& a, const Raster& b);

// How far planes are from averages of `whole`, the same picture's planes at its own size: the mean
// over all samples, of 255; each plane for itself. Throws if they are not of the same kind.
double distance_from_averages(const Planes& planes, const Planes& whole);

// A PNG of these samples (bits each, interleaved, row after row), whose rows take turns in all
// filters; or, interlaced, in none. `chunks` stand before the pixels.
Bytes png_of(Size size, int bits, int colour_type, const std::vector<std::uint16_t>& samples,
             bool interlaced = false, const Bytes& chunks = {});

// The same with every chunk's checksum as it should be, up to where chunks end.
Bytes with_right_checksums(const Bytes& png);

}  // namespace miniatura::pictures
