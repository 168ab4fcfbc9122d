#include "runtime/lambda_loop.h"

#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <charconv>
#include <csignal>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/lambda_api.h"
#include "runtime/lambda_log.h"
#include "runtime/retry.h"

namespace miniatura {
namespace {

constexpr int kWorkersMax = 4'096;
constexpr char kTraceVariable[] = "_X_AMZN_TRACE_ID";
constexpr char kExtensionName[] = "miniatura";

// What SIGTERM's handler may look at.
std::atomic<int> events_in_hand{0};
std::atomic<bool> is_ending{false};
std::atomic<bool> has_fault{false};  // a worker could not go on
std::atomic<bool> warm{false};       // an event was taken, or nobody waits for the first
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

int exit_code() { return has_fault ? 1 : 0; }

extern "C" void on_sigterm(int /*signal*/) {
  is_ending = true;
  if (events_in_hand == 0) ::_exit(exit_code());  // the workers wait in a poll that may never end
}

class SigtermTaken {
 public:
  SigtermTaken() {
    is_ending = false;
    has_fault = false;
    struct sigaction action {};
    action.sa_handler = on_sigterm;
    ::sigaction(SIGTERM, &action, &before_);
  }
  SigtermTaken(const SigtermTaken&) = delete;
  SigtermTaken& operator=(const SigtermTaken&) = delete;
  ~SigtermTaken() { ::sigaction(SIGTERM, &before_, nullptr); }

 private:
  struct sigaction before_ {};
};

class EventInHand {
 public:
  EventInHand() { ++events_in_hand; }
  EventInHand(const EventInHand&) = delete;
  EventInHand& operator=(const EventInHand&) = delete;
  ~EventInHand() { --events_in_hand; }
};

LambdaError lambda_error_of(const Error& error) {
  return {lambda_error_type(error.code), error.message};
}

LambdaError thrown(const char* what) {
  return {lambda_error_type(ErrorCode::internal), fmt::format("uncaught exception: {}", what)};
}

// One kept connection, one HandleFn: next -> handle -> post.
class Worker {
 public:
  Worker(const LambdaLoop& loop, HandleFn handle)
      : loop_(loop),
        transport_(loop.make_transport()),
        api_(*transport_, loop.endpoint),
        handle_(std::move(handle)) {}

  // Until the sandbox ends, or with has_fault for a fault of the API: the worker cannot go on.
  void run() {
    while (!is_ending && serve_next()) {
    }
  }

 private:
  bool serve_next() {
    std::optional<EventInHand> in_hand;  // from its first bytes on: SIGTERM is not to cut it short
    auto invocation = with_tries([&] {
      in_hand.reset();
      return api_.next([&] { in_hand.emplace(); });
    });
    if (!invocation) {
      loop_.log->write(LogLevel::error, "no next event: " + invocation.error().message);
    }
    const bool goes_on = invocation && serve(*invocation);
    if (!goes_on) has_fault = true;
    return goes_on;
  }

  bool serve(Invocation& invocation) {
    if (invocation.request_id.empty()) {
      loop_.log->write(LogLevel::error, "an event without a request id: nobody to answer");
      return true;
    }
    // Libraries look there; with several workers it would be somebody else's.
    if (loop_.workers == 1) {
      set_process_variable(kTraceVariable, invocation.trace_id.empty()
                                               ? std::nullopt
                                               : std::optional(invocation.trace_id));
    }
    const tl::expected<std::string, LambdaError> answer = answer_to(invocation);
    const auto status = with_tries([&] {
      return answer ? api_.post_response(invocation, *answer)
                    : api_.post_error(invocation, answer.error());
    });
    return is_settled(invocation, answer ? answer->size() : 0, status);
  }

  tl::expected<std::string, LambdaError> answer_to(Invocation& invocation) {
    Delivery delivery{std::move(invocation.payload), "lambda",
                      invocation.request_id,         invocation.trace_id,
                      invocation.deadline(),         1};
    delivery.log_fields = invocation_fields(invocation, !warm.exchange(true));
    try {
      Handled handled = handle_(delivery);
      const Item* const failure = handled.failure();
      if (failure == nullptr) return std::move(handled.reply);
      return tl::make_unexpected(lambda_error_of(failure->why.value_or(
          Error{ErrorCode::internal, "failed, without a cause", 0, {}, {}, {}})));
    } catch (const std::exception& error) {
      return tl::make_unexpected(thrown(error.what()));
    } catch (...) {
      return tl::make_unexpected(thrown("of an unknown type"));
    }
  }

  // After any answer but 5xx the platform knows what became of the event: an /error after a refused
  // /response would be refused as well.
  bool is_settled(const Invocation& invocation, std::size_t reply_bytes,
                  const Result<int>& status) const {
    if (status && *status == 202) return true;
    Json fields = {{"function_request_id", invocation.request_id}};
    if (!status) {
      loop_.log->write(LogLevel::error, "the answer could not be posted: " + status.error().message,
                       fields);
      return true;
    }
    fields.update({{"status", *status}, {"reply_bytes", reply_bytes}});
    if (*status == 413) fields["reply_bytes_max"] = kLambdaReplyBytesMax;
    const bool is_fatal = *status >= 500;
    loop_.log->write(is_fatal ? LogLevel::error : LogLevel::warn,
                     fmt::format("the Lambda Runtime API refused the answer: {}", *status), fields);
    return !is_fatal;
  }

  template <class Call>
  auto with_tries(Call call) -> decltype(call()) {
    const BackoffPolicy policy;
    for (int attempt = 1;; ++attempt) {
      auto result = call();
      if (result || attempt >= policy.attempts_max ||
          !is_retryable_network_error(result.error().code)) {
        return result;
      }
      loop_.clock->sleep_for(
          backoff_delay(policy, attempt, random_(), std::chrono::milliseconds::max()));
    }
  }

  const LambdaLoop& loop_;
  std::unique_ptr<HttpTransport> transport_;
  LambdaApi api_;
  HandleFn handle_;
  std::function<double()> random_ = system_random();
};

int fail_init(const LambdaLoop& loop, const LambdaError& error) {
  loop.log->write(LogLevel::error, "cannot start: " + error.message, {{"error_type", error.type}});
  const auto transport = loop.make_transport();
  const auto posted = LambdaApi(*transport, loop.endpoint).post_init_error(error);
  if (!posted) loop.log->write(LogLevel::error, "nor tell Lambda so: " + posted.error().message);
  return 1;
}

// Its connection is of before the snapshot, and goes with it.
bool wait_for_restore(const LambdaLoop& loop) {
  const auto transport = loop.make_transport();
  const auto restored = LambdaApi(*transport, loop.endpoint).wait_for_restore();
  if (!restored) loop.log->write(LogLevel::error, "no restore: " + restored.error().message);
  return restored.has_value();
}

// Registered, the sandbox announces its end by SIGTERM. Works without: a warning.
void start_extension(const LambdaLoop& loop) {
  auto transport = loop.make_transport();
  const auto identifier = LambdaApi(*transport, loop.endpoint).register_extension(kExtensionName);
  if (!identifier) {
    loop.log->write(LogLevel::warn, "no SIGTERM will come: " + identifier.error().message);
    return;
  }
  // Detached: it waits for an event that never comes, which nothing can call it back from.
  std::thread([own = std::move(transport), endpoint = loop.endpoint, id = *identifier] {
    static_cast<void>(LambdaApi(*own, endpoint).next_extension_event(id));
  }).detach();
}

// Each on a thread of its own. When the sandbox ends, the last one that had an event in hand ends
// the process, for the others wait in a poll.
void run_side_by_side(std::vector<std::unique_ptr<Worker>>& workers) {
  std::vector<std::thread> threads;
  threads.reserve(workers.size());
  for (const auto& worker : workers) {
    threads.emplace_back([&worker] {
      worker->run();
      if (is_ending && events_in_hand == 0) ::_exit(exit_code());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

Result<int> whole_number(const Environment& environment, const std::string& name, int fallback,
                         int low, int high) {
  const auto text = environment.get(name);
  if (!text) return fallback;
  int number = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc{} && rest == end && number >= low && number <= high) return number;
  return fail(ErrorCode::config_invalid,
              fmt::format("{}: \"{}\" is not a number from {} to {}", name, *text, low, high));
}

}  // namespace

Result<LambdaLoop> lambda_loop_from(const Environment& environment) {
  LambdaLoop loop;
  loop.endpoint = environment.get_or("AWS_LAMBDA_RUNTIME_API", "");
  if (loop.endpoint.empty()) {
    return fail(ErrorCode::config_missing,
                "AWS_LAMBDA_RUNTIME_API is not set: this is not AWS Lambda, nor its emulator");
  }
  CHECKED(check_lambda_endpoint(loop.endpoint));
  return loop;
}

Result<void> read_settings(const Environment& environment, LambdaLoop& loop) {
  TRY(workers, whole_number(environment, "AWS_LAMBDA_MAX_CONCURRENCY", 1, 1, kWorkersMax));
  TRY(extension, whole_number(environment, "MINIATURA_LAMBDA_EXTENSION", 0, 0, 1));
  loop.workers = workers;
  loop.extension = extension == 1;
  const std::string start = environment.get_or("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
  loop.snap_start = start == "snap-start";
  loop.starts_ahead = start == "provisioned-concurrency" || start == "lambda-managed-instances";
  return {};
}

int run_lambda_loop(const LambdaLoop& loop, const HandleFactory& make_handle,
                    const std::optional<Error>& init_error) {
  assert(loop.make_transport && loop.log != nullptr && loop.clock != nullptr);
  if (const auto checked = check_lambda_endpoint(loop.endpoint); !checked) {
    loop.log->write(LogLevel::error, checked.error().message);
    return 1;
  }
  if (init_error) return fail_init(loop, lambda_error_of(*init_error));
  std::vector<std::unique_ptr<Worker>> workers;
  try {
    for (int i = 0; i < loop.workers; ++i) {
      workers.push_back(std::make_unique<Worker>(loop, make_handle()));
    }
  } catch (const std::exception& error) {
    return fail_init(loop, thrown(error.what()));
  } catch (...) {
    return fail_init(loop, thrown("of an unknown type"));
  }
  const SigtermTaken sigterm;
  if (loop.extension) start_extension(loop);
  if (loop.snap_start && !wait_for_restore(loop)) return 1;
  warm = loop.starts_ahead;
  // No thread is made for one: a cold start is not to pay for it.
  if (workers.size() == 1) {
    workers.front()->run();
  } else {
    run_side_by_side(workers);
  }
  return exit_code();
}

}  // namespace miniatura
