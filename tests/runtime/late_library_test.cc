#include "runtime/late_library.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/descriptor.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

using ::testing::HasSubstr;

// On a page of its own, as late_libraries.py lays it.
struct alignas(4096) Slots {
  std::array<void*, 512> of{};
};

int absolute_by(void* slot, int number) { return reinterpret_cast<int (*)(int)>(slot)(number); }

// The C library's file, as this process has it mapped.
std::string c_library() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/libc.so.6") != line.npos) return line.substr(line.find('/'));
  }
  return {};
}

TEST(LateLibrary, fills_each_slot_with_the_function_whose_turn_it_is) {
  static Slots slots;
  ASSERT_TRUE(LateLibrary("libc.so.6\0abs\0atoi\0", slots.of.data()).load());
  EXPECT_EQ(absolute_by(slots.of[0], -7), 7);
  EXPECT_EQ(reinterpret_cast<int (*)(const char*)>(slots.of[1])("12"), 12);
  EXPECT_EQ(slots.of[2], nullptr);
}

TEST(LateLibrary, lets_nobody_change_a_slot_that_is_filled) {
  static Slots slots;
  const auto can_be_written = [] {  // whom the kernel would write for
    const Descriptor zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    return ::read(zero.get(), slots.of.data(), sizeof(void*)) == sizeof(void*);
  };
  ASSERT_TRUE(can_be_written());
  LateLibrary library("libc.so.6\0abs\0", slots.of.data());
  ASSERT_TRUE(library.load());
  EXPECT_FALSE(can_be_written());
  EXPECT_TRUE(library.load()) << "nor does it write again itself";
}

TEST(LateLibrary, that_is_not_there_is_named_and_looked_for_again) {
  static Slots slots;
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/late.so";
  const std::string names = path + '\0' + "abs" + '\0';
  LateLibrary library(names.c_str(), slots.of.data());
  const auto absent = library.load();
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::internal);
  EXPECT_THAT(absent.error().message, HasSubstr(path + ":"));

  std::filesystem::create_symlink(c_library(), path);
  const auto there = library.load();
  ASSERT_TRUE(there) << there.error().message;
  EXPECT_EQ(absolute_by(slots.of[0], -7), 7);
}

TEST(LateLibrary, that_lacks_a_function_is_named_with_it) {
  static Slots slots;
  const auto lacks = LateLibrary("libc.so.6\0abs\0no_such_thing\0", slots.of.data()).load();
  ASSERT_FALSE(lacks);
  EXPECT_EQ(lacks.error().code, ErrorCode::internal);
  EXPECT_EQ(lacks.error().message, "libc.so.6 has no function no_such_thing");
}

TEST(LateLibrary, without_names_is_linked_and_there) {
  EXPECT_TRUE(LateLibrary(nullptr, nullptr).load());
}

}  // namespace
}  // namespace miniatura
