// AWS's shared configuration files, the command line that one may name, and what it prints.
#include "runtime/process.h"
#include "s3client/credentials_reply.h"
#include "s3client/profile_files.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  const ByteView text = view_of(data, size);
  const auto sections = parse_profile_file(text, "fuzz");
  if (!sections) must(sections.error().message.find_first_of("\r\n") == std::string::npos);
  const auto words = split_command_line(text);
  if (words) {
    for (const std::string& word : *words) must(word.size() <= text.size());
  }
  const auto answer = json_answer(text, "fuzz");
  if (answer) {
    const auto credentials = credentials_in(*answer, "Token", "fuzz");
    if (credentials) must(!credentials->is_anonymous());
  }
  return 0;
}
