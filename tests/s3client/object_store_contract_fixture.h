// What the tests of object_store_contract*.h run on: one store with a bucket of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "s3client/object_store.h"

namespace miniatura {

// What a server cannot do, for its own reasons: there the contract asks less of it.
struct Lacking {
  bool odd_parts = false;           // empty, "." and ".." parts of keys
  bool nested_keys = false;         // "up" beside "up/below"
  bool nested_listing = false;      // both of them in a listing
  bool control_characters = false;  // in listings
  bool storage_classes = false;     // but for the usual one
  bool unicode_tags = false;        // only ASCII in them
  bool long_tags = false;           // ten of the full length
};

// A store with one empty bucket, a test's own.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual std::unique_ptr<ObjectStore> open() = 0;  // a handle for one thread
  virtual std::string bucket() const = 0;
  virtual Lacking lacking() const { return {}; }
};

struct ContractParam {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;  // null: not to be had here, skip
};
// NOLINTNEXTLINE(readability-identifier-naming): GoogleTest's own name
inline void PrintTo(const ContractParam& param, std::ostream* out) { *out << param.name; }

class ObjectStoreContract : public testing::TestWithParam<ContractParam> {
 protected:
  void SetUp() override {
    under_test_ = GetParam().make();
    if (under_test_ == nullptr) GTEST_SKIP() << "no " << GetParam().name << " here";
    store_ = under_test_->open();
    bucket_ = under_test_->bucket();
    lacking_ = under_test_->lacking();
  }

  PutRequest request(const std::string& key, ByteView body, PutCondition condition = Always{}) {
    PutRequest request;
    request.bucket = bucket_;
    request.key = key;
    request.body = body;
    request.condition = std::move(condition);
    return request;
  }

  Result<PutResult> put(const std::string& key, ByteView body, PutCondition condition = Always{}) {
    return store_->put(request(key, body, std::move(condition)), context_);
  }

  // The content at a key, or the code of the error.
  std::string content(const std::string& key) {
    auto object = store_->get({bucket_, key, ""}, context_);
    if (!object) return "error " + std::string(code_name(object.error().code));
    auto bytes = read_all(*object->body, 1 << 26, ErrorCode::internal, key);
    return bytes ? *bytes : "error " + std::string(code_name(bytes.error().code));
  }

  Result<ObjectInfo> head(const std::string& key) {
    return store_->head({bucket_, key, ""}, context_);
  }

  template <class T>
  static ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode::usage : result.error().code;
  }

  // A part of the content, or the code of the error.
  std::string part(const std::string& key, const ByteRange& range) {
    auto object = store_->get({bucket_, key, ""}, range, context_);
    if (!object) return "error " + std::string(code_name(object.error().code));
    auto bytes = read_all(*object->body, 1 << 26, ErrorCode::internal, key);
    return bytes ? *bytes : "error " + std::string(code_name(bytes.error().code));
  }

  Result<void> remove(const std::string& key) {
    return store_->remove({bucket_, key, ""}, context_);
  }

  ListRequest list_request(const std::string& prefix = "", const std::string& delimiter = "",
                           int limit = 1000) {
    return {bucket_, prefix, delimiter, "", limit};
  }

  // What all pages hold: names in the order in which they came, a prefix with "PRE " before it.
  std::vector<std::string> list(ListRequest request) {
    constexpr int kPagesMax = 100;
    std::vector<std::string> names;
    for (int i = 0; i < kPagesMax; ++i) {
      const auto page = store_->list(request, context_);
      if (!page) return {"error " + std::string(code_name(page.error().code))};
      EXPECT_LE(page->objects.size() + page->prefixes.size(),
                static_cast<std::size_t>(request.limit));
      for (const ListedObject& object : page->objects) names.push_back(object.key);
      for (const std::string& prefix : page->prefixes) names.push_back("PRE " + prefix);
      if (page->next_page.empty()) return names;
      request.page = page->next_page;
    }
    return {"pages without end"};
  }
  std::vector<std::string> list(const std::string& prefix = "", const std::string& delimiter = "",
                                int limit = 1000) {
    return list(list_request(prefix, delimiter, limit));
  }

  std::unique_ptr<StoreUnderTest> under_test_;
  std::unique_ptr<ObjectStore> store_;
  std::string bucket_;
  Lacking lacking_;
  Context context_;
};

inline std::string contract_name(const testing::TestParamInfo<ContractParam>& param) {
  return param.param.name;
}

}  // namespace miniatura
