// Holds BaselineJpeg against libjpeg on one file: the same verdict, and the same samples.
#pragma once

#include <optional>
#include <string>

#include "tests/support/jpeg_oracle.h"
#include "thumbnailer/codecs/jpeg/baseline.h"

namespace miniatura::oracle {

struct Comparison {
  bool taken = false;      // by BaselineJpeg; if not, nothing was compared
  bool decoded = false;    // without error
  std::string difference;  // of verdict or samples; empty: none
};

// A component's plane of those with that edge, if there is one.
inline const OraclePlane* with_edge(const std::optional<std::vector<OraclePlane>>& planes,
                                    std::size_t i, int edge) {
  return planes && i < planes->size() && (*planes)[i].edge == edge ? &(*planes)[i] : nullptr;
}

// Where the grids are fine: they are libjpeg's own.
inline std::string difference(const Planes& ours, const std::vector<OraclePlane>& theirs) {
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const std::string text = difference(ours.colour[i], theirs[i].samples);
    if (!text.empty()) return "component " + std::to_string(i) + " " + text;
  }
  return {};
}

inline std::string difference(const Planes& ours, const std::vector<OraclePlane>& theirs,
                              ByteView jpeg, int eighths) {
  // Where libjpeg enlarges 4:2:0's colours, the same samples are in what it makes at half the
  // scale.
  std::optional<std::vector<OraclePlane>> smaller;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const OraclePlane* plane = &theirs[i];
    if (plane->edge != eighths) {
      if (!smaller)
        smaller = eighths == 1 ? Libjpeg(jpeg).means() : Libjpeg(jpeg).planes(eighths / 2);
      plane = with_edge(smaller, i, eighths);
    }
    // Coefficients are read on to the end of image, and damage there is none of the picture's.
    if (plane == nullptr && eighths == 1) continue;
    if (plane == nullptr) return "libjpeg has no such plane";
    const std::string text = difference(ours.colour[i], plane->samples);
    if (!text.empty()) return "component " + std::to_string(i) + " " + text;
  }
  return {};
}

inline Comparison compare(ByteView jpeg, int eighths, Grids grids = Grids::own) {
  const std::size_t head = head_bytes(jpeg);
  auto decoder = BaselineJpeg::open(jpeg.substr(0, head), eighths, grids);
  if (!decoder) return {};
  Comparison result;
  result.taken = true;
  MemorySource scan{Bytes(jpeg.substr(head))};
  const auto ours = decoder->decode(scan);
  const auto theirs = Libjpeg(jpeg).planes(eighths);
  result.decoded = ours.has_value();
  if (ours.has_value() != theirs.has_value()) {
    result.difference = ours ? "decoded, where libjpeg has damage" : ours.error().message;
  } else if (ours) {
    result.difference = grids == Grids::fine ? difference(*ours, *theirs)
                                             : difference(*ours, *theirs, jpeg, eighths);
  }
  return result;
}

}  // namespace miniatura::oracle
