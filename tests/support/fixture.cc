#include "tests/support/fixture.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace miniatura {

Bytes read_fixture(const std::string& name) {
  auto bytes = read_file(std::string(MINIATURA_SOURCE_DIR "/tests/fixtures/") + name,
                         std::uint64_t{64} << 20, ErrorCode::internal);
  if (!bytes) throw std::runtime_error(bytes.error().message);
  return *std::move(bytes);
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = std::filesystem::temp_directory_path() / "miniatura-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("no temporary directory: " + pattern);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace miniatura
