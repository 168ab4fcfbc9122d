#include "s3client/list_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr int kLimitMax = 1000;  // as S3 has it
constexpr std::string_view kPageMark = "after-";

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

}  // namespace

Result<ListPage> ListPage::of(const ListRequest& request) {
  const auto wrong = [&](const std::string& what) {
    return fail(
        ErrorCode::store_rejected,
        fmt::format("the listing of {}: {}", object_name(request.bucket, request.prefix), what));
  };
  if (request.limit < 1 || request.limit > kLimitMax) {
    return wrong(fmt::format("the limit {} is not 1 to {}", request.limit, kLimitMax));
  }
  ListPage page;
  page.prefix_ = request.prefix;
  page.delimiter_ = request.delimiter;
  page.limit_ = static_cast<std::size_t>(request.limit);
  if (request.page.empty()) return page;
  if (starts_with(request.page, kPageMark)) {
    page.after_ = percent_decode(std::string_view(request.page).substr(kPageMark.size()));
  }
  if (page.after_.empty()) return wrong("there is no such page");
  return page;
}

ListPage::Name ListPage::name_of(std::string_view key) const {
  if (delimiter_.empty() || key.size() <= prefix_.size()) return {key, false};
  const std::size_t at = key.find(delimiter_, prefix_.size());
  if (at == std::string_view::npos) return {key, false};
  return {key.substr(0, at + delimiter_.size()), true};
}

bool ListPage::wants(std::string_view name) const {
  if (name <= after_ || names_.find(name) != names_.end()) return false;
  return !is_full() || name < names_.rbegin()->first;
}

bool ListPage::wants_below(std::string_view beginning) const {
  const std::size_t common = std::min(beginning.size(), prefix_.size());
  if (beginning.substr(0, common) != std::string_view(prefix_).substr(0, common)) return false;
  const Name name = name_of(beginning);
  if (name.is_prefix) return wants(name.text);  // the one name of all that is below
  // Every name begins with `beginning`: none comes before it.
  if (is_full() && beginning >= names_.rbegin()->first) return false;
  return beginning > after_ || starts_with(after_, beginning);
}

void ListPage::take(std::string_view key) {
  if (!starts_with(key, prefix_)) return;
  const Name name = name_of(key);
  if (!wants(name.text)) return;
  names_.emplace(name.text, name.is_prefix);
  if (names_.size() > limit_ + 1) names_.erase(std::prev(names_.end()));
}

ListPage::Taken ListPage::finish() && {
  Taken taken;
  const bool goes_on = is_full();
  if (goes_on) names_.erase(std::prev(names_.end()));
  taken.names = std::move(names_);
  if (goes_on) {
    taken.next_page = std::string(kPageMark) + percent_encode(taken.names.rbegin()->first);
  }
  return taken;
}

Result<Slice> slice_of(const ObjectId& id, const ByteRange& range, std::uint64_t size) {
  if (range.is_whole()) return Slice{0, size};
  if (range.first >= size || (range.last && *range.last < range.first)) {
    return fail(
        ErrorCode::store_rejected,
        fmt::format("{}: has {} bytes, and none in the range {}-{}", object_name(id.bucket, id.key),
                    size, range.first, range.last ? std::to_string(*range.last) : ""));
  }
  const std::uint64_t last = std::min(range.last.value_or(size - 1), size - 1);
  return Slice{range.first, last - range.first + 1};
}

}  // namespace miniatura
