#include "thumbnailer/codecs/webp/webp_chunks.h"

#include <fmt/core.h>
#include <webp/mux.h>

#include <memory>
#include <utility>

namespace miniatura {
namespace {

WebPData view_of(ByteView bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

tl::unexpected<Error> failed(std::string_view doing) {
  // Of a finished WebP nothing is left to go wrong but memory.
  return fail(ErrorCode::memory_exhausted, fmt::format("webp, {}: out of memory", doing));
}

}  // namespace

Result<Bytes> with_metadata(Bytes webp, const Encoding& encoding) {
  if (encoding.icc_profile.empty() && encoding.exif.empty()) return webp;
  const WebPData whole = view_of(webp);
  const std::unique_ptr<WebPMux, decltype(&WebPMuxDelete)> mux(WebPMuxCreate(&whole, 0),
                                                               WebPMuxDelete);
  for (const auto& [name, bytes] :
       {std::pair("ICCP", &encoding.icc_profile), std::pair("EXIF", &encoding.exif)}) {
    const WebPData chunk = view_of(*bytes);
    if (!bytes->empty() && WebPMuxSetChunk(mux.get(), name, &chunk, 0) != WEBP_MUX_OK) {
      return failed(name);
    }
  }
  WebPData assembled;
  if (WebPMuxAssemble(mux.get(), &assembled) != WEBP_MUX_OK) return failed("the end");
  const std::unique_ptr<WebPData, decltype(&WebPDataClear)> owned(&assembled, WebPDataClear);
  return Bytes(reinterpret_cast<const char*>(assembled.bytes), assembled.size);
}

}  // namespace miniatura
