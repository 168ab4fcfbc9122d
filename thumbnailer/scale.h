// From a decoded picture to the planes of its thumbnails: which part, at what size, and from which
// of the planes that are there.
#pragma once

#include <span>
#include <vector>

#include "runtime/result.h"
#include "thumbnailer/geometry.h"
#include "thumbnailer/planes.h"

namespace miniatura {

// How many pixels of a thumbnail, as it is seen, a sample of colour covers.
struct ColourGrid {
  int across = 1;
  int down = 1;
};

// What a thumbnail keeps of its picture, which is still to be turned by `orientation`.
struct Cut {
  Layout layout;
  int orientation = 1;
  ColourGrid grid;
  int bits = 8;
};

// The part of `from` that the cut keeps, at its size, in stored axes. Once turned, the first plane
// is as large as layout.crop, and colour lies on the grid from the upper left corner on. Errors:
// memory_exhausted.
Result<Planes> scaled(const Planes& from, const Cut& cut);

// Which planes to scale next: the decoded ones, or what was scaled before. Scaling what is at least
// twice as large already spares most of the work and, so far apart, loses nothing.
class Cascade {
 public:
  explicit Cascade(Planes decoded) : decoded_(std::move(decoded)) {}

  // The smallest that serves. It holds until the next keep().
  const Planes& source_for(const Cut& cut) const;
  // What scaled() gave for the cut, to serve the cuts after it; they come from large to small.
  void keep(Planes scaled, const Cut& cut);
  // Only these are to come: what was decoded is let go if none of them is scaled from it.
  void expect(std::span<const Cut> rest);

 private:
  Planes decoded_;  // no colours: let go
  std::vector<Planes> kept_;
};

}  // namespace miniatura
