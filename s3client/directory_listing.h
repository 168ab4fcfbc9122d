// The keys of a bucket that is a directory, by walking it: what lies at plain paths (also what was
// put there by hand) and what lies in the reserve (directory_store.h).
//
// Only names are read, and of a page's names only what it still wants. Links are followed, as a get
// does; one that leads back to a directory on the way to it is not, so that a loop ends. What no
// get could find is not listed: names that no key has (key_path.h), keys over 1,024 bytes or not in
// UTF-8.
#pragma once

#include <string>

#include "runtime/clock.h"
#include "runtime/result.h"
#include "s3client/list_page.h"

namespace miniatura {

struct BucketPaths {
  std::string bucket;      // ROOT/BUCKET
  std::string all_states;  // ROOT/.miniatura: never a bucket's, whatever link leads there
  std::string reserve;     // ROOT/.miniatura/BUCKET/reserve
  std::string notes;       // ROOT/.miniatura/BUCKET/notes
};

// Errors: those of the file system (directory_files.h), for a directory that may not be read too:
// a listing with a hole is none; deadline_exceeded.
Result<void> take_keys(const BucketPaths& paths, const Deadline& deadline, ListPage& page);

}  // namespace miniatura
