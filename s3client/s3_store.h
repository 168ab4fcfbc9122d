// ObjectStore over S3's REST API: AWS, MinIO and what else speaks it. What is asked and what the
// answers say stands here; how they are got, in s3_requester.h.
#pragma once

#include <string>

#include "s3client/object_store.h"
#include "s3client/s3_requester.h"

namespace miniatura {

class S3Store : public ObjectStore {
 public:
  explicit S3Store(S3Access access);

  using ObjectStore::get;
  // The body resumes where its connection breaks (resuming_body.h).
  Result<Object> get(const ObjectId& id, const ByteRange& range, const Context& context) override;
  Result<ObjectInfo> head(const ObjectId& id, const Context& context) override;
  // A put that had to be sent again may have taken effect the first time, its answer lost: when a
  // conditional one then says no, what is there is looked at before that is believed.
  Result<PutResult> put(const PutRequest& request, const Context& context) override;
  std::vector<Result<PutResult>> put_all(std::span<const PutRequest> requests,
                                         const Context& context) override;
  Result<void> remove(const ObjectId& id, const Context& context) override;
  Result<Listing> list(const ListRequest& request, const Context& context) override;
  Result<std::string> presign(const PresignRequest& request) override;
  Result<void> reach(const std::string& bucket, const Context& context) override;

 private:
  Result<Object> get_of_empty(const ObjectId& id, Error refusal, const Context& context);
  Result<PutResult> settled(const PutRequest& request, Result<PutResult> result,
                            const Context& context);

  S3Requester requester_;
};

}  // namespace miniatura
