// ObjectStore over S3's REST API: AWS, MinIO and what else speaks it.
#pragma once

#include <memory>
#include <string>

#include "runtime/http.h"
#include "s3client/object_store.h"
#include "s3client/uri.h"

namespace miniatura {

// `transport` signs and retries (open_store makes the usual layers) and outlives the store.
class S3Store : public ObjectStore {
 public:
  S3Store(HttpTransport& transport, S3Endpoint endpoint);

  using ObjectStore::get;
  Result<Object> get(const ObjectId& id, const ByteRange& range, const Context& context) override;
  Result<ObjectInfo> head(const ObjectId& id, const Context& context) override;
  Result<PutResult> put(const PutRequest& request, const Context& context) override;
  std::vector<Result<PutResult>> put_all(std::span<const PutRequest> requests,
                                         const Context& context) override;
  Result<void> remove(const ObjectId& id, const Context& context) override;
  Result<Listing> list(const ListRequest& request, const Context& context) override;
  Result<std::string> presign(const PresignRequest& request) override;
  Result<void> reach(const std::string& bucket, const Context& context) override;

 private:
  HttpTransport& transport_;
  S3Endpoint endpoint_;
};

}  // namespace miniatura
