#include "runtime/retry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace miniatura {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kDrainedBytesMax = std::uint64_t{64} * 1024;

// Retry-After in seconds. The form with a date is not used by the services that we speak to.
std::optional<milliseconds> retry_after(const HttpHeaders& headers) {
  const std::string text = headers.get_or("Retry-After", "");
  std::uint32_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return std::chrono::seconds(seconds);
}

// Reads a short body to its end, which keeps the connection; a long one costs it.
void drop(HttpResponse& response) {
  if (response.body->size_bytes().value_or(kDrainedBytesMax + 1) > kDrainedBytesMax) {
    response.body->cancel();
  } else {
    static_cast<void>(
        read_all(*response.body, kDrainedBytesMax, ErrorCode::network_invalid, "a failed reply"));
  }
}

class RetryingTransport final : public HttpTransport {
 public:
  RetryingTransport(HttpTransport& inner, Clock& clock, std::function<double()> unit_random,
                    BackoffPolicy policy)
      : inner_(inner), clock_(clock), unit_random_(std::move(unit_random)), policy_(policy) {}

  Result<HttpResponse> open(const HttpRequest& request) override {
    for (int attempt = 1;; ++attempt) {
      auto result = inner_.open(request);
      const auto wait = wait_before(attempt, request, result);
      if (!wait) return result;
      if (result) drop(*result);
      clock_.sleep_for(*wait);
    }
  }

  std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest> requests) override {
    std::vector<Result<HttpResponse>> results = inner_.send_all(requests);
    for (int attempt = 1;; ++attempt) {
      std::vector<std::size_t> failed;
      std::vector<HttpRequest> again;
      milliseconds longest{0};
      for (std::size_t i = 0; i < results.size(); ++i) {
        const auto wait = wait_before(attempt, requests[i], results[i]);
        if (!wait) continue;
        failed.push_back(i);
        again.push_back(requests[i]);
        longest = std::max(longest, *wait);
      }
      if (failed.empty()) return results;
      clock_.sleep_for(longest);
      auto answers = inner_.send_all(again);
      for (std::size_t i = 0; i < failed.size(); ++i) results[failed[i]] = std::move(answers[i]);
    }
  }

 private:
  // How long to wait before attempt `attempt` + 1; nothing if `result` is to be the last word.
  std::optional<milliseconds> wait_before(int attempt, const HttpRequest& request,
                                          const Result<HttpResponse>& result) {
    const bool worth_it = result ? is_retryable_status(result->status)
                                 : is_retryable_network_error(result.error().code);
    if (!worth_it || attempt >= policy_.attempts_max) return std::nullopt;
    const milliseconds left = request.deadline.remaining(clock_);
    BackoffPolicy pace = policy_;
    if (result && (result->status == 429 || result->status == 503)) pace.base = pace.throttled_base;
    milliseconds wait = backoff_delay(pace, attempt, unit_random_(), left);
    if (result) wait = std::max(wait, retry_after(result->headers).value_or(milliseconds(0)));
    if (wait > policy_.cap || wait >= left) return std::nullopt;
    return wait;
  }

  HttpTransport& inner_;
  Clock& clock_;
  std::function<double()> unit_random_;
  BackoffPolicy policy_;
};

}  // namespace

milliseconds backoff_delay(const BackoffPolicy& policy, int attempt, double unit_random,
                           milliseconds remaining) {
  const auto base = static_cast<double>(policy.base.count());
  const auto cap = static_cast<double>(policy.cap.count());
  const double ceiling = std::min(std::ldexp(base, std::max(attempt, 0)), cap);
  return std::min(milliseconds(static_cast<std::int64_t>(unit_random * ceiling)), remaining);
}

bool is_retryable_status(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
         status == 504;
}

bool is_retryable_network_error(ErrorCode code) {
  return code == ErrorCode::network_unreachable || code == ErrorCode::network_timeout;
}

std::unique_ptr<HttpTransport> make_retrying_transport(HttpTransport& inner, Clock& clock,
                                                       std::function<double()> unit_random,
                                                       BackoffPolicy policy) {
  return std::make_unique<RetryingTransport>(inner, clock, std::move(unit_random), policy);
}

std::function<double()> system_random() {
  return [engine = std::mt19937(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

}  // namespace miniatura
