#include "runtime/http_server_request.h"

#include <fmt/core.h>

#include <boost/beast/http/basic_parser.hpp>
#include <string_view>
#include <utility>

#include "runtime/text.h"

namespace miniatura {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t kHeadersMax = 100;  // each takes more memory than its bytes

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

HttpRefusal malformed(std::string message) {
  return {400, "http.malformed", "the request is refused: " + std::move(message)};
}

// In the absolute form, that of proxies ("http://host/path"), what comes before the path is left
// out. Empty: it is neither that nor a path.
std::string_view path_and_query(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (lower_case(target.substr(0, scheme.size())) != scheme) continue;
    target.remove_prefix(scheme.size());
    const std::size_t end = target.find_first_of("/?");
    return end == 0 || target.empty() ? "" : end == target.npos ? "/" : target.substr(end);
  }
  return target.substr(0, 1) == "/" ? target : "";
}

}  // namespace

// Beast reads lines, fields and chunks; here is what they mean to us.
class RequestReader::Parser final : public http::basic_parser<true> {
 public:
  explicit Parser(const HttpServerLimits& limits) : limits_(limits) {
    header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    body_limit(limits.body_bytes);
  }

  Progress feed(Bytes& input) {
    // Some send a line's end after a body that counts none: RFC 9112, 2.2.
    while (!got_some() && input.compare(0, 2, "\r\n") == 0) {
      input.erase(0, 2);
      head_bytes_ += 2;
    }
    if (!got_some() && input == "\r") return Progress::more;
    if (!is_header_done()) {
      const Progress progress = feed_head(input);
      if (progress != Progress::head || !is_done()) return progress;
    }
    if (is_done()) return Progress::whole;
    const error_code error = put_some(input);
    if (is_done()) return Progress::whole;
    if (error && error != http::error::need_more) return refuse(error);
    // A chunk's head or the trailer, which nobody reads.
    if (input.size() > limits_.header_bytes) return refuse(error_code(http::error::bad_chunk));
    return Progress::more;
  }

  std::size_t held_bytes() const { return head_bytes_ + request_.body.size(); }

  bool wants_continue_ = false;
  bool is_head_ = false;
  bool is_old_ = false;
  HttpRefusal refusal_;
  ServedRequest request_;

 private:
  Progress feed_head(Bytes& input) {
    const std::size_t before = input.size();
    const error_code error = put_some(input);
    head_bytes_ += before - input.size();
    const std::size_t known = head_bytes_ + (is_header_done() ? 0 : input.size());
    if (known > limits_.header_bytes) return refuse(error_code(http::error::header_limit));
    if (error == http::error::need_more) return Progress::more;
    if (error) return refuse(error);
    if (!is_header_done()) return Progress::more;
    eager(true);
    return check_head() ? Progress::head : Progress::refused;
  }

  error_code put_some(Bytes& input) {
    error_code error;
    input.erase(0, put(boost::asio::buffer(input.data(), input.size()), error));
    return error;
  }

  Progress refuse(HttpRefusal refusal) {
    refusal_ = std::move(refusal);
    return Progress::refused;
  }

  Progress refuse(const error_code& error) {
    if (error == http::error::body_limit) {
      return refuse({413, "http.body_too_large",
                     fmt::format("the body is over the limit of {} bytes", limits_.body_bytes)});
    }
    if (error == http::error::header_limit) {
      return refuse({431, "http.header_too_large",
                     fmt::format("the head is over the limit of {} bytes or {} headers",
                                 limits_.header_bytes, kHeadersMax)});
    }
    return refuse(malformed(error.message()));
  }

  bool check_head() {
    if (lengths_ > 1) {
      refusal_ = malformed("it has more than one Content-Length");
    } else if (codings_ > 0 && (is_old_ || lengths_ > 0 || !is_chunked_)) {
      refusal_ = malformed("of transfer codings only \"chunked\", alone, of HTTP/1.1, is known");
    } else if (hosts_ > 1 || (hosts_ == 0 && !is_old_)) {
      refusal_ = malformed(fmt::format("it has {} Host headers, not one", hosts_));
    } else if (request_.path.empty()) {
      refusal_ = malformed("its target is no path");
    } else if (expects_else_) {
      refusal_ = {417, "http.expectation_failed", "no expectation but 100-continue can be met"};
    } else {
      return true;
    }
    return false;
  }

  void on_request_impl(http::verb verb, boost::beast::string_view method,
                       boost::beast::string_view target, int version,
                       error_code& /*error*/) override {
    request_.method = view(method);
    is_head_ = verb == http::verb::head;
    is_old_ = version < 11;
    const bool asks_all = verb == http::verb::options && target == "*";
    const std::string_view wanted = asks_all ? "*" : path_and_query(view(target));
    const std::size_t mark = wanted.find('?');
    request_.path = wanted.substr(0, mark);
    if (mark != wanted.npos) request_.query = wanted.substr(mark + 1);
    if (request_.path.empty() && mark == 0) request_.path = "/";
  }

  void on_field_impl(http::field field, boost::beast::string_view name,
                     boost::beast::string_view value, error_code& error) override {
    if (is_header_done()) return;  // a trailer, which must not pass for a header
    if (request_.headers.size() == kHeadersMax) {
      error = error_code(http::error::header_limit);
      return;
    }
    if (field == http::field::host) ++hosts_;
    if (field == http::field::content_length) lengths_ += value.find(',') == value.npos ? 1 : 2;
    if (field == http::field::transfer_encoding) {
      ++codings_;
      is_chunked_ = codings_ == 1 && lower_case(view(value)) == "chunked";
    }
    if (field == http::field::expect && !is_old_) {
      wants_continue_ = lower_case(view(value)) == "100-continue";
      expects_else_ = expects_else_ || !wants_continue_;
    }
    request_.headers.add(lower_case(view(name)), std::string(view(value)));
  }

  std::size_t add(boost::beast::string_view bytes) {
    request_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  std::size_t on_body_impl(boost::beast::string_view bytes, error_code& /*error*/) override {
    return add(bytes);
  }
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, boost::beast::string_view bytes,
                                 error_code& /*error*/) override {
    return add(bytes);
  }

  void on_response_impl(int /*code*/, boost::beast::string_view /*reason*/, int /*version*/,
                        error_code& /*error*/) override {}
  void on_header_impl(error_code& /*error*/) override {}
  // Nothing is reserved for a body that is only announced.
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         error_code& /*error*/) override {}
  void on_chunk_header_impl(std::uint64_t /*size*/, boost::beast::string_view /*extensions*/,
                            error_code& /*error*/) override {}
  void on_finish_impl(error_code& /*error*/) override {}

  const HttpServerLimits limits_;
  std::size_t head_bytes_ = 0;
  int lengths_ = 0;
  int codings_ = 0;
  int hosts_ = 0;
  bool is_chunked_ = false;
  bool expects_else_ = false;
};

RequestReader::RequestReader(const HttpServerLimits& limits)
    : parser_(std::make_unique<Parser>(limits)) {}
RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader& RequestReader::operator=(RequestReader&&) noexcept = default;
RequestReader::~RequestReader() = default;

RequestReader::Progress RequestReader::feed(Bytes& input) { return parser_->feed(input); }
bool RequestReader::wants_continue() const { return parser_->wants_continue_; }
bool RequestReader::keeps_connection() const { return parser_->keep_alive(); }
bool RequestReader::is_head() const { return parser_->is_head_; }
bool RequestReader::is_old() const { return parser_->is_old_; }
std::size_t RequestReader::held_bytes() const { return parser_->held_bytes(); }
const HttpRefusal& RequestReader::refusal() const { return parser_->refusal_; }
ServedRequest RequestReader::take() { return std::move(parser_->request_); }

}  // namespace miniatura
