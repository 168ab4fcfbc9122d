// ObjectStore in a directory: ROOT/BUCKET/KEY. For a laptop and for the demo; a file put there by
// hand is an object.
//
// Every S3 key fits: bytes and parts that a file system cannot hold ("", ".", "..", NUL, over 255
// bytes) are percent-encoded and split, and so is '%' itself. Headers live in a side file under
// ROOT/.miniatura; the etag is the MD5 of the content, as S3's. A put writes a temporary file and
// renames it under a lock of the bucket, which is what makes conditional writes hold between
// processes.
#pragma once

#include <memory>
#include <string>

#include "s3client/object_store.h"

namespace miniatura {

// `root` need not exist; buckets are its sub-directories, and a bucket that is not there is
// store_no_bucket.
std::unique_ptr<ObjectStore> make_directory_store(std::string root);

}  // namespace miniatura
