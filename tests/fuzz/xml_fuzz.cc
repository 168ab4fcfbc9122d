// XML as a store answers it, and the page of a listing in it.
#include "s3client/listing.h"
#include "s3client/xml.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace miniatura;
  const ByteView text = view_of(data, size);
  static_cast<void>(parse_xml(text, "fuzz"));
  ListRequest request;
  request.bucket = "b";
  request.page = "page";
  const auto listing = parse_listing(text, request);
  // A page that leads back to itself would be asked for until the end of time.
  if (listing) must(listing->next_page != request.page);
  return 0;
}
