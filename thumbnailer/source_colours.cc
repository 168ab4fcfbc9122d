#include "thumbnailer/source_colours.h"

#include <utility>

namespace miniatura {
ByteView profile_space(ByteView icc_profile) {
  return icc_profile.size() >= 128 ? icc_profile.substr(16, 4) : ByteView();
}

SourceColours source_colours(const ImageHeader& header, Bytes icc_profile) {
  const bool grey = profile_space(icc_profile) == "GRAY";
  if (icc_profile.empty() || (grey && (header.channels > 2 || header.palette))) return {};
  SourceColours colours;
  colours.to_srgb = ToSrgb::by(icc_profile, grey ? ColourModel::grey : ColourModel::rgb);
  if (colours.to_srgb && !grey) colours.icc_profile = std::move(icc_profile);
  return colours;
}

}  // namespace miniatura
