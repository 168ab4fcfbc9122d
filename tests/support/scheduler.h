// Runs a few actors, each on a thread, one step at a time, once for every order in which their
// steps can follow each other: what a race can do is then found by counting, not by luck.
//
// Orders that interrupt an actor more often than a bound are left out (nearly every fault needs two
// interruptions at most; Musuvathi and Qadeer, "Iterative Context Bounding", 2007).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace miniatura {

class Scheduler {
 public:
  // Each order once: `prepare` makes the actors of a run (new ones, of a new state), `check` looks
  // at how it ended, and says whether to go on. Gives the number of runs.
  std::size_t explore(int interruptions_max,
                      const std::function<std::vector<std::function<void()>>()>& prepare,
                      const std::function<bool()>& check) {
    std::size_t runs = 0;
    interruptions_max_ = interruptions_max;
    path_.clear();
    do {
      run(prepare());
      ++runs;
    } while (check() && next_path());
    return runs;
  }

  // Called by an actor before each of its steps. Others (whoever prepares or checks) pass.
  void step() {
    if (self() == kNobody) return;
    std::unique_lock lock(mutex_);
    turn_ = kNobody;
    changed_.notify_all();
    changed_.wait(lock, [this] { return turn_ == self(); });
  }

  // The order of the run that just ended, for the message of a failure: "0011010".
  std::string order() const {
    std::string text;
    for (const Choice& choice : path_) text += std::to_string(choice.options[choice.taken]);
    return text;
  }

 private:
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);
  struct Choice {
    std::vector<std::size_t> options;  // of actors; the first one goes on with the same
    std::size_t taken = 0;
  };

  static std::size_t& self() {
    thread_local std::size_t actor = kNobody;
    return actor;
  }

  void run(const std::vector<std::function<void()>>& actors) {
    turn_ = kNobody;
    std::vector<bool> done(actors.size(), false);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < actors.size(); ++i) {
      threads.emplace_back([this, i, &actors, &done] {
        self() = i;
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return turn_ == self(); });
        lock.unlock();
        actors[i]();
        lock.lock();
        done[i] = true;
        turn_ = kNobody;
        changed_.notify_all();
      });
    }
    std::size_t current = kNobody;
    int interruptions = 0;
    for (std::size_t step = 0;; ++step) {
      std::unique_lock lock(mutex_);
      std::vector<std::size_t> options;
      const bool goes_on = current != kNobody && !done[current];
      if (goes_on) options.push_back(current);
      for (std::size_t i = 0; i < actors.size(); ++i) {
        const bool allowed = !goes_on || interruptions < interruptions_max_;
        if (!done[i] && i != current && allowed) options.push_back(i);
      }
      if (options.empty()) break;
      if (step == path_.size()) path_.push_back({options, 0});
      const std::size_t chosen = path_[step].options[path_[step].taken];
      if (goes_on && chosen != current) ++interruptions;
      current = chosen;
      turn_ = chosen;
      changed_.notify_all();
      changed_.wait(lock, [this] { return turn_ == kNobody; });
    }
    for (std::thread& thread : threads) thread.join();
  }

  bool next_path() {
    while (!path_.empty() && path_.back().taken + 1 == path_.back().options.size()) {
      path_.pop_back();
    }
    if (path_.empty()) return false;
    ++path_.back().taken;
    return true;
  }

  int interruptions_max_ = 0;
  std::vector<Choice> path_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t turn_ = kNobody;
};

}  // namespace miniatura
