#include "thumbnailer/colour.h"

#include <lcms2.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <vector>

namespace miniatura {
namespace {

using Profile = std::unique_ptr<void, decltype(&cmsCloseProfile)>;
using Curve = std::unique_ptr<cmsToneCurve, decltype(&cmsFreeToneCurve)>;

cmsUInt32Number pixel_type(ColourModel model) {
  switch (model) {
    case ColourModel::grey:
      return TYPE_GRAY_16;
    case ColourModel::rgb:
      return TYPE_RGB_16;
    case ColourModel::cmyk:
      break;
  }
  return TYPE_CMYK_16;
}

// Red, green and blue (or grey) over their whole range, this many steps each.
std::vector<std::uint16_t> colours_all_over(ColourModel model) {
  constexpr unsigned kSteps = 5, kFullRange = 65'535;
  std::vector<std::uint16_t> numbers;
  const unsigned count = model == ColourModel::grey ? kSteps : kSteps * kSteps * kSteps;
  for (unsigned i = 0; i < count; ++i) {
    unsigned rest = i;
    for (int channel = 0; channel < static_cast<int>(model); ++channel, rest /= kSteps) {
      numbers.push_back(static_cast<std::uint16_t>(rest % kSteps * kFullRange / (kSteps - 1)));
    }
  }
  return numbers;
}

// Nothing if lcms cannot make one: of a profile for other numbers than the model's, for instance.
void* transform_of(const Profile& profile, const Profile& srgb, ColourModel model,
                   cmsUInt32Number precision) {
  return cmsCreateTransform(profile.get(), pixel_type(model), srgb.get(), TYPE_RGB_16,
                            INTENT_PERCEPTUAL, precision | cmsFLAGS_NOCACHE);
}

// Does the conversion leave everything where it was? Profiles of sRGB differ by up to 1.4 steps of
// 8 bits among each other.
bool changes_nothing(const ToSrgb& conversion) {
  constexpr int kTolerance = 65'535 / 255 * 3 / 2;
  const auto channels = static_cast<std::size_t>(conversion.model());
  const std::vector<std::uint16_t> from = colours_all_over(conversion.model());
  std::vector<std::uint16_t> to(from.size() / channels * 3);
  conversion.convert(from.data(), to.data(), from.size() / channels);
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (std::abs(to[i] - from[i / 3 * channels + i % channels]) > kTolerance) return false;
  }
  return true;
}

// H.273's tables 2 and 3, as far as pictures use them.
std::optional<cmsCIExyYTRIPLE> primaries_of(unsigned code) {
  switch (code) {
    case 9:  // BT.2020
      return cmsCIExyYTRIPLE{{0.708, 0.292, 1}, {0.170, 0.797, 1}, {0.131, 0.046, 1}};
    case 12:  // Display P3
      return cmsCIExyYTRIPLE{{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}};
    default:
      return std::nullopt;
  }
}

Curve curve_of(unsigned code) {
  constexpr unsigned kGamma22 = 4, kGamma28 = 5, kLinear = 8;
  if (code == kGamma22) return {cmsBuildGamma(nullptr, 2.2), &cmsFreeToneCurve};
  if (code == kGamma28) return {cmsBuildGamma(nullptr, 2.8), &cmsFreeToneCurve};
  if (code == kLinear) return {cmsBuildGamma(nullptr, 1.0), &cmsFreeToneCurve};
  // sRGB's own, which is also what viewers take BT.709's for.
  const std::array<double, 5> srgb = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  return {cmsBuildParametricToneCurve(nullptr, 4, srgb.data()), &cmsFreeToneCurve};
}

}  // namespace

// A conversion costs as much as many a thumbnail to make, and one camera's pictures come one after
// the other: the last ones are kept.
std::shared_ptr<const ToSrgb> ToSrgb::by(ByteView icc_profile, ColourModel model) {
  constexpr std::size_t kKeptMax = 4, kKeptBytesMax = std::size_t{64} << 10;
  struct Kept {
    Bytes icc_profile;
    ColourModel model;
    std::shared_ptr<const ToSrgb> conversion;
  };
  static std::mutex mutex;
  static std::vector<Kept> all;  // the newest last
  if (icc_profile.size() > kKeptBytesMax) return make(icc_profile, model);
  const std::lock_guard lock(mutex);
  const auto known = std::find_if(all.begin(), all.end(), [&](const Kept& kept) {
    return kept.model == model && kept.icc_profile == icc_profile;
  });
  if (known != all.end()) return known->conversion;
  if (all.size() == kKeptMax) all.erase(all.begin());
  all.push_back({Bytes(icc_profile), model, make(icc_profile, model)});
  return all.back().conversion;
}

std::shared_ptr<const ToSrgb> ToSrgb::make(ByteView icc_profile, ColourModel model) {
  const Profile profile(
      cmsOpenProfileFromMem(icc_profile.data(), static_cast<cmsUInt32Number>(icc_profile.size())),
      &cmsCloseProfile);
  if (profile == nullptr) return nullptr;
  const Profile srgb(cmsCreate_sRGBProfile(), &cmsCloseProfile);
  if (srgb == nullptr) return nullptr;
  if (model != ColourModel::cmyk) {
    const ToSrgb exact(transform_of(profile, srgb, model, cmsFLAGS_NOOPTIMIZE), model);
    if (exact.transform_ == nullptr || changes_nothing(exact)) return nullptr;
  }
  // A finer grid than usual keeps RGB within a delta E of 1 of what lcms computes without any; of
  // CMYK it would take long, and its profiles are grids themselves.
  const cmsUInt32Number precision = model == ColourModel::cmyk ? 0 : cmsFLAGS_HIGHRESPRECALC;
  void* const transform = transform_of(profile, srgb, model, precision);
  if (transform == nullptr) return nullptr;
  return std::shared_ptr<const ToSrgb>(new ToSrgb(transform, model));
}

void ToSrgb::convert(const std::uint16_t* from, std::uint16_t* rgb, std::size_t count) const {
  cmsDoTransform(transform_, from, rgb, static_cast<cmsUInt32Number>(count));
}

ToSrgb::~ToSrgb() {
  if (transform_ != nullptr) cmsDeleteTransform(transform_);
}

Bytes icc_profile_of(unsigned colour_primaries, unsigned transfer_characteristics) {
  const auto primaries = primaries_of(colour_primaries);
  if (!primaries) return {};
  const Curve curve = curve_of(transfer_characteristics);
  const std::array<cmsToneCurve*, 3> curves = {curve.get(), curve.get(), curve.get()};
  const cmsCIExyY d65 = {0.3127, 0.3290, 1};
  const Profile profile(cmsCreateRGBProfile(&d65, &*primaries, curves.data()), &cmsCloseProfile);
  cmsUInt32Number size = 0;
  if (profile == nullptr || !cmsSaveProfileToMem(profile.get(), nullptr, &size)) return {};
  Bytes bytes(size, '\0');
  if (!cmsSaveProfileToMem(profile.get(), bytes.data(), &size)) return {};
  return bytes;
}

}  // namespace miniatura
