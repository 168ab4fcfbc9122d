#include "runtime/stand_alone.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/process.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

// A root of its own, that holds the static program and what a test puts there.
class StandAloneTest : public testing::Test {
 protected:
  StandAloneTest() {
    std::filesystem::copy_file(MINIATURA_STATIC_RESOLVE, root_.path() + "/resolve");
    std::filesystem::create_directory(root_.path() + "/etc");
  }

  void SetUp() override {
    if (run("resolve", {}) != 2) GTEST_SKIP() << "nobody here may change the root of a process";
  }

  void write(const std::string& path, const std::string& text) const {
    std::ofstream(root_.path() + path) << text;
  }

  // 0 found, 1 not.
  int resolve(const std::string& how, const std::string& host) const {
    return run("resolve", {how, host});
  }

  TemporaryDirectory root_;

 private:
  int run(const std::string& program, std::vector<std::string> words) const {
    words.insert(words.begin(), {"chroot", root_.path(), "/" + program});
    if (::geteuid() != 0) words.insert(words.begin(), {"unshare", "--map-root-user"});
    const auto end = run_process(words, Environment({{"PATH", std::getenv("PATH")}}));
    return end ? end->exit_status : -1;
  }
};

TEST_F(StandAloneTest, a_host_is_found_whatever_modules_the_system_names) {
  write("/etc/hosts", "192.0.2.7 known.test\n");
  for (const char* modules :
       {"mymachines resolve [!UNAVAIL=return]", "ldap", "nis [NOTFOUND=return] files", ""}) {
    write("/etc/nsswitch.conf", "hosts: " + std::string(modules) + "\n");
    EXPECT_EQ(resolve("pinned", "known.test"), 0) << modules;
  }
  // And without us it is not: what this shows can fail.
  write("/etc/nsswitch.conf", "hosts: mymachines resolve [!UNAVAIL=return]\n");
  EXPECT_EQ(resolve("free", "known.test"), 1);
}

TEST_F(StandAloneTest, a_system_without_any_file_has_no_names_but_addresses) {
  std::filesystem::remove(root_.path() + "/etc");
  EXPECT_EQ(resolve("pinned", "known.test"), 1);
  EXPECT_EQ(resolve("pinned", "192.0.2.7"), 0);
}

TEST_F(StandAloneTest, in_a_dynamic_executable_nothing_changes) {
  const char* const before = std::getenv("OPENSSL_CONF");
  stand_alone();
  EXPECT_EQ(std::getenv("OPENSSL_CONF"), before);
}

}  // namespace
}  // namespace miniatura
