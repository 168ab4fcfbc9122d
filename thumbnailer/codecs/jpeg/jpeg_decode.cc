#include "thumbnailer/codecs/jpeg/jpeg_decode.h"

#include <fmt/core.h>

#include <array>
#include <csetjmp>
#include <cstdio>
#include <optional>
#include <vector>

#include "thumbnailer/codecs/jpeg/baseline.h"
#include "thumbnailer/codecs/jpeg/progressive.h"
#include "thumbnailer/codecs/jpeg/progressive_dc.h"
#include "thumbnailer/codecs/jpeg/rgb_planes.h"

// After <cstdio>: it needs FILE.
#include <jerror.h>
#include <jpeglib.h>

namespace miniatura {
namespace {

constexpr std::size_t kInputBytes = std::size_t{64} << 10;
constexpr std::array<JOCTET, 2> kEndOfImage = {0xFF, JPEG_EOI};

// Is this warning one after which pixels are missing or wrong? The others (a wrong version, bytes
// too many) are common in good pictures.
bool tells_of_damage(int message) {
  return message == JWRN_JPEG_EOF || message == JWRN_HUFF_BAD_CODE || message == JWRN_HIT_MARKER ||
         message == JWRN_MUST_RESYNC;
}

// Red, green and blue; nothing where it is libjpeg's.
std::optional<Result<Planes>> rgb_by_our_own(ByteView head, ByteSource& data, int eighths) {
  auto baseline = BaselineJpeg::open(head, eighths, Grids::fine);
  if (!baseline) return std::nullopt;
  return baseline->decode(data).map(to_rgb);
}

// The planes that the file has; nothing where it is libjpeg's.
std::optional<Result<Planes>> planes_by_our_own(ByteView head, ByteSource& data, int eighths,
                                                std::uint64_t scans_max) {
  if (auto baseline = BaselineJpeg::open(head, eighths)) return baseline->decode(data);
  if (eighths == 1) {
    if (auto means = ProgressiveDc::open(head)) return means->decode(data, scans_max);
  } else if (eighths == 2 || eighths == 4) {
    auto scans = ProgressiveJpeg::open(head, data.size_bytes());
    if (scans) return scans->decode(eighths, data, scans_max);
  }
  return std::nullopt;
}

// The library with what it calls back. It leaves by longjmp, which no destructor may stand before:
// so all that has one lives here, and the functions that call the library hold nothing.
class Decompressor {
 public:
  Decompressor(ByteView head, ByteSource& data, std::uint64_t scans_max)
      : data_(data), scans_max_(scans_max), head_(head) {
    info_.err = jpeg_std_error(&errors_.base);
    info_.client_data = this;
    errors_.base.error_exit = [](j_common_ptr info) {
      Decompressor& self = of(info);
      self.note(info);
      self.leave();
    };
    errors_.base.emit_message = [](j_common_ptr info, int level) {
      Decompressor& self = of(info);
      if (level < 0 && tells_of_damage(info->err->msg_code)) {
        self.note(info);
        self.leave();
      }
    };
    source_.init_source = [](j_decompress_ptr) {};
    source_.term_source = [](j_decompress_ptr) {};
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.fill_input_buffer = [](j_decompress_ptr info) -> boolean {
      Decompressor& self = of(info);
      if (!self.fill()) self.leave();
      return TRUE;
    };
    source_.skip_input_data = [](j_decompress_ptr info, long count) {
      jpeg_source_mgr& from = *info->src;
      while (count > 0) {
        if (from.bytes_in_buffer == 0) from.fill_input_buffer(info);
        const std::size_t some = std::min(static_cast<std::size_t>(count), from.bytes_in_buffer);
        from.next_input_byte += some;
        from.bytes_in_buffer -= some;
        count -= static_cast<long>(some);
      }
    };
    progress_.progress_monitor = [](j_common_ptr info) {
      Decompressor& self = of(info);
      if (self.scans() <= self.scans_max_) return;
      self.error_.code = ErrorCode::image_too_large;
      self.error_.message =
          fmt::format("JPEG of {} scans, over the limit of {}", self.scans(), self.scans_max_);
      self.leave();
    };
  }
  ~Decompressor() { jpeg_destroy_decompress(&info_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  Result<DecodedPicture> run(const JpegScale& scale) {
    if (!read_head(scale)) return fail(std::move(error_));
    CHECKED(check_kind());
    DecodedPicture decoded;
    decoded.icc_profile = std::move(icc_profile_);
    auto planes = info_.raw_data_out == TRUE
                      ? planes_by_our_own(head_, data_, scale.eighths, scans_max_)
                      : rgb_by_our_own(head_, data_, scale.eighths);
    if (planes) {
      if (!*planes) return fail(std::move(*planes).error());
      decoded.planes = **std::move(planes);
      return decoded;
    }
    if (!start()) return fail(std::move(error_));
    if (ended_ && jpeg_has_multiple_scans(&info_) == TRUE) {
      // Later scans may be missing: it would decode, only badly.
      return fail(ErrorCode::image_corrupt,
                  fmt::format("JPEG breaks off after {} scans", info_.input_scan_number));
    }
    if (info_.raw_data_out == TRUE) {
      lay_out_planes(decoded.planes);
      if (!read_raw_rows(decoded.planes)) return fail(std::move(error_));
      for (std::size_t i = 0; i < decoded.planes.colour.size(); ++i) {
        decoded.planes.colour[i].size = sizes_[i];  // without what fills up the last blocks
      }
    } else {
      lay_out_rgb(decoded.planes, scale.eighths);
      if (!read_rgb_rows(decoded.planes)) return fail(std::move(error_));
    }
    return decoded;
  }

 private:
  struct Errors {
    jpeg_error_mgr base{};
    std::jmp_buf out{};
  };

  // Out of the library, which has no other way.
  [[noreturn]] void leave() { std::longjmp(errors_.out, 1); }  // NOLINT(cert-err52-cpp)

  static Decompressor& of(j_common_ptr info) {
    return *static_cast<Decompressor*>(info->client_data);
  }
  static Decompressor& of(j_decompress_ptr info) {
    return *static_cast<Decompressor*>(info->client_data);
  }

  std::uint64_t scans() const { return static_cast<std::uint64_t>(info_.input_scan_number); }

  // What the library says, as our error.
  void note(j_common_ptr info) {
    std::array<char, JMSG_LENGTH_MAX> text{};
    info->err->format_message(info, text.data());
    error_.code = info->err->msg_code == JERR_OUT_OF_MEMORY ? ErrorCode::memory_exhausted
                                                            : ErrorCode::image_corrupt;
    error_.message = fmt::format("jpeg: {}", text.data());
  }

  // More input; behind the last of it an end of image, for whoever forgot it.
  bool fill() {
    if (!head_given_) {
      head_given_ = true;
      give(reinterpret_cast<const JOCTET*>(head_.data()), head_.size());
      return true;
    }
    auto got = ended_ ? Result<std::size_t>(0) : data_.read(input_);
    if (!got) {
      error_ = std::move(got).error();
      return false;
    }
    ended_ = *got == 0;
    if (ended_) {
      give(kEndOfImage.data(), kEndOfImage.size());
    } else {
      give(reinterpret_cast<const JOCTET*>(input_.data()), *got);
    }
    return true;
  }
  void give(const JOCTET* bytes, std::size_t count) {
    source_.next_input_byte = bytes;
    source_.bytes_in_buffer = count;
  }

  bool read_head(const JpegScale& scale) {
    if (setjmp(errors_.out) != 0) return false;  // NOLINT(cert-err52-cpp): the library's way out
    jpeg_create_decompress(&info_);
    info_.src = &source_;
    info_.progress = &progress_;
    jpeg_save_markers(&info_, JPEG_APP0 + 2, 0xFFFF);
    jpeg_read_header(&info_, TRUE);
    const bool to_rgb = scale.fine_colours && info_.jpeg_color_space == JCS_YCbCr;
    info_.raw_data_out = to_rgb ? FALSE : TRUE;
    info_.out_color_space = to_rgb ? JCS_EXT_RGBX : info_.jpeg_color_space;
    info_.do_fancy_upsampling = to_rgb ? TRUE : FALSE;
    info_.scale_num = static_cast<unsigned>(scale.eighths);
    info_.scale_denom = 8;
    info_.dct_method = JDCT_ISLOW;
    take_icc_profile();
    return true;
  }

  void take_icc_profile() {
    JOCTET* bytes = nullptr;
    unsigned count = 0;
    if (jpeg_read_icc_profile(&info_, &bytes, &count) == FALSE) return;
    icc_profile_.assign(reinterpret_cast<const char*>(bytes), count);
    std::free(bytes);  // NOLINT(cppcoreguidelines-no-malloc): it is the library's
  }

  Result<void> check_kind() const {
    const J_COLOR_SPACE space = info_.jpeg_color_space;
    if (space == JCS_GRAYSCALE || space == JCS_YCbCr || space == JCS_RGB) return {};
    return fail(ErrorCode::image_unsupported,
                fmt::format("JPEG of {} components", info_.num_components));
  }

  bool start() {
    if (setjmp(errors_.out) != 0) return false;  // NOLINT(cert-err52-cpp)
    return jpeg_start_decompress(&info_) == TRUE;
  }

  // Planes that hold whole blocks, which the library writes; what is real of them is in sizes_.
  void lay_out_planes(Planes& planes) {
    planes.stored = {static_cast<int>(info_.image_width), static_cast<int>(info_.image_height)};
    planes.coding = info_.jpeg_color_space == JCS_GRAYSCALE ? Coding::grey
                    : info_.jpeg_color_space == JCS_RGB     ? Coding::rgb
                                                            : Coding::ycbcr;
    for (int i = 0; i < info_.num_components; ++i) {
      const jpeg_component_info& component = info_.comp_info[i];
      const auto block = static_cast<unsigned>(component.DCT_scaled_size);
      const unsigned rows = info_.total_iMCU_rows * static_cast<unsigned>(component.v_samp_factor);
      Plane plane(
          {static_cast<int>(component.width_in_blocks * block), static_cast<int>(rows * block)}, 8);
      plane.across = block / 8.0 * component.h_samp_factor / info_.max_h_samp_factor;
      plane.down = block / 8.0 * component.v_samp_factor / info_.max_v_samp_factor;
      if (block == 1) plane.averaged = DCTSIZE;
      sizes_.push_back({static_cast<int>(component.downsampled_width),
                        static_cast<int>(component.downsampled_height)});
      planes.colour.push_back(std::move(plane));
    }
    rows_.resize(planes.colour.size());
    row_pointers_.resize(planes.colour.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const jpeg_component_info& component = info_.comp_info[i];
      rows_[i].resize(static_cast<std::size_t>(component.v_samp_factor) *
                      static_cast<std::size_t>(component.DCT_scaled_size));
      row_pointers_[i] = rows_[i].data();
    }
  }

  bool read_raw_rows(Planes& planes) {
    if (setjmp(errors_.out) != 0) return false;  // NOLINT(cert-err52-cpp)
    const auto lines = static_cast<JDIMENSION>(info_.max_v_samp_factor * info_.min_DCT_scaled_size);
    for (JDIMENSION group = 0; info_.output_scanline < info_.output_height; ++group) {
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        const std::size_t count = rows_[i].size();
        for (std::size_t row = 0; row < count; ++row) {
          rows_[i][row] = planes.colour[i].row(static_cast<int>(group * count + row));
        }
      }
      jpeg_read_raw_data(&info_, row_pointers_.data(), lines);
    }
    return true;
  }

  void lay_out_rgb(Planes& planes, int eighths) {
    planes.stored = {static_cast<int>(info_.image_width), static_cast<int>(info_.image_height)};
    planes.coding = Coding::rgb;
    const Size size{static_cast<int>(info_.output_width), static_cast<int>(info_.output_height)};
    for (int i = 0; i < 3; ++i) {
      Plane& plane = planes.colour.emplace_back(size, 8);
      plane.across = plane.down = eighths / 8.0;
    }
    pixels_.resize(4 * static_cast<std::size_t>(size.width));
  }

  bool read_rgb_rows(Planes& planes) {
    if (setjmp(errors_.out) != 0) return false;  // NOLINT(cert-err52-cpp)
    while (info_.output_scanline < info_.output_height) {
      const auto y = static_cast<int>(info_.output_scanline);
      JSAMPROW row = pixels_.data();
      jpeg_read_scanlines(&info_, &row, 1);
      split_row(row, planes, y);
    }
    return true;
  }

  ByteSource& data_;
  std::uint64_t scans_max_;
  ByteView head_;
  bool head_given_ = false;
  bool ended_ = false;  // the end of `data_` was seen
  std::vector<char> input_ = std::vector<char>(kInputBytes);
  jpeg_decompress_struct info_{};
  Errors errors_;
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  Error error_;
  Bytes icc_profile_;
  std::vector<Size> sizes_;
  std::vector<std::vector<JSAMPROW>> rows_;
  std::vector<JSAMPLE> pixels_;  // a row of them
  std::vector<JSAMPARRAY> row_pointers_;
};

}  // namespace

bool decodes_dc_alone(ByteView head) { return ProgressiveDc::open(head).has_value(); }

std::uint64_t bytes_of_scans(ByteView head, std::optional<std::uint64_t> file_bytes,
                             std::uint64_t scans_max) {
  const auto scans = ProgressiveJpeg::open(head, file_bytes);
  return scans ? scans->working_bytes(scans_max) : 0;
}

Result<DecodedPicture> decode_jpeg(ByteView head, ByteSource& data, const JpegScale& scale,
                                   std::uint64_t scans_max) {
  Decompressor decompressor(head, data, scans_max);
  return decompressor.run(scale);
}

}  // namespace miniatura
