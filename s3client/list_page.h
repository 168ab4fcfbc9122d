// What the stores share that keep their keys themselves (a directory, memory): which keys make a
// page of a listing, and which bytes a range is. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "runtime/result.h"
#include "s3client/object_store.h"

namespace miniatura {

// Keys come in, in any order and more than once; the smallest that the request asks for stay, never
// more than the page and one. A page is named by the last of the one before: keys that come and go
// between them move nothing.
class ListPage {
 public:
  // store_rejected for a limit that is not 1 to 1,000, and a page that none of ours led to.
  static Result<ListPage> of(const ListRequest& request);

  // Would any key that begins with these bytes still change the page? Spares a walk whole
  // directories.
  bool wants_below(std::string_view beginning) const;
  void take(std::string_view key);

  // In the order of their bytes: the name, and whether it is a prefix (what the delimiter folded).
  using Names = std::map<std::string, bool, std::less<>>;
  struct Taken {
    Names names;
    std::string next_page;  // Listing::next_page
  };
  Taken finish() &&;

 private:
  struct Name {
    std::string_view text;
    bool is_prefix = false;
  };
  // What a key is listed as; it begins with the request's prefix.
  Name name_of(std::string_view key) const;
  bool wants(std::string_view name) const;
  bool is_full() const { return names_.size() > limit_; }

  std::string prefix_;
  std::string delimiter_;
  std::string after_;  // the last name of the page before
  std::size_t limit_ = 0;
  Names names_;
};

// A range within an object of `size` bytes.
struct Slice {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

// store_rejected, naming range and size, where it starts at the end or behind it; all of an empty
// object is a slice.
Result<Slice> slice_of(const ObjectId& id, const ByteRange& range, std::uint64_t size);

}  // namespace miniatura
