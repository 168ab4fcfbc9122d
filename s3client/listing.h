// What S3 answers to ListObjectsV2, read into a Listing. Pure.
#pragma once

#include <cstddef>

#include "runtime/bytes.h"
#include "runtime/result.h"
#include "s3client/object_store.h"

namespace miniatura {

// A full page: 1,000 keys of 1,024 bytes, each byte encoded as %XX, and what stands around them.
inline constexpr std::size_t kListingBytesMax = std::size_t{8} << 20;

// `xml` answers `request`, which asked for encoding-type=url (XML cannot hold every key). Keys and
// prefixes are decoded where the answer says that it encoded them: as a form, '+' is a space there
// (AWS, MinIO and botocore agree). Times are cut to seconds. Errors: network_invalid for what is no
// such answer, names what was not asked for, or would make a reader of page after page go round for
// ever.
Result<Listing> parse_listing(ByteView xml, const ListRequest& request);

}  // namespace miniatura
