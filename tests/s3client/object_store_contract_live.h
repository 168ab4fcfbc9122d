// The contract (object_store_contract.h) on a server of tests/support/live_server.h.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "tests/s3client/object_store_contract.h"
#include "tests/support/live_server.h"

namespace miniatura {

class LiveUnderTest : public StoreUnderTest {
 public:
  LiveUnderTest(LiveServer& server, const Lacking& lacking)
      : server_(server), bucket_(server.make_bucket()), lacking_(lacking) {}
  std::unique_ptr<ObjectStore> open() override { return server_.open(); }
  std::string bucket() const override { return bucket_; }
  Lacking lacking() const override { return lacking_; }

 private:
  LiveServer& server_;
  std::string bucket_;
  Lacking lacking_;
};

inline ContractParam live_param(std::string name, LiveServer* (*find)(), const Lacking& lacking) {
  return {std::move(name), [find, lacking]() -> std::unique_ptr<StoreUnderTest> {
            LiveServer* server = find();
            if (server == nullptr) return nullptr;
            return std::make_unique<LiveUnderTest>(*server, lacking);
          }};
}

}  // namespace miniatura
