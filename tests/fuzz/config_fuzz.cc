// The configuration file.
#include "handler/config_file.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  std::vector<std::string> problems;
  const auto config = parse_config_file(view_of(data, size), "fuzz", Limits{}, problems);
  must(config.has_value() == problems.empty());
  if (!config) must(config.error().code == ErrorCode::config_invalid);
  for (const std::string& problem : problems) must(!problem.empty());
  return 0;
}
