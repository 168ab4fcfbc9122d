#include "s3client/s3_store.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

#include "runtime/crypto.h"
#include "runtime/text.h"
#include "s3client/listing.h"
#include "s3client/resuming_body.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr std::string_view kMetadataPrefix = "x-amz-meta-";
constexpr int kLooksMax = 3;  // of one put: others keep writing the key
constexpr std::chrono::seconds kExpiresMax = std::chrono::hours(7 * 24);

std::optional<std::uint64_t> content_length(const HttpHeaders& headers) {
  const std::string text = headers.get_or("Content-Length", "");
  std::uint64_t size = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, size);
  if (text.empty() || error != std::errc{} || rest != end) return std::nullopt;
  return size;
}

Error answer_error(const S3Call& call, ErrorCode code, int status, std::string_view what) {
  Error error;
  error.code = code;
  error.http_status = status;
  error.message = fmt::format("{}: HTTP {} {}", call_name(call), status, what);
  return error;
}

// Every answer of S3's about an object has an ETag: without one, something else answers there.
Error not_an_answer(const S3Call& call, int status) {
  return answer_error(call, ErrorCode::store_unavailable, status,
                      "without an ETag: is that an S3 endpoint?");
}

// S3's date as the rest of the program writes dates; one that is not understood stays.
std::string iso_date(const std::string& http_date) {
  const auto time = parse_http_date(http_date);
  return time ? iso_time(*time) : http_date;
}

Result<ObjectInfo> info_from(const S3Call& call, int status, const HttpHeaders& headers) {
  ObjectInfo info;
  info.etag = etag_of(headers);
  if (info.etag.empty()) return fail(not_an_answer(call, status));
  info.size = content_length(headers).value_or(0);
  info.version = headers.get_or("x-amz-version-id", "");
  info.content_type = headers.get_or("Content-Type", "");
  info.cache_control = headers.get_or("Cache-Control", "");
  info.storage_class = headers.get_or("x-amz-storage-class", "");
  info.last_modified = iso_date(headers.get_or("Last-Modified", ""));
  for (const auto& [name, value] : headers) {
    const std::string lower = lower_case(name);
    if (lower.compare(0, kMetadataPrefix.size(), kMetadataPrefix) != 0) continue;
    info.metadata.emplace(lower.substr(kMetadataPrefix.size()), value);
  }
  return info;
}

// The part that an answer brings: all of it, or what its Content-Range says, which must be what was
// asked for. `info.size` becomes the whole object's.
Result<BodyPart> part_from(const S3Call& call, const ByteRange& asked, const HttpResponse& response,
                           ObjectInfo& info) {
  BodyPart part{call, info.etag, 0, 0};
  if (response.status == 206) {
    const std::string text = response.headers.get_or("Content-Range", "");
    const auto range = parse_content_range(text);
    const auto last = [&] { return std::min(asked.last.value_or(UINT64_MAX), range->size - 1); };
    if (!range || range->first != asked.first || range->last != last()) {
      return fail(answer_error(call, ErrorCode::network_invalid, response.status,
                               fmt::format("with Content-Range {} to {}",
                                           text.empty() ? "missing" : text, range_header(asked))));
    }
    part.first = range->first;
    part.count = range->last - range->first + 1;
    info.size = range->size;
    return part;
  }
  if (!asked.is_whole()) {
    return fail(answer_error(call, ErrorCode::store_rejected, response.status,
                             fmt::format("to {}: the store knows no ranges", range_header(asked))));
  }
  part.count = info.size;
  return part;
}

std::string tagging(const std::map<std::string, std::string>& tags) {
  std::string text;
  for (const auto& [name, value] : tags) {
    if (!text.empty()) text += '&';
    text += percent_encode(name) + '=' + percent_encode(value);
  }
  return text;
}

S3Call put_call(const PutRequest& put) {
  S3Call call{"PUT", {put.bucket, put.key, {}}};
  call.body = put.body;
  call.on_sent = put.on_sent;
  call.headers.add("Content-Type", put.content_type);
  if (!put.cache_control.empty()) call.headers.add("Cache-Control", put.cache_control);
  if (!put.storage_class.empty()) call.headers.add("x-amz-storage-class", put.storage_class);
  if (!put.tags.empty()) call.headers.add("x-amz-tagging", tagging(put.tags));
  for (const auto& [name, value] : put.metadata) {
    call.headers.add(std::string(kMetadataPrefix) + name, value);
  }
  if (std::holds_alternative<IfAbsent>(put.condition)) {
    call.headers.add("If-None-Match", "*");
  } else if (const auto* matches = std::get_if<IfMatches>(&put.condition)) {
    call.headers.add("If-Match", quoted(matches->etag));
  }
  return call;
}

Result<PutResult> put_result(const S3Call& call, Result<HttpReply> reply) {
  if (!reply) return fail(std::move(reply).error());
  PutResult result{etag_of(reply->headers), reply->headers.get_or("x-amz-version-id", "")};
  if (result.etag.empty()) return fail(not_an_answer(call, reply->status));
  return result;
}

// Would `put` say yes to what is there now?
bool holds(const PutCondition& condition, const Result<ObjectInfo>& now) {
  if (std::holds_alternative<IfAbsent>(condition)) {
    return !now && now.error().code == ErrorCode::store_not_found;
  }
  const auto* matches = std::get_if<IfMatches>(&condition);
  return matches != nullptr && now && now->etag == matches->etag;
}

// Is what is there what `put` would have written? The etag of a put is its MD5, but for some
// encryptions: those are taken for somebody else's.
bool is_ours(const PutRequest& put, const ObjectInfo& now) {
  return now.size == put.body.size() && now.metadata == put.metadata &&
         now.etag == md5_hex(put.body);
}

}  // namespace

S3Store::S3Store(S3Access access) : requester_(std::move(access)) {}

Result<Object> S3Store::get(const ObjectId& id, const ByteRange& range, const Context& context) {
  CHECKED(check_object_id(id));
  const S3Call whole{"GET", id};
  if (range.last && *range.last < range.first) {  // servers send all of it
    return fail(ErrorCode::store_rejected,
                fmt::format("{}: {} ends before it starts", call_name(whole), range_header(range)));
  }
  S3Call call = whole;
  if (!range.is_whole()) call.headers.add("Range", range_header(range));
  auto response = requester_.open(call, context);
  if (!response && response.error().http_status == 416 && range.first == 0) {
    return get_of_empty(id, std::move(response).error(), context);
  }
  if (!response && response.error().http_status == 416) {  // not every server repeats the range
    response.error().message += ", to " + range_header(range);
  }
  if (!response) return fail(std::move(response).error());
  TRY(info, info_from(call, response->status, response->headers));
  if (!content_length(response->headers)) {
    // Without a length, an end of the connection and the end of the object look the same.
    if (response->headers.get("Transfer-Encoding") && range.is_whole()) {
      return Object{std::move(info), std::move(response->body)};
    }
    return fail(answer_error(call, ErrorCode::network_invalid, response->status,
                             "without a Content-Length"));
  }
  TRY(part, part_from(whole, range, *response, info));
  return Object{std::move(info), make_resuming_body(requester_, context, std::move(part),
                                                    std::move(response->body))};
}

// An empty object has no first byte, and refuses every range; all of it is nothing.
Result<Object> S3Store::get_of_empty(const ObjectId& id, Error refusal, const Context& context) {
  TRY(info, head(id, context));
  if (info.size != 0) return fail(std::move(refusal));
  return Object{std::move(info), std::make_unique<MemorySource>(Bytes())};
}

Result<ObjectInfo> S3Store::head(const ObjectId& id, const Context& context) {
  CHECKED(check_object_id(id));
  const S3Call call{"HEAD", id};
  TRY(reply, requester_.send(call, context));
  return info_from(call, reply.status, reply.headers);
}

Result<PutResult> S3Store::put(const PutRequest& request, const Context& context) {
  CHECKED(check_put(request));
  const S3Call call = put_call(request);
  return settled(request, put_result(call, requester_.send(call, context)), context);
}

std::vector<Result<PutResult>> S3Store::put_all(std::span<const PutRequest> requests,
                                                const Context& context) {
  std::vector<Result<PutResult>> results;
  std::vector<S3Call> calls;
  std::vector<std::size_t> places;  // of what is sent, among the requests
  results.reserve(requests.size());
  for (const PutRequest& request : requests) {
    const auto checked = check_put(request);
    if (checked) {
      places.push_back(results.size());
      calls.push_back(put_call(request));
      results.emplace_back();
    } else {
      results.emplace_back(fail(checked.error()));
    }
  }
  auto replies = requester_.send_all(calls, context);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    results[places[i]] =
        settled(requests[places[i]], put_result(calls[i], std::move(replies[i])), context);
  }
  return results;
}

// A conditional put that was refused: by what others wrote, by what we wrote ourselves in an
// attempt whose answer was lost, or (409) because two writes met and neither knows.
Result<PutResult> S3Store::settled(const PutRequest& request, Result<PutResult> result,
                                   const Context& context) {
  for (int look = 0; look < kLooksMax; ++look) {
    if (result || result.error().code != ErrorCode::store_precondition_failed) return result;
    const bool met_another = result.error().http_status == 409;
    if (result.error().attempts == 1 && !met_another) return result;
    const auto now = head({request.bucket, request.key, {}}, context);
    if (now && is_ours(request, *now)) return PutResult{now->etag, now->version};
    if (!met_another || !holds(request.condition, now)) return result;
    const S3Call call = put_call(request);
    result = put_result(call, requester_.send(call, context));
  }
  return result;
}

Result<void> S3Store::remove(const ObjectId& id, const Context& context) {
  CHECKED(check_object_id(id));
  const auto reply = requester_.send({"DELETE", id}, context);
  // S3 answers 204 for an absent key; others, and a version that is gone, 404.
  if (!reply && reply.error().code != ErrorCode::store_not_found) return fail(reply.error());
  return {};
}

Result<Listing> S3Store::list(const ListRequest& request, const Context& context) {
  CHECKED(check_bucket(request.bucket));
  S3Call call{"GET", {request.bucket, "", ""}};
  if (request.limit < 1 || request.limit > 1000) {
    return fail(ErrorCode::store_rejected, fmt::format("{}: a page holds 1 to 1000 names, not {}",
                                                       call_name(call), request.limit));
  }
  call.query = {
      {"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", fmt::format("{}", request.limit)}};
  if (!request.prefix.empty()) call.query.emplace_back("prefix", request.prefix);
  if (!request.delimiter.empty()) call.query.emplace_back("delimiter", request.delimiter);
  if (!request.page.empty()) call.query.emplace_back("continuation-token", request.page);
  TRY(reply, requester_.send(call, context));
  auto listing = parse_listing(reply.body, request);
  if (!listing) {
    return fail(answer_error(call, listing.error().code, reply.status, listing.error().message));
  }
  return std::move(*listing);
}

Result<std::string> S3Store::presign(const PresignRequest& request) {
  CHECKED(check_object_id(request.id));
  const S3Call call{request.method, request.id};
  if (request.method != "GET" && request.method != "PUT") {
    return fail(ErrorCode::store_rejected,
                fmt::format("{}: only GET and PUT are presigned", call_name(call)));
  }
  if (request.expires < std::chrono::seconds(1) || request.expires > kExpiresMax) {
    return fail(ErrorCode::store_rejected,
                fmt::format("{}: a presigned URL holds for 1 to {} seconds, not {}",
                            call_name(call), kExpiresMax.count(), request.expires.count()));
  }
  return requester_.presign(call, request.expires);
}

Result<void> S3Store::reach(const std::string& bucket, const Context& context) {
  CHECKED(check_bucket(bucket));
  auto reply = requester_.send({"HEAD", {bucket, "", ""}}, context);
  if (reply) return {};
  Error error = std::move(reply).error();
  // A HEAD of a bucket is about nothing else.
  if (error.code == ErrorCode::store_not_found) error.code = ErrorCode::store_no_bucket;
  return fail(std::move(error));
}

}  // namespace miniatura
