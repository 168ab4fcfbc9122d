#include "s3client/object_store.h"

#include "s3client/directory_store.h"
#include "tests/s3client/object_store_contract.h"
#include "tests/support/memory_store.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

class MemoryUnderTest : public StoreUnderTest {
 public:
  std::unique_ptr<ObjectStore> open() override { return store_.share(); }
  std::string bucket() const override { return "photos"; }

 private:
  MemoryStore store_{"photos"};
};

class DirectoryUnderTest : public StoreUnderTest {
 public:
  DirectoryUnderTest() { std::filesystem::create_directory(root_.path() + "/photos"); }
  std::unique_ptr<ObjectStore> open() override { return make_directory_store(root_.path()); }
  std::string bucket() const override { return "photos"; }

 private:
  TemporaryDirectory root_;
};

INSTANTIATE_TEST_SUITE_P(
    Local, ObjectStoreContract,
    testing::Values(ContractParam{"memory", [] { return std::make_unique<MemoryUnderTest>(); }},
                    ContractParam{"directory",
                                  [] { return std::make_unique<DirectoryUnderTest>(); }}),
    contract_name);

}  // namespace
}  // namespace miniatura
