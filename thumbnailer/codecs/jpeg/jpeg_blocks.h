// A picture's rounded frequencies as libjpeg asks for them when it writes them. For jpeg_encode.cc
// alone.
//
// libjpeg writes blocks that somebody else made (jpeg_write_coefficients) from arrays that its own
// memory manager holds, whole. Here the manager's method that gives an array's rows is replaced by
// one that makes them: so no more than a row of MCUs is ever held, unless the rows are read more
// than once. What is called while the library may jump back out of an error has no destructors to
// run: all that it needs is made before.
#pragma once

#include <array>
#include <cstddef>
#include <cstdio>
#include <vector>
// After the types that it needs:
#include <jpeglib.h>

#include "thumbnailer/codecs/jpeg/forward_dct.h"
#include "thumbnailer/codecs/jpeg/jpeg_quantisation.h"
#include "thumbnailer/codecs/jpeg/jpeg_rows.h"

namespace miniatura {

class JpegBlocks {
 public:
  // Those of the given groups of `rows`, one below the other. `keeps`: each is made once, however
  // often it is read. The rows outlive it. Throws std::bad_alloc.
  JpegBlocks(JpegRows& rows, const QuantisationTables& tables, std::vector<int> groups, bool keeps);
  JpegBlocks(const JpegBlocks&) = delete;
  JpegBlocks& operator=(const JpegBlocks&) = delete;

  // In pixels: behind the last of all groups the picture ends before its blocks do.
  int height() const;

  // Begins the file of a compressor that is otherwise ready, of these components and factors.
  // Outlives it.
  void start(jpeg_compress_struct* compressor);

 private:
  struct Component {
    JpegBlocks* owner = nullptr;
    ForwardDct dct;
    std::size_t index = 0;
    std::vector<CoefficientBlock> blocks{};
    std::array<JBLOCKROW, 2> rows{};  // of those that were asked for
  };
  static JBLOCKARRAY give(j_common_ptr compressor, jvirt_barray_ptr component, JDIMENSION first_row,
                          JDIMENSION count, boolean writable);
  static std::size_t blocks_in_group(const ComponentRows& rows) {
    return rows.blocks * static_cast<std::size_t>(rows.factors.down);
  }
  // Makes a group's blocks, if they are not there; in which place.
  std::size_t hold(std::size_t group);

  JpegRows& rows_;
  std::vector<int> groups_;
  std::vector<Component> components_;
  std::array<jvirt_barray_ptr, 3> arrays_{};
  std::vector<std::size_t> held_;  // which group lies in each place
};

}  // namespace miniatura
