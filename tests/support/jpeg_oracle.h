// JPEGs of every kind that libjpeg writes, and what libjpeg makes of any JPEG: whole in a header,
// for the tests and for the fuzzer.
#pragma once

// jpeglib.h needs size_t and FILE, and does not say so.
#include <cstddef>
#include <cstdio>
//
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/bytes.h"
#include "thumbnailer/byte_order.h"
#include "thumbnailer/planes.h"

namespace miniatura::oracle {

struct Factors {
  int across = 1;
  int down = 1;
};

struct JpegKind {
  int width = 64;
  int height = 48;
  std::vector<Factors> factors = {{1, 1}};  // of each component: 1 (grey) or 3 (YCbCr)
  int quality = 85;
  int restart_interval = 0;  // in MCUs
  bool own_codes = false;    // made for the picture, with codes of up to 16 bits
  double noise = 30;         // how much there is to code
  // Of component i at x, y; if nothing, waves, edges and noise.
  std::function<std::uint8_t(int x, int y, int i)> sample = {};
  bool jfif = true;
  bool progressive = false;
  J_COLOR_SPACE coding = JCS_UNKNOWN;      // of three components, if not YCbCr
  std::vector<jpeg_scan_info> scans = {};  // of a progressive one, if not the usual
};

struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void refuse(j_common_ptr common) {
  std::array<char, JMSG_LENGTH_MAX> text{};
  common->err->format_message(common, text.data());
  throw Refused(text.data());
}

// Waves of some lengths, edges and noise: reproducible.
inline std::uint8_t sample_at(std::mt19937& random, const JpegKind& kind, int x, int y, int i) {
  if (kind.sample) return kind.sample(x, y, i);
  const int wave = (x * (3 + i) + y * (5 - i)) % 256;
  const int edge = (x / 11 + y / 7 + i) % 2 * 60;
  const auto noise =
      static_cast<int>((static_cast<double>(random() % 2001) / 1000 - 1) * kind.noise);
  return static_cast<std::uint8_t>(std::clamp(wave / 2 + edge + noise, 0, 255));
}

inline Bytes coded_jpeg(const JpegKind& kind) {
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  encoder.err = jpeg_std_error(&errors);
  errors.error_exit = refuse;
  errors.emit_message = [](j_common_ptr, int) {};
  jpeg_create_compress(&encoder);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &bytes, &size);
  encoder.image_width = static_cast<JDIMENSION>(kind.width);
  encoder.image_height = static_cast<JDIMENSION>(kind.height);
  encoder.input_components = static_cast<int>(kind.factors.size());
  encoder.in_color_space = kind.factors.size() == 1     ? JCS_GRAYSCALE
                           : kind.coding == JCS_UNKNOWN ? JCS_YCbCr
                                                        : kind.coding;
  jpeg_set_defaults(&encoder);
  jpeg_set_colorspace(&encoder, encoder.in_color_space);
  jpeg_set_quality(&encoder, kind.quality, FALSE);  // steps over 255 where the quality is low
  encoder.write_JFIF_header = kind.jfif ? TRUE : FALSE;
  encoder.optimize_coding = kind.own_codes ? TRUE : FALSE;
  encoder.restart_interval = static_cast<unsigned>(kind.restart_interval);
  if (kind.progressive) jpeg_simple_progression(&encoder);
  if (!kind.scans.empty()) {
    encoder.scan_info = kind.scans.data();
    encoder.num_scans = static_cast<int>(kind.scans.size());
  }
  for (std::size_t i = 0; i < kind.factors.size(); ++i) {
    encoder.comp_info[i].h_samp_factor = kind.factors[i].across;
    encoder.comp_info[i].v_samp_factor = kind.factors[i].down;
  }
  jpeg_start_compress(&encoder, TRUE);
  std::mt19937 random(static_cast<unsigned>(kind.width * 31 + kind.height));
  std::vector<std::uint8_t> row(static_cast<std::size_t>(kind.width) * kind.factors.size());
  for (int y = 0; y < kind.height; ++y) {
    for (std::size_t at = 0; at < row.size(); ++at) {
      const std::size_t components = kind.factors.size();
      row[at] = sample_at(random, kind, static_cast<int>(at / components), y,
                          static_cast<int>(at % components));
    }
    JSAMPROW line = row.data();
    jpeg_write_scanlines(&encoder, &line, 1);
  }
  jpeg_finish_compress(&encoder);
  const Bytes jpeg(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&encoder);
  std::free(bytes);
  return jpeg;
}

// Where the first scan's data begins: behind its header. The whole, if there is none.
inline std::size_t head_bytes(ByteView jpeg) {
  std::size_t at = 2;
  while (at < jpeg.size()) {
    const bool scan = byte_at(jpeg, at + 1) == 0xDA;
    at += 2 + big_endian_16(jpeg, at + 2);
    if (scan) break;
  }
  return std::min(at, jpeg.size());
}

// A component, and how many samples its blocks' edges have: libjpeg enlarges 4:2:0's colours.
struct OraclePlane {
  Plane samples;
  int edge = 0;
};

// libjpeg on bytes in memory. Bytes come in small portions, so that it never takes the short cut on
// which it does not tell of bad codes; and behind the last there is an end of image.
class Libjpeg {
 public:
  explicit Libjpeg(ByteView jpeg) : left_(jpeg) {
    decoder_.err = jpeg_std_error(&errors_);
    errors_.error_exit = refuse;
    errors_.emit_message = warn;
    decoder_.client_data = this;
    jpeg_create_decompress(&decoder_);
    source_.init_source = [](j_decompress_ptr) {};
    source_.term_source = [](j_decompress_ptr) {};
    source_.fill_input_buffer = fill;
    source_.skip_input_data = skip;
    source_.resync_to_restart = jpeg_resync_to_restart;
    decoder_.src = &source_;
  }
  Libjpeg(const Libjpeg&) = delete;
  Libjpeg& operator=(const Libjpeg&) = delete;
  ~Libjpeg() { jpeg_destroy_decompress(&decoder_); }

  // The planes at `eighths` eighths, as raw data; nothing where libjpeg refuses, or warns that
  // something is damaged. Without its smoothing of what is not told.
  std::optional<std::vector<OraclePlane>> planes(int eighths) {
    try {
      jpeg_read_header(&decoder_, TRUE);
      decoder_.scale_num = static_cast<unsigned>(eighths);
      decoder_.scale_denom = 8;
      decoder_.raw_data_out = TRUE;
      decoder_.do_fancy_upsampling = FALSE;
      decoder_.do_block_smoothing = FALSE;
      jpeg_start_decompress(&decoder_);
      auto planes = read_raw();
      if (!damaged_) return planes;
    } catch (const Refused&) {
      damaged_ = true;
    }
    return std::nullopt;
  }

  // Red, green and blue at `eighths` eighths, as libjpeg makes them for everybody; nothing where
  // something is damaged.
  std::optional<std::vector<Plane>> rgb(int eighths) {
    try {
      jpeg_read_header(&decoder_, TRUE);
      decoder_.scale_num = static_cast<unsigned>(eighths);
      decoder_.scale_denom = 8;
      decoder_.out_color_space = JCS_RGB;
      jpeg_start_decompress(&decoder_);
      auto planes = read_rgb();
      if (!damaged_) return planes;
    } catch (const Refused&) {
      damaged_ = true;
    }
    return std::nullopt;
  }

  // The planes at 1/8, none of them enlarged: of each block's DC, by jpeg_idct_1x1's arithmetic.
  std::optional<std::vector<OraclePlane>> means() {
    try {
      jpeg_read_header(&decoder_, TRUE);
      jvirt_barray_ptr* coefficients = jpeg_read_coefficients(&decoder_);
      std::vector<OraclePlane> planes;
      for (int i = 0; i < decoder_.num_components; ++i) {
        planes.push_back({means_of(decoder_.comp_info[i], coefficients[i]), 1});
      }
      if (!damaged_) return planes;
    } catch (const Refused&) {
      damaged_ = true;
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t kPortionBytes = 400;

  static Libjpeg& self(j_decompress_ptr decoder) {
    return *static_cast<Libjpeg*>(decoder->client_data);
  }

  // As the pipeline judges: thumbnailer/codecs/magick/magick.cc.
  static void warn(j_common_ptr common, int level) {
    if (level >= 0) return;
    std::array<char, JMSG_LENGTH_MAX> buffer{};
    common->err->format_message(common, buffer.data());
    const std::string_view text = buffer.data();
    for (const char* damage : {"remature end", "bad Huffman code", "found marker"}) {
      if (text.find(damage) != std::string_view::npos) {
        static_cast<Libjpeg*>(common->client_data)->damaged_ = true;
      }
    }
  }

  static boolean fill(j_decompress_ptr decoder) {
    static constexpr std::array<JOCTET, 2> kEnd = {0xFF, 0xD9};
    Libjpeg& me = self(decoder);
    const ByteView portion = me.left_.substr(0, kPortionBytes);
    me.left_.remove_prefix(portion.size());
    me.source_.next_input_byte =
        portion.empty() ? kEnd.data() : reinterpret_cast<const JOCTET*>(portion.data());
    me.source_.bytes_in_buffer = portion.empty() ? kEnd.size() : portion.size();
    return TRUE;
  }

  static void skip(j_decompress_ptr decoder, long count) {
    jpeg_source_mgr& source = self(decoder).source_;
    auto left = static_cast<std::size_t>(std::max(0L, count));
    while (left > source.bytes_in_buffer) {
      left -= source.bytes_in_buffer;
      if (self(decoder).left_.empty()) left = 0;
      fill(decoder);
    }
    source.next_input_byte += left;
    source.bytes_in_buffer -= left;
  }

  std::vector<OraclePlane> read_raw() {
    std::vector<OraclePlane> planes;
    const auto count = static_cast<std::size_t>(decoder_.num_components);
    for (std::size_t i = 0; i < count; ++i) {
      const jpeg_component_info& component = decoder_.comp_info[i];
      const int edge = component.DCT_scaled_size;
      Plane plane({static_cast<int>(component.width_in_blocks + 4) * edge,
                   static_cast<int>(component.height_in_blocks + 4) * edge},
                  8);
      planes.push_back({std::move(plane), edge});
    }
    const int lines = decoder_.max_v_samp_factor * decoder_.min_DCT_scaled_size;
    for (int group = 0; decoder_.output_scanline < decoder_.output_height; ++group) {
      std::array<std::array<JSAMPROW, 32>, 4> rows{};
      std::array<JSAMPARRAY, 4> arrays{};
      for (std::size_t i = 0; i < count; ++i) {
        const int per_group = decoder_.comp_info[i].v_samp_factor * planes[i].edge;
        for (int y = 0; y < per_group; ++y) {
          rows[i][static_cast<std::size_t>(y)] = planes[i].samples.row(group * per_group + y);
        }
        arrays[i] = rows[i].data();
      }
      jpeg_read_raw_data(&decoder_, arrays.data(), static_cast<JDIMENSION>(lines));
    }
    for (std::size_t i = 0; i < count; ++i) {
      planes[i].samples.size = {static_cast<int>(decoder_.comp_info[i].downsampled_width),
                                static_cast<int>(decoder_.comp_info[i].downsampled_height)};
    }
    return planes;
  }

  std::vector<Plane> read_rgb() {
    const auto width = static_cast<int>(decoder_.output_width);
    const Size size{width, static_cast<int>(decoder_.output_height)};
    std::vector<Plane> planes = {Plane(size, 8), Plane(size, 8), Plane(size, 8)};
    std::vector<JSAMPLE> pixels(3 * static_cast<std::size_t>(width));
    for (int y = 0; y < size.height; ++y) {
      JSAMPROW row = pixels.data();
      jpeg_read_scanlines(&decoder_, &row, 1);
      for (std::size_t at = 0; at < pixels.size(); ++at) planes[at % 3].row(y)[at / 3] = row[at];
    }
    return planes;
  }

  Plane means_of(const jpeg_component_info& component, jvirt_barray_ptr coefficients) {
    Plane plane(
        {static_cast<int>(component.width_in_blocks), static_cast<int>(component.height_in_blocks)},
        8);
    const auto step = static_cast<std::int16_t>(component.quant_table->quantval[0]);
    for (int y = 0; y < plane.size.height; ++y) {
      const JBLOCKARRAY row =
          decoder_.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&decoder_), coefficients,
                                           static_cast<JDIMENSION>(y), 1, FALSE);
      for (int x = 0; x < plane.size.width; ++x) {
        const int value = (row[0][x][0] * step + 4) >> 3;
        const int turned = (value % 1024 + 1024 + 512) % 1024 - 512;
        plane.row(y)[x] = static_cast<std::uint8_t>(std::clamp(turned + 128, 0, 255));
      }
    }
    return plane;
  }

  ByteView left_;
  jpeg_decompress_struct decoder_{};
  jpeg_error_mgr errors_{};
  jpeg_source_mgr source_{};
  bool damaged_ = false;
};

// Nothing where they are the same; else where they differ.
inline std::string difference(const Plane& ours, const Plane& theirs) {
  if (ours.size != theirs.size) {
    return "size " + std::to_string(ours.size.width) + "x" + std::to_string(ours.size.height) +
           ", not " + std::to_string(theirs.size.width) + "x" + std::to_string(theirs.size.height);
  }
  for (int y = 0; y < ours.size.height; ++y) {
    for (int x = 0; x < ours.size.width; ++x) {
      if (ours.row(y)[x] == theirs.row(y)[x]) continue;
      return "at " + std::to_string(x) + ", " + std::to_string(y) + ": " +
             std::to_string(ours.row(y)[x]) + ", not " + std::to_string(theirs.row(y)[x]);
    }
  }
  return {};
}

}  // namespace miniatura::oracle
