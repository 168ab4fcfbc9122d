// What the bytes are, by their first ones; never by a name or a content type. Pure.
#pragma once

#include "runtime/bytes.h"
#include "thumbnailer/preset.h"

namespace miniatura {

// So many first bytes are enough for any answer.
constexpr std::size_t kSniffBytes = 512;

// One of the allow-list of formats. Error: image_unsupported, naming what the bytes look like where
// that can be told (PostScript, PDF, SVG, MSL, MVG, HTML, nothing at all, …). A format of the list
// may still be one that is not read yet: that is read_header's to say.
Result<ImageFormat> sniff(ByteView first_bytes);

}  // namespace miniatura
