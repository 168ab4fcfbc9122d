#include "s3client/listing.h"

#include <fmt/core.h>

#include <charconv>
#include <string>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/text.h"
#include "s3client/s3_call.h"
#include "s3client/uri.h"
#include "s3client/xml.h"

namespace miniatura {
namespace {

constexpr std::size_t kShownBytesMax = 200;

std::string form_decode(std::string text) {
  for (char& c : text) {
    if (c == '+') c = ' ';
  }
  return percent_decode(text);
}

// To whole seconds; "" for what is no time.
std::string in_seconds(const std::string& text) {
  const auto time = parse_iso_time(text);
  return time ? iso_time(*time) : "";
}

// One answer while it is read: what was asked, and how its names are written.
class Reader {
 public:
  Reader(const XmlElement& root, const ListRequest& request)
      : root_(root), request_(request), encoded_(root.text_at("EncodingType") == "url") {}

  Result<Listing> read() const {
    Listing listing;
    for (const XmlElement& element : root_.children) {
      if (element.name == "Contents") {
        TRY(object, object_from(element));
        listing.objects.push_back(std::move(object));
      } else if (element.name == "CommonPrefixes") {
        for (const XmlElement& prefix : element.children) {
          if (prefix.name != "Prefix") continue;
          TRY(name, prefix_from(prefix.text));
          listing.prefixes.push_back(std::move(name));
        }
      }
    }
    TRY(next_page, next_page_from());
    listing.next_page = std::move(next_page);
    return listing;
  }

 private:
  tl::unexpected<Error> wrong(const std::string& what) const {
    return fail(ErrorCode::network_invalid,
                cropped(fmt::format("the listing of {}: {}",
                                    object_name(request_.bucket, request_.prefix), what),
                        2 * kShownBytesMax));
  }

  std::string decoded(const std::string& text) const { return encoded_ ? form_decode(text) : text; }

  // Whoever lists a prefix may be about to remove what lies below it: another key must not slip in.
  bool was_asked_for(std::string_view name) const {
    return !name.empty() && is_utf8(name) &&
           name.substr(0, request_.prefix.size()) == request_.prefix;
  }

  Result<std::string> prefix_from(const std::string& text) const {
    std::string name = decoded(text);
    const std::string& end = request_.delimiter;
    const bool folds = !end.empty() && name.size() >= request_.prefix.size() + end.size() &&
                       name.compare(name.size() - end.size(), end.size(), end) == 0;
    if (!folds || !was_asked_for(name)) {
      return wrong(
          fmt::format("the prefix \"{}\" was not asked for", cropped(text, kShownBytesMax)));
    }
    return name;
  }

  Result<ListedObject> object_from(const XmlElement& element) const {
    const std::string text = element.text_at("Key");
    const auto wrong_field = [&](std::string_view field) {
      return wrong(fmt::format("the key \"{}\" has the {} \"{}\"", cropped(text, kShownBytesMax),
                               field, cropped(element.text_at(field), kShownBytesMax)));
    };
    ListedObject object;
    object.key = decoded(text);
    if (!was_asked_for(object.key)) {
      return wrong(fmt::format("the key \"{}\" was not asked for", cropped(text, kShownBytesMax)));
    }
    const std::string size = element.text_at("Size");
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), object.size);
    if (error != std::errc() || end != size.data() + size.size()) return wrong_field("Size");
    object.last_modified = in_seconds(element.text_at("LastModified"));
    if (object.last_modified.empty()) return wrong_field("LastModified");
    if (element.child("ETag") == nullptr) return wrong_field("ETag");
    object.etag = unquoted(element.text_at("ETag"));
    return object;
  }

  Result<std::string> next_page_from() const {
    const std::string truncated = root_.text_at("IsTruncated");
    if (truncated == "false") return "";
    if (truncated != "true") {
      return wrong(fmt::format("has the IsTruncated \"{}\"", cropped(truncated, kShownBytesMax)));
    }
    std::string next = root_.text_at("NextContinuationToken");
    if (next.empty()) return wrong("goes on, and does not say where: no NextContinuationToken");
    if (next == request_.page) return wrong("goes on with the page that this one is");
    return next;
  }

  const XmlElement& root_;
  const ListRequest& request_;
  bool encoded_;
};

}  // namespace

Result<Listing> parse_listing(ByteView xml, const ListRequest& request) {
  const std::string what =
      fmt::format("the listing of {}", object_name(request.bucket, request.prefix));
  TRY(root, parse_xml(xml, what, kListingBytesMax));
  if (root.name != "ListBucketResult") {
    return fail(ErrorCode::network_invalid,
                fmt::format("{}: the answer is <{}>, not <ListBucketResult>: {}", what,
                            cropped(root.name, kShownBytesMax),
                            cropped(root.text_at("Code"), kShownBytesMax)));
  }
  return Reader(root, request).read();
}

}  // namespace miniatura
