#include "tests/support/colours.h"

#include <lcms2.h>

#include <memory>
#include <stdexcept>

namespace miniatura::pictures {
namespace {

using Profile = std::unique_ptr<void, decltype(&cmsCloseProfile)>;
using Transform = std::unique_ptr<void, decltype(&cmsDeleteTransform)>;

Transform transform(const Profile& from, cmsUInt32Number from_type, const Profile& to,
                    cmsUInt32Number to_type) {
  Transform made(cmsCreateTransform(from.get(), from_type, to.get(), to_type, INTENT_PERCEPTUAL,
                                    cmsFLAGS_NOOPTIMIZE | cmsFLAGS_NOCACHE),
                 &cmsDeleteTransform);
  if (made == nullptr) throw std::runtime_error("lcms makes no transform of this");
  return made;
}

Profile srgb() { return {cmsCreate_sRGBProfile(), &cmsCloseProfile}; }

cmsCIELab lab_of(Colour colour) {
  const Profile lab(cmsCreateLab4Profile(nullptr), &cmsCloseProfile);
  cmsCIELab value;
  cmsDoTransform(transform(srgb(), TYPE_RGB_8, lab, TYPE_Lab_DBL).get(), colour.data(), &value, 1);
  return value;
}

}  // namespace

Colour srgb_by_lcms(ByteView icc_profile, std::span<const std::uint8_t> numbers) {
  const Profile profile(
      cmsOpenProfileFromMem(icc_profile.data(), static_cast<cmsUInt32Number>(icc_profile.size())),
      &cmsCloseProfile);
  if (profile == nullptr) throw std::runtime_error("lcms does not read the profile");
  const cmsUInt32Number type = numbers.size() == 4   ? TYPE_CMYK_8
                               : numbers.size() == 1 ? TYPE_GRAY_8
                                                     : TYPE_RGB_8;
  Colour colour;
  cmsDoTransform(transform(profile, type, srgb(), TYPE_RGB_8).get(), numbers.data(), colour.data(),
                 1);
  return colour;
}

double delta_e(Colour a, Colour b) {
  const cmsCIELab lab_a = lab_of(a);
  const cmsCIELab lab_b = lab_of(b);
  return cmsDeltaE(&lab_a, &lab_b);
}

}  // namespace miniatura::pictures
