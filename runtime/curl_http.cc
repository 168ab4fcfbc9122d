#include "runtime/curl_http.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <utility>
#include <vector>

namespace miniatura {
namespace {

constexpr std::size_t kHighWaterBytes = std::size_t{256} * 1024;  // of a body nobody pulls
constexpr long kReceiveBytes = 128L * 1024;  // libcurl's own are 16 KiB: 4 times the calls
constexpr std::size_t kHeaderBlockBytesMax = std::size_t{64} * 1024;
constexpr std::size_t kWholeReplyBytesMax = std::size_t{1} << 20;
constexpr std::size_t kIdleHandlesMax = 16;
constexpr long kConnectionIdleSecondsMax = 25;
// libcurl counts whole milliseconds, and may end a transfer a little before its time is over.
constexpr std::chrono::milliseconds kTimerGrain{5};

struct CloseEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct CloseMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, CloseEasy>;
using Multi = std::unique_ptr<CURLM, CloseMulti>;
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// "127.0.0.1:9000" of a URL: for messages, so neither user nor query.
std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const std::size_t user = url.rfind('@');
  if (user != std::string_view::npos) url.remove_prefix(user + 1);
  return std::string(url);
}

ErrorCode error_code_of(CURLcode code) {
  // An `if` ladder, not a switch: libcurl's enum has a hundred names and grows.
  constexpr std::array kInvalid = {CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL,
                                   CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING,
                                   CURLE_BAD_FUNCTION_ARGUMENT};
  constexpr std::array kUntrusted = {CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
                                     CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CERTPROBLEM};
  if (code == CURLE_OPERATION_TIMEDOUT) return ErrorCode::network_timeout;
  // What a callback of ours refuses has an error already: here it ran out of memory.
  if (code == CURLE_OUT_OF_MEMORY || code == CURLE_WRITE_ERROR) return ErrorCode::memory_exhausted;
  if (std::count(kInvalid.begin(), kInvalid.end(), code) > 0) return ErrorCode::network_invalid;
  if (std::count(kUntrusted.begin(), kUntrusted.end(), code) > 0) {
    return ErrorCode::network_untrusted;
  }
  return ErrorCode::network_unreachable;
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  // Fails only on options that this libcurl was built without; start() asks for none of them.
  curl_easy_setopt(easy, option, value);
}

class Exchange;

// The connections (they belong to the multi handle) and the idle easy handles.
class Connections {
 public:
  explicit Connections(CurlOptions options) : options_(std::move(options)) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started == CURLE_OK) multi_.reset(curl_multi_init());
    if (multi_) curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, long{kIdleHandlesMax});
  }

  const CurlOptions& options() const { return options_; }

  // Null where memory is out.
  Easy take() {
    if (idle_.empty()) return Easy(curl_easy_init());
    Easy easy = std::move(idle_.back());
    idle_.pop_back();
    return easy;
  }

  bool add(CURL* easy) { return curl_multi_add_handle(multi_.get(), easy) == CURLM_OK; }

  // Room for a body, kept from one request to the next: freed each time, it would be faulted in
  // page by page again.
  Bytes take_room() { return std::exchange(room_, {}); }
  void give_back(Bytes room) {
    room.clear();
    if (room.capacity() > room_.capacity()) room_ = std::move(room);
  }

  // In mid-transfer this costs the connection; after it, the connection is kept.
  void give_back(Easy easy) {
    if (!easy) return;
    curl_multi_remove_handle(multi_.get(), easy.get());
    curl_easy_reset(easy.get());
    if (idle_.size() < kIdleHandlesMax) idle_.push_back(std::move(easy));
  }

  // Moves every transfer on until `ready`. False: libcurl itself is in trouble.
  template <class Ready>
  bool run_until(Ready ready) {
    constexpr int kWaitMs = 60'000;  // libcurl's own timers cut it short
    while (!ready()) {
      if (!perform()) return false;
      if (ready()) break;
      if (curl_multi_poll(multi_.get(), nullptr, 0, kWaitMs, nullptr) != CURLM_OK) return false;
    }
    return true;
  }

 private:
  bool perform();

  CurlOptions options_;
  Multi multi_;
  std::vector<Easy> idle_;
  Bytes room_;
};

// One request and what has arrived of its answer. Registered with libcurl by its address.
class Exchange {
 public:
  enum class Body {
    pulled,  // paused above the high-water mark
    whole,   // kept here; too much of it is an error
  };

  Exchange(Connections& connections, const HttpRequest& request, Body mode)
      : connections_(connections),
        mode_(mode),
        what_(request.method + " " + host_of(request.url)),
        arrived_(connections.take_room()) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() {
    connections_.give_back(std::move(easy_));
    connections_.give_back(std::move(arrived_));
  }

  Result<void> start(const HttpRequest& request, const Clock& clock);

  // Until the final headers are there or the transfer ended without them.
  Result<void> wait_for_headers(bool has_body);

  bool is_finished() const { return finished_; }
  void finish(CURLcode code);
  const std::optional<Error>& error() const { return error_; }

  int status() const { return status_; }
  HttpHeaders take_headers() { return std::move(headers_); }
  Bytes take_body() { return std::move(arrived_); }
  std::optional<std::uint64_t> size_bytes() const { return size_bytes_; }

  // What ByteSource::read promises.
  Result<std::size_t> take(std::span<char> buffer);

 private:
  Result<void> check(const HttpRequest& request) const;
  Result<void> set_headers(const HttpRequest& request);
  void set_method(const HttpRequest& request);
  void set_limits(const HttpRequest& request);
  void set_trust_and_proxy(const CurlOptions& options);
  std::size_t take_header(std::string_view line);
  std::size_t take_bytes(std::string_view bytes);
  std::size_t refuse(std::string message);
  std::size_t refuse_headers() {
    return refuse(fmt::format("{}: over {} bytes of headers", what_, kHeaderBlockBytesMax));
  }
  bool is_in_headers() const;
  bool is_denied_by_proxy() const;
  Error trouble() const {
    return {ErrorCode::memory_exhausted, what_ + ": libcurl cannot go on", 0, {}, {}, {}};
  }

  static CURLcode on_tls(CURL* easy, void* ssl_context, void* self) noexcept;
  static std::size_t on_header(char* bytes, std::size_t, std::size_t count, void* self) noexcept;
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) noexcept;
  static std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* self) noexcept;

  Connections& connections_;
  Body mode_;
  std::string what_;  // "GET host:port"
  Easy easy_;
  HeaderList header_list_;
  std::array<char, CURL_ERROR_SIZE> reason_{};
  bool is_head_ = false;
  std::size_t request_body_bytes_ = 0;
  std::function<void(std::uint64_t)> on_sent_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::optional<std::chrono::milliseconds> time_left_;  // of the deadline, when it started

  int status_ = 0;
  HttpHeaders headers_;
  std::size_t header_bytes_ = 0;
  bool has_headers_ = false;
  std::optional<std::uint64_t> size_bytes_;

  Bytes arrived_;
  std::size_t taken_ = 0;   // of arrived_
  std::span<char> reader_;  // what is left of the waiting reader's buffer; empty: nobody waits
  bool paused_ = false;
  bool finished_ = false;
  std::optional<Error> error_;
};

bool Connections::perform() {
  int running = 0;
  if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return false;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Exchange* exchange = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
    exchange->finish(message->data.result);
  }
  return true;
}

Result<void> Exchange::check(const HttpRequest& request) const {
  const auto breaks_line = [](std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
  };
  bool broken = request.method.empty() || breaks_line(request.method) || breaks_line(request.url) ||
                request.method.find(' ') != std::string::npos;
  for (const auto& [name, value] : request.headers) {
    broken = broken || breaks_line(name) || breaks_line(value);
  }
  if (!broken) return {};
  return fail(ErrorCode::network_invalid,
              fmt::format("{}: a line break in the method, the URL or a header", host_of(what_)));
}

Result<void> Exchange::start(const HttpRequest& request, const Clock& clock) {
  CHECKED(check(request));
  if (request.deadline.is_set()) {
    time_left_ = request.deadline.remaining(clock);
    if (time_left_->count() == 0) {
      return fail(ErrorCode::deadline_exceeded, what_ + ": no time left to send it");
    }
  }
  easy_ = connections_.take();
  if (!easy_) return fail(trouble());
  CURL* const easy = easy_.get();
  set(easy, CURLOPT_URL, request.url.c_str());
  set(easy, CURLOPT_PRIVATE, static_cast<void*>(this));
  set(easy, CURLOPT_ERRORBUFFER, reason_.data());
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy, CURLOPT_HEADERFUNCTION, &on_header);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy, CURLOPT_WRITEFUNCTION, &on_body);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
  set_method(request);
  if (request.on_sent) {
    on_sent_ = request.on_sent;
    set(easy, CURLOPT_NOPROGRESS, 0L);
    set(easy, CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(easy, CURLOPT_XFERINFODATA, static_cast<void*>(this));
  }
  set_limits(request);
  set_trust_and_proxy(connections_.options());
  CHECKED(set_headers(request));
  if (!connections_.add(easy)) return fail(trouble());
  return {};
}

void Exchange::set_method(const HttpRequest& request) {
  CURL* const easy = easy_.get();
  is_head_ = request.method == "HEAD";
  request_body_bytes_ = request.body.size();
  if (is_head_) {
    set(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!request.body.empty() || request.method == "PUT" || request.method == "POST") {
    // Not a read callback with a length of its own: on a status of 300 or more libcurl would drop
    // the connection.
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  } else {
    set(easy, CURLOPT_HTTPGET, 1L);
  }
  set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void Exchange::set_limits(const HttpRequest& request) {
  CURL* const easy = easy_.get();
  const auto as_long = [](std::chrono::milliseconds time) {
    return static_cast<long>(std::clamp<std::int64_t>(time.count(), 0, INT_MAX));
  };
  set(easy, CURLOPT_BUFFERSIZE, kReceiveBytes);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_TCP_NODELAY, 1L);
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_MAXAGE_CONN, kConnectionIdleSecondsMax);
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, as_long(request.connect_timeout));
  set(easy, CURLOPT_TIMEOUT_MS, time_left_ ? as_long(*time_left_) : 0L);
  const long stall_seconds = (as_long(request.stall_timeout) + 999) / 1000;
  set(easy, CURLOPT_LOW_SPEED_LIMIT, stall_seconds > 0 ? 1L : 0L);
  set(easy, CURLOPT_LOW_SPEED_TIME, stall_seconds);
}

void Exchange::set_trust_and_proxy(const CurlOptions& options) {
  CURL* const easy = easy_.get();
  set(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  set(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  // Not libcurl's own way, which reads all authorities for a connection.
  set(easy, CURLOPT_CAINFO, nullptr);
  set(easy, CURLOPT_CAPATH, nullptr);
  set(easy, CURLOPT_SSL_CTX_FUNCTION, &on_tls);
  set(easy, CURLOPT_SSL_CTX_DATA, static_cast<void*>(this));
  if (!options.use_proxy) set(easy, CURLOPT_NOPROXY, "*");
}

Result<void> Exchange::set_headers(const HttpRequest& request) {
  const auto append = [this](const std::string& line) {
    curl_slist* const longer = curl_slist_append(header_list_.get(), line.c_str());
    if (longer == nullptr) return false;
    static_cast<void>(header_list_.release());
    header_list_.reset(longer);
    return true;
  };
  // What libcurl would add by itself; "Name:" suppresses it.
  bool fits = append("Expect:");
  for (const char* name : {"Accept", "Content-Type"}) {
    if (!request.headers.get(name)) fits = fits && append(fmt::format("{}:", name));
  }
  for (const auto& [name, value] : request.headers) {
    // "Name;" is libcurl's way to say: the header, with nothing in it.
    fits = fits && append(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  if (!fits) return fail(trouble());
  set(easy_.get(), CURLOPT_HTTPHEADER, header_list_.get());
  return {};
}

Result<void> Exchange::wait_for_headers(bool has_body) {
  // The request's body is borrowed, and a server may answer before it has read it: then the answer
  // is awaited up to the high-water mark. Answers to such requests are short.
  const auto ready = [&] { return finished_ || (has_headers_ && (!has_body || paused_)); };
  if (!connections_.run_until(ready)) return fail(trouble());
  if (!has_headers_ && error_) return fail(*error_);
  if (!has_headers_) return fail(ErrorCode::network_invalid, what_ + ": an answer without headers");
  curl_off_t sent = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  if (!finished_ && sent < static_cast<curl_off_t>(request_body_bytes_)) {
    return fail(ErrorCode::network_invalid,
                fmt::format("{}: a long answer before the {} bytes of the request were sent", what_,
                            request_body_bytes_));
  }
  return {};
}

// Bytes of an answer are there, and its headers have no end yet.
bool Exchange::is_in_headers() const {
  curl_off_t first_byte_us = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us);
  return first_byte_us > 0 && !has_headers_;
}

// What a proxy answered to CONNECT, if that will not change by asking again.
bool Exchange::is_denied_by_proxy() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &status);
  return status >= 400 && status < 500 && status != 408 && status != 429;
}

void Exchange::finish(CURLcode code) {
  finished_ = true;
  // What libcurl says of a header line over its own limit, CURL_MAX_HTTP_HEADER.
  static_assert(CURL_MAX_HTTP_HEADER >= kHeaderBlockBytesMax);
  if (code == CURLE_OUT_OF_MEMORY && is_in_headers()) refuse_headers();
  if (code == CURLE_OK || error_) return;  // ours says why libcurl was made to stop
  Error error;
  error.code = is_denied_by_proxy() ? ErrorCode::network_denied : error_code_of(code);
  const auto passed = std::chrono::steady_clock::now() - started_;
  if (error.code == ErrorCode::network_timeout && time_left_ &&
      passed + kTimerGrain >= *time_left_) {
    error.code = ErrorCode::deadline_exceeded;
  }
  error.message =
      fmt::format("{}: {}", what_, reason_[0] != '\0' ? reason_.data() : curl_easy_strerror(code));
  if (error.code == ErrorCode::network_untrusted) {
    error.message += fmt::format(" (trusted is {})", connections_.options().trusted->place());
  }
  error_ = std::move(error);
}

Result<std::size_t> Exchange::take(std::span<char> buffer) {
  if (taken_ == arrived_.size()) {
    arrived_.clear();
    taken_ = 0;
    reader_ = buffer;
    if (paused_) {
      paused_ = false;
      curl_easy_pause(easy_.get(), CURLPAUSE_CONT);  // may deliver at once
    }
    const bool ran = connections_.run_until(
        [&] { return finished_ || reader_.size() < buffer.size() || !arrived_.empty(); });
    const std::size_t given = buffer.size() - reader_.size();
    reader_ = {};
    if (!ran) return fail(trouble());
    if (given > 0) return given;
    if (arrived_.empty() && error_) return fail(*error_);
  }
  const std::size_t count = std::min(buffer.size(), arrived_.size() - taken_);
  if (count > 0) std::memcpy(buffer.data(), arrived_.data() + taken_, count);
  taken_ += count;
  return count;
}

// What a callback returns to make libcurl stop; the error is ours.
std::size_t Exchange::refuse(std::string message) {
  error_ = fail(ErrorCode::network_invalid, std::move(message)).value();
  return 0;
}

std::size_t Exchange::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > kHeaderBlockBytesMax) return refuse_headers();
  const std::size_t whole = line.size();
  if (has_headers_) return whole;  // a trailer
  line = line.substr(0, line.find_last_not_of("\r\n") + 1);
  if (line.substr(0, 5) == "HTTP/") {
    headers_ = {};
  } else if (line.empty()) {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    status_ = static_cast<int>(status);
    has_headers_ = status >= 200;
    curl_off_t length = -1;
    curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length >= 0 && !is_head_) size_bytes_ = static_cast<std::uint64_t>(length);
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.size(), value.find_first_not_of(" \t")));
    value = value.substr(0, value.find_last_not_of(" \t") + 1);
    std::string text(value);  // RFC 9110, 5.5: a CR that ends no line is a space
    std::replace(text.begin(), text.end(), '\r', ' ');
    headers_.add(std::string(line.substr(0, colon)), std::move(text));
  }
  return whole;
}

std::size_t Exchange::take_bytes(std::string_view bytes) {
  if (mode_ == Body::pulled && arrived_.size() - taken_ >= kHighWaterBytes) {
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (mode_ == Body::whole && arrived_.size() + bytes.size() > kWholeReplyBytesMax) {
    return refuse(fmt::format("{}: an answer over {} bytes", what_, kWholeReplyBytesMax));
  }
  // To the reader who waits, without a stop in between; what does not fit is kept.
  const std::size_t given = arrived_.empty() ? std::min(reader_.size(), bytes.size()) : 0;
  if (given > 0) std::memcpy(reader_.data(), bytes.data(), given);
  reader_ = reader_.subspan(given);
  arrived_.append(bytes.substr(given));
  return bytes.size();
}

// No exception may cross libcurl: out of memory ends the transfer.
std::size_t Exchange::on_header(char* bytes, std::size_t, std::size_t count, void* self) noexcept {
  try {
    return static_cast<Exchange*>(self)->take_header({bytes, count});
  } catch (...) {
    return 0;
  }
}

CURLcode Exchange::on_tls(CURL*, void* ssl_context, void* self) noexcept {
  try {
    const Connections& connections = static_cast<const Exchange*>(self)->connections_;
    const bool is_done = trust_only(ssl_context, connections.options().trusted);
    return is_done ? CURLE_OK : CURLE_OUT_OF_MEMORY;
  } catch (...) {
    return CURLE_OUT_OF_MEMORY;
  }
}

int Exchange::on_progress(void* self, curl_off_t, curl_off_t, curl_off_t,
                          curl_off_t sent) noexcept {
  try {
    static_cast<Exchange*>(self)->on_sent_(static_cast<std::uint64_t>(sent));
    return 0;
  } catch (...) {
    return 1;
  }
}

std::size_t Exchange::on_body(char* bytes, std::size_t, std::size_t count, void* self) noexcept {
  try {
    return static_cast<Exchange*>(self)->take_bytes({bytes, count});
  } catch (...) {
    return 0;
  }
}

class PulledBody final : public ByteSource {
 public:
  explicit PulledBody(std::unique_ptr<Exchange> exchange)
      : exchange_(std::move(exchange)), size_bytes_(exchange_->size_bytes()) {}
  std::optional<std::uint64_t> size_bytes() const override { return size_bytes_; }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override { return exchange_->take(buffer); }
  void stop() override { exchange_.reset(); }

  std::unique_ptr<Exchange> exchange_;
  std::optional<std::uint64_t> size_bytes_;
};

class CurlTransport final : public HttpTransport {
 public:
  CurlTransport(CurlOptions options, const Clock& clock)
      : connections_(std::move(options)), clock_(clock) {}

  Result<HttpResponse> open(const HttpRequest& request) override {
    auto exchange = std::make_unique<Exchange>(connections_, request, Exchange::Body::pulled);
    CHECKED(exchange->start(request, clock_));
    CHECKED(exchange->wait_for_headers(!request.body.empty()));
    HttpResponse response{exchange->status(), exchange->take_headers(), nullptr};
    response.body = std::make_unique<PulledBody>(std::move(exchange));
    return response;
  }

  std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest> requests) override {
    struct Running {
      std::unique_ptr<Exchange> exchange;
      Result<void> started;
    };
    std::vector<Running> all;
    for (const HttpRequest& request : requests) {
      auto exchange = std::make_unique<Exchange>(connections_, request, Exchange::Body::whole);
      auto started = exchange->start(request, clock_);
      all.push_back({std::move(exchange), std::move(started)});
    }
    const bool ran = connections_.run_until([&] {
      return std::all_of(all.begin(), all.end(), [](const Running& one) {
        return !one.started || one.exchange->is_finished();
      });
    });
    std::vector<Result<HttpResponse>> results;
    for (Running& one : all) {
      if (!one.started) {
        results.push_back(fail(one.started.error()));
      } else if (!ran) {
        results.push_back(fail(ErrorCode::memory_exhausted, "libcurl cannot go on"));
      } else if (one.exchange->error()) {
        results.push_back(fail(*one.exchange->error()));
      } else {
        results.push_back(HttpResponse{one.exchange->status(), one.exchange->take_headers(),
                                       std::make_unique<MemorySource>(one.exchange->take_body())});
      }
    }
    return results;
  }

 private:
  Connections connections_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<HttpTransport> make_curl_transport(CurlOptions options, const Clock& clock) {
  if (!options.trusted) options.trusted = system_authorities();
  return std::make_unique<CurlTransport>(std::move(options), clock);
}

}  // namespace miniatura
