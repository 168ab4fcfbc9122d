#include "s3client/s3_store.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

#include "s3client/s3_error.h"

namespace miniatura {
namespace {

constexpr std::string_view kMetadataPrefix = "x-amz-meta-";
constexpr const char* kTraceHeader = "X-Amzn-Trace-Id";
constexpr std::size_t kErrorBytesMax = std::size_t{64} << 10;  // S3's own are under 2 KiB

std::string quoted(const std::string& etag) { return '"' + etag + '"'; }

std::string unquoted(std::string etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return etag;
}

// As much of a refusal as is worth reading. A body that breaks off is still a refusal.
Bytes read_refusal(ByteSource& body) {
  Bytes text(kErrorBytesMax, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = body.read(std::span(text).subspan(size));
    if (!got || *got == 0) break;
    size += *got;
  }
  text.resize(size);
  body.cancel();
  return text;
}

std::uint64_t content_length(const HttpHeaders& headers) {
  const std::string text = headers.get_or("Content-Length", "");
  std::uint64_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

// Every answer of S3's about an object has an ETag: without one, something else answers there.
Error not_an_answer(const S3Call& call, int status) {
  Error error;
  error.code = ErrorCode::store_unavailable;
  error.http_status = status;
  error.message = fmt::format("{} {}: HTTP {} without an ETag: is that an S3 endpoint?",
                              call.method, object_name(call.bucket, call.key), status);
  return error;
}

Result<ObjectInfo> info_from(const S3Call& call, const HttpResponse& response) {
  ObjectInfo info;
  info.etag = unquoted(response.headers.get_or("ETag", ""));
  if (info.etag.empty()) return fail(not_an_answer(call, response.status));
  info.size = content_length(response.headers);
  info.version = response.headers.get_or("x-amz-version-id", "");
  info.content_type = response.headers.get_or("Content-Type", "");
  info.last_modified = response.headers.get_or("Last-Modified", "");
  for (const auto& [name, value] : response.headers) {
    std::string lower = name;
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    }
    if (lower.compare(0, kMetadataPrefix.size(), kMetadataPrefix) != 0) continue;
    info.metadata.emplace(lower.substr(kMetadataPrefix.size()), value);
  }
  return info;
}

Error refusal(const S3Call& call, HttpResponse& response) {
  return s3_error(call, response.status, response.headers, read_refusal(*response.body));
}

// What the transport could not do, with the object that it was for.
Error named(const S3Call& call, Error error) {
  error.message = fmt::format("{} {}: {}", call.method,
                              call.key.empty() ? call.bucket : object_name(call.bucket, call.key),
                              error.message);
  return error;
}

HttpRequest request_for(const S3Call& call, std::string url, const Context& context) {
  HttpRequest request;
  request.method = call.method;
  request.url = std::move(url);
  request.deadline = context.deadline;
  if (!context.trace_id.empty() && is_header_value(context.trace_id)) {
    request.headers.add(kTraceHeader, context.trace_id);
  }
  return request;
}

S3Call put_call(const PutRequest& put) {
  return {"PUT", put.bucket, put.key, !std::holds_alternative<Always>(put.condition)};
}

HttpRequest put_request(const S3Endpoint& endpoint, const PutRequest& put, const Context& context) {
  HttpRequest request =
      request_for(put_call(put), object_url(endpoint, {put.bucket, put.key, {}}), context);
  request.body = put.body;
  request.headers.add("Content-Type", put.content_type);
  for (const auto& [name, value] : put.metadata) {
    request.headers.add(std::string(kMetadataPrefix) + name, value);
  }
  if (std::holds_alternative<IfAbsent>(put.condition)) {
    request.headers.add("If-None-Match", "*");
  } else if (const auto* matches = std::get_if<IfMatches>(&put.condition)) {
    request.headers.add("If-Match", quoted(matches->etag));
  }
  return request;
}

Result<PutResult> put_result(const PutRequest& put, Result<HttpResponse> response) {
  const S3Call call = put_call(put);
  if (!response) return fail(named(call, std::move(response).error()));
  if (response->status != 200) return fail(refusal(call, *response));
  // The body is empty; reading to its end keeps the connection.
  (void)read_refusal(*response->body);
  PutResult result{unquoted(response->headers.get_or("ETag", "")),
                   response->headers.get_or("x-amz-version-id", "")};
  if (result.etag.empty()) return fail(not_an_answer(call, response->status));
  return result;
}

}  // namespace

S3Store::S3Store(HttpTransport& transport, S3Endpoint endpoint)
    : transport_(transport), endpoint_(std::move(endpoint)) {}

Result<Object> S3Store::get(const ObjectId& id, const ByteRange&, const Context& context) {
  CHECKED(check_object_id(id));
  const S3Call call{"GET", id.bucket, id.key};
  auto response = transport_.open(request_for(call, object_url(endpoint_, id), context));
  if (!response) return fail(named(call, std::move(response).error()));
  if (response->status != 200) return fail(refusal(call, *response));
  TRY(info, info_from(call, *response));
  return Object{std::move(info), std::move(response->body)};
}

Result<ObjectInfo> S3Store::head(const ObjectId& id, const Context& context) {
  CHECKED(check_object_id(id));
  const S3Call call{"HEAD", id.bucket, id.key};
  auto response = transport_.open(request_for(call, object_url(endpoint_, id), context));
  if (!response) return fail(named(call, std::move(response).error()));
  if (response->status != 200) return fail(refusal(call, *response));
  return info_from(call, *response);
}

Result<PutResult> S3Store::put(const PutRequest& request, const Context& context) {
  CHECKED(check_put(request));
  return put_result(request, transport_.open(put_request(endpoint_, request, context)));
}

std::vector<Result<PutResult>> S3Store::put_all(std::span<const PutRequest> requests,
                                                const Context& context) {
  std::vector<Result<PutResult>> results;
  std::vector<HttpRequest> sent;
  std::vector<std::size_t> places;  // of what is sent, among the requests
  for (const PutRequest& request : requests) {
    const auto checked = check_put(request);
    if (checked) {
      places.push_back(results.size());
      sent.push_back(put_request(endpoint_, request, context));
      results.emplace_back();
    } else {
      results.emplace_back(fail(checked.error()));
    }
  }
  if (sent.empty()) return results;
  auto responses = transport_.send_all(sent);
  for (std::size_t i = 0; i < responses.size(); ++i) {
    results[places[i]] = put_result(requests[places[i]], std::move(responses[i]));
  }
  return results;
}

Result<void> S3Store::remove(const ObjectId&, const Context&) {
  return fail(ErrorCode::internal, "not built");
}

Result<Listing> S3Store::list(const ListRequest&, const Context&) {
  return fail(ErrorCode::internal, "not built");
}

Result<std::string> S3Store::presign(const PresignRequest&) {
  return fail(ErrorCode::internal, "not built");
}

Result<void> S3Store::reach(const std::string& bucket, const Context& context) {
  CHECKED(check_bucket(bucket));
  const S3Call call{"HEAD", bucket, ""};
  auto response =
      transport_.open(request_for(call, object_url(endpoint_, {bucket, "", ""}), context));
  if (!response) return fail(named(call, std::move(response).error()));
  if (response->status == 200) return {};
  Error error = refusal(call, *response);
  // A HEAD of a bucket is about nothing else.
  if (error.code == ErrorCode::store_not_found) error.code = ErrorCode::store_no_bucket;
  return fail(std::move(error));
}

}  // namespace miniatura
