#include "tests/support/fixture.h"

#include <stdexcept>

namespace miniatura {

Bytes read_fixture(const std::string& name) {
  auto bytes = read_file(std::string(MINIATURA_SOURCE_DIR "/tests/fixtures/") + name,
                         std::uint64_t{64} << 20, ErrorCode::internal);
  if (!bytes) throw std::runtime_error(bytes.error().message);
  return *std::move(bytes);
}

}  // namespace miniatura
