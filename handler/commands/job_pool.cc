#include "handler/commands/job_pool.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <atomic>

#include "handler/commands/command.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr auto kGrace = 5s;           // for what is under way when interrupted
constexpr auto kGlance = 100ms;       // how often to look whether a signal has come
constexpr std::size_t kAheadMax = 4;  // jobs a worker that are not printed yet

std::atomic<bool> has_signal{false};
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_interrupt(int /*signal*/) { has_signal = true; }

struct sigaction before_int {};
struct sigaction before_term {};

}  // namespace

int default_jobs() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kJobsMax);
}

Interruption::Interruption() {
  has_signal = false;
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  // Who asks twice does not want to wait.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  ::sigaction(SIGINT, &action, &before_int);
  ::sigaction(SIGTERM, &action, &before_term);
}

Interruption::~Interruption() {
  ::sigaction(SIGINT, &before_int, nullptr);
  ::sigaction(SIGTERM, &before_term, nullptr);
}

bool Interruption::has_come() { return has_signal; }

JobPool::JobPool(std::vector<Work> workers) {
  for (Work& work : workers) {
    threads_.emplace_back([this, work = std::move(work)] { run(work); });
  }
}

JobPool::~JobPool() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void JobPool::run(const Work& work) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    if (Interruption::has_come()) return;  // what waits is counted by finish()
    auto [number, job] = std::move(waiting_.front());
    waiting_.pop_front();
    const std::string id = at_work_[number] = job.id;
    lock.unlock();
    Replied replied;
    try {
      replied = work(std::move(job));
    } catch (const std::exception& fault) {
      replied.errors.push_back({ErrorCode::internal,
                                fmt::format("{}: a fault of ours: {}", id, fault.what()),
                                0,
                                {},
                                {},
                                {}});
    }
    lock.lock();
    at_work_.erase(number);
    if (!has_given_up_) settle(number, std::move(replied));
    changed_.notify_all();
  }
}

bool JobPool::add(Job job) {
  std::unique_lock lock(mutex_);
  while (added_ - printed_ >= kAheadMax * threads_.size()) {
    if (Interruption::has_come()) return false;
    changed_.wait_for(lock, kGlance);
    draw();
  }
  if (Interruption::has_come()) return false;
  waiting_.emplace_back(added_++, std::move(job));
  changed_.notify_all();
  return true;
}

void JobPool::add_done(Replied replied) {
  const std::lock_guard lock(mutex_);
  settle(added_++, std::move(replied));
}

void JobPool::draw_progress() {
  const std::lock_guard lock(mutex_);
  draw();
}

void JobPool::settle(std::size_t number, Replied replied) {
  done_.emplace(number, std::move(replied));
  for (auto next = done_.find(printed_); next != done_.end(); next = done_.find(++printed_)) {
    progress_.hide();
    for (const std::string& line : next->second.results) print_line(line);
    for (const Error& error : next->second.errors)
      exit_code_ = worse(exit_code_, report(error, false));
    done_.erase(next);
  }
  draw();
}

// Beside results that scroll by, a line that stays says nothing new.
void JobPool::draw() {
  if (stdout_is_terminal()) return;
  progress_.draw([this](double seconds) {
    return fmt::format("{} done, {:.1f} a second", printed_,
                       static_cast<double>(printed_) / std::max(seconds, 1e-3));
  });
}

std::size_t JobPool::finish() {
  std::unique_lock lock(mutex_);
  while (printed_ < added_ && !Interruption::has_come()) {
    changed_.wait_for(lock, kGlance);
    draw();
  }
  if (printed_ == added_) return 0;
  const std::size_t not_begun = waiting_.size();
  for (const auto& [number, job] : waiting_) settle(number, {});
  waiting_.clear();
  changed_.wait_for(lock, kGrace, [this] { return at_work_.empty(); });
  has_given_up_ = !at_work_.empty();
  for (const auto& [number, id] : at_work_) {
    Replied given_up;
    given_up.errors.push_back({ErrorCode::deadline_exceeded,
                               fmt::format("{}: interrupted in the middle; do it again", id),
                               0,
                               {},
                               {},
                               {}});
    settle(number, std::move(given_up));
  }
  return not_begun;
}

}  // namespace miniatura
