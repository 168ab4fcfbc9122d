#include "runtime/queue_amqp.h"

#include <fmt/core.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <memory>

#include "runtime/retry.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds kGlance = 5s;  // heartbeats want one every 15 s
constexpr milliseconds kDrain = 25s;
constexpr milliseconds kStable = 10s;  // a connection that ends sooner has not helped
constexpr std::uint16_t kRouterPrefetch = 32;
constexpr BackoffPolicy kReconnect{200ms, 1s, 30s, 0};

milliseconds until(Steady::time_point time) {
  return std::max(std::chrono::ceil<milliseconds>(time - Steady::now()), 0ms);
}

class Door {
 public:
  Door(const AmqpDoor& door, JobThreads& threads, const StopSignal& stop)
      : door_(door), log_(*door.session.log), threads_(threads), stop_(stop) {}

  Result<AmqpEnd> run() {
    for (int failures = 0; !stop_.has_come();) {
      const auto connected = connect();
      if (connected) {
        was_connected_ = true;
        tell(std::nullopt);
        const Steady::time_point begun = Steady::now();
        const auto served = serve();
        if (served) return drain();
        if (Steady::now() - begun > kStable) failures = 0;
        log_.write(LogLevel::warn, "lost the broker: " + served.error().message, place());
        tell(served.error());
        session_.reset();
        connection_.reset();
      } else if (!was_connected_ && connected.error().code != ErrorCode::queue_unavailable) {
        return fail(connected.error());
      } else {
        const auto level = failures == 0 ? LogLevel::warn : LogLevel::info;
        log_.write(level, "no broker: " + connected.error().message, place());
        tell(connected.error());
      }
      wait_before_connecting(++failures);
    }
    return drain();
  }

 private:
  void tell(const std::optional<Error>& why) const {
    if (door_.on_connection) door_.on_connection(why);
  }
  Json place() const { return {{"door", "amqp"}, {"broker", door_.broker.address.text()}}; }

  Result<void> connect() {
    TRY(connection, AmqpConnection::open(door_.broker));
    CHECKED(declare(*connection, door_.topology));
    CHECKED(connection->prefetch(static_cast<std::uint16_t>(door_.prefetch)));
    for (const std::string& queue : door_.queues) CHECKED(connection->consume(queue));
    CHECKED(connection->prefetch(kRouterPrefetch));
    if (door_.routes) CHECKED(connection->consume(kAmqpWorkQueue));
    connection_ = std::move(connection);
    session_ = std::make_unique<AmqpSession>(*connection_, door_.session, tickets_);
    Json fields = place();
    fields["queues"] = door_.queues;
    fields["routes"] = door_.routes;
    log_.write(LogLevel::info, "connected to the broker", fields);
    return {};
  }

  // What is still under way for the lost connection goes on meanwhile; nobody hears of it.
  void wait_before_connecting(int failures) {
    const auto pause = backoff_delay(kReconnect, failures, random_(), milliseconds::max());
    pollfd entry{stop_.descriptor(), POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(pause.count()));
    forget_done();
  }

  // Until the signal to stop. An error is the connection's end.
  Result<void> serve() {
    while (!stop_.has_come()) {
      CHECKED(turn(true));
      wait(next_look());
    }
    return {};
  }

  // Whatever can be done without waiting.
  Result<void> turn(bool begins_jobs) {
    for (;;) {
      TRY(event, connection_->next(0ms));
      if (!event) break;
      CHECKED(session_->take(*std::move(event), Steady::now()));
    }
    for (const JobThreads::Done& done : threads_.take_done()) {
      TRY(is_ours, session_->settle(done.ticket, done.handled));
      if (is_ours && ends_well(done.handled)) is_probing_ = false;
    }
    if (session_->misses_a_queue()) {
      CHECKED(declare(*connection_, door_.topology));
      session_->declared();
    }
    CHECKED(session_->tick(Steady::now()));
    if (begins_jobs) begin_jobs();
    return {};
  }

  // A setting of ours was not what kept it back.
  static bool ends_well(const Handled& handled) {
    return std::all_of(handled.items.begin(), handled.items.end(),
                       [](const Item& item) { return item.counts; });
  }

  void begin_jobs() {
    pause_ = door_.pause ? door_.pause() : 0ms;
    if (pause_ > 0ms) is_probing_ = true;
    while (pause_ == 0ms && threads_.idle() > 0 && (!is_probing_ || threads_.busy() == 0)) {
      auto job = session_->next_job();
      if (!job) return;
      threads_.give(job->ticket, std::move(job->delivery));
    }
  }

  milliseconds next_look() const {
    milliseconds wait = kGlance;
    if (pause_ > 0ms) wait = std::min(wait, pause_);
    if (const auto due = session_->due()) wait = std::min(wait, until(*due));
    return wait;
  }

  // For the broker, a job that is done, or the signal (which goes on: only while it is awaited).
  void wait(milliseconds wait_max) const {
    if (connection_->has_input()) return;
    std::array<pollfd, 3> entries{pollfd{connection_->descriptor(), POLLIN, 0},
                                  pollfd{threads_.descriptor(), POLLIN, 0},
                                  pollfd{stop_.has_come() ? -1 : stop_.descriptor(), POLLIN, 0}};
    ::poll(entries.data(), entries.size(), static_cast<int>(wait_max.count()));
  }

  Result<AmqpEnd> drain() {
    log_.write(LogLevel::info, "asked to stop", {{"door", "amqp"}, {"jobs", threads_.busy()}});
    const Steady::time_point end = Steady::now() + kDrain;
    if (session_ != nullptr) {
      connection_->hurry();
      const auto drained = give_back_and_finish(end);
      if (drained) {
        connection_->close();
      } else {
        log_.write(LogLevel::warn, "lost the broker: " + drained.error().message, place());
      }
    }
    // Those of a lost connection.
    while (threads_.busy() > 0 && Steady::now() < end) {
      pollfd entry{threads_.descriptor(), POLLIN, 0};
      ::poll(&entry, 1, static_cast<int>(until(end).count()));
      forget_done();
    }
    if (threads_.busy() == 0) return AmqpEnd::drained;
    log_.write(LogLevel::error, "gave up waiting for what is under way",
               {{"door", "amqp"}, {"jobs", threads_.busy()}});
    return AmqpEnd::given_up;
  }

  Result<void> give_back_and_finish(Steady::time_point end) {
    CHECKED(session_->stop());
    for (const std::string& queue : door_.queues) CHECKED(connection_->cancel(queue));
    if (door_.routes) CHECKED(connection_->cancel(kAmqpWorkQueue));
    for (;;) {
      CHECKED(turn(false));
      if (session_->is_done() || Steady::now() >= end) return {};
      wait(std::min(next_look(), until(end)));
    }
  }

  void forget_done() { static_cast<void>(threads_.take_done()); }

  const AmqpDoor& door_;
  const Log& log_;
  JobThreads& threads_;
  const StopSignal& stop_;
  std::unique_ptr<AmqpConnection> connection_;
  std::unique_ptr<AmqpSession> session_;  // of the connection
  std::uint64_t tickets_ = 0;
  bool was_connected_ = false;
  milliseconds pause_{0};
  bool is_probing_ = false;
  std::function<double()> random_ = system_random();
};

}  // namespace

Result<AmqpEnd> run_amqp_door(const AmqpDoor& door, JobThreads& threads, const StopSignal& stop) {
  return Door(door, threads, stop).run();
}

}  // namespace miniatura
