// ObjectStore in a directory: ROOT/BUCKET/KEY. For a laptop and for the demo; a file put there by
// hand is an object.
//
// Every S3 key fits (key_path.h). One thing a path cannot do that keys can: "a" and "a/b" at the
// same time. The second of the two to come goes to a reserve, ROOT/.miniatura/BUCKET/reserve, named
// by the hash of its key. The rule for readers is: the object is the file at its plain path if
// there is one, else the file in the reserve. A put keeps it true: under the bucket's lock it
// writes to the plain path if no file or directory is in the way, and then clears the reserve of
// that key; else it writes to the reserve. So a key has one content, whichever came first.
//
// Headers, metadata, tags and etag (the MD5 of the content, as S3's) stand in a side file,
// ROOT/.miniatura/BUCKET/notes, each with the size, time and inode of the very file that it
// describes. It is written before the new content is renamed into place, and keeps the note of the
// old one: readers pick the note that fits the file, so neither a crash nor a change by hand can
// join the headers of one content to another. No note fits: the etag is computed, and a note with
// that etag (a tree that was copied) or none.
//
// New content is written to ROOT/.miniatura/BUCKET/incoming and renamed; for a place on another
// file system (a bucket that is a mount, or a link to one) to a file beside it, "%incoming", which
// is no key's path. Nothing waits for the disk: as durable as a
// copied file. No versions, no URLs. Readers take the bucket's lock, shared, where they can open
// it: without (a read-only root) they may meet an object between two states of it.
#pragma once

#include <memory>
#include <string>

#include "s3client/object_store.h"

namespace miniatura {

// `root` need not exist; buckets are its sub-directories, and a bucket that is not there is
// store_no_bucket.
std::unique_ptr<ObjectStore> make_directory_store(std::string root);

}  // namespace miniatura
