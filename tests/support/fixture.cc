#include "tests/support/fixture.h"

#include <stdexcept>

namespace miniatura {
namespace {

Bytes read_below(const std::string& folder, const std::string& name) {
  auto bytes = read_file(std::string(MINIATURA_SOURCE_DIR "/tests/") + folder + name,
                         std::uint64_t{64} << 20, ErrorCode::internal);
  if (!bytes) throw std::runtime_error(bytes.error().message);
  return *std::move(bytes);
}

}  // namespace

Bytes read_fixture(const std::string& name) { return read_below("fixtures/", name); }
Bytes read_picture(const std::string& name) { return read_below("images/", name); }

}  // namespace miniatura
