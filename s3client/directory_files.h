// What directory_store asks of the file system: descriptors, a bucket's lock, files written whole,
// and the notes that a file cannot carry itself. Errors name the path: store_denied (EACCES,
// EROFS), store_unavailable (a full disk and the like), store_invalid_key (a path too long).
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/context.h"
#include "runtime/descriptor.h"
#include "runtime/result.h"
#include "s3client/list_page.h"

namespace miniatura {

Error file_error(const std::string& path, int error_number);

// All of the directories of `path` from its byte `from` on. False: something in the way is no
// directory.
Result<bool> make_directories(const std::string& path, std::size_t from);

// Holds as long as the descriptor lives. Waits for other holders until the deadline, 10 s at most.
enum class LockKind { shared, exclusive };
Result<Descriptor> lock_file(const std::string& path, LockKind kind, const Deadline& deadline);

// By which a file is known again without reading it. A file changed by hand has another one: our
// own files have times in nanoseconds, the kernel's are as coarse as its ticks.
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileStamp&) const = default;
};
FileStamp stamp_of(const struct stat& status);

// The regular file at `path` for reading; nothing where there is none (a directory, an absent one).
struct OpenFile {
  Descriptor descriptor;
  struct stat status {};
};
Result<std::optional<OpenFile>> open_regular(const std::string& path);

// A slice of an open file. Overwritten by rename it stays as it is; overwritten in place, by hand,
// it is source_changed.
std::unique_ptr<ByteSource> read_slice(OpenFile file, std::string path, const Slice& slice);

// The MD5 of all of it, read past the descriptor's own position.
Result<std::string> md5_of(const OpenFile& file, const std::string& path);

// A file of exactly these bytes; what was there is gone. No file is left after an error.
Result<FileStamp> write_fresh(const std::string& path, ByteView bytes);

// False: they lie on different file systems, or on two mounts of one.
Result<bool> rename_file(const std::string& from, const std::string& to);

// May files be read, made and replaced in the directory `path`? Where it is not there yet: in the
// nearest above it.
Result<void> check_writable(std::string path);

// What S3 keeps beside the bytes of one object.
struct Note {
  FileStamp stamp;
  std::string etag;
  std::string content_type = "application/octet-stream";
  std::string cache_control;
  std::string storage_class;  // kept and given back; every one is the same disk
  std::map<std::string, std::string> metadata;
  std::map<std::string, std::string> tags;
};

// The notes of a side file; none where it is absent or not ours to understand: its object then
// counts as put by hand.
std::vector<Note> read_notes(const std::string& path);
std::string notes_text(const std::string& key, const std::vector<Note>& notes);
std::optional<std::string> key_of_notes(const std::string& path);  // whose notes are these?

}  // namespace miniatura
