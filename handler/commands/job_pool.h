// Jobs on several threads (deliveries that are replayed, pictures that get thumbnails), each
// answered in the order in which they came.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "handler/commands/progress.h"
#include "runtime/bytes.h"
#include "runtime/error.h"

namespace miniatura {

struct Job {
  Bytes payload;
  std::string id;  // names it in messages
};

inline constexpr int kJobsMax = 256;  // at a time
int default_jobs();                   // as many as there are cores

// What is printed of one job.
struct Replied {
  std::vector<std::string> results;  // lines on stdout
  std::vector<Error> errors;         // lines on stderr
};

// The first SIGINT or SIGTERM ends the taking of jobs, the second the process. One at a time.
class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();
  static bool has_come();
};

class JobPool {
 public:
  using Work = std::function<Replied(Job)>;

  // A thread for each of `workers`. What a fault of ours throws is an error of that job.
  explicit JobPool(std::vector<Work> workers);
  JobPool(const JobPool&) = delete;
  JobPool& operator=(const JobPool&) = delete;
  ~JobPool();

  // Waits while there is enough to do. False, and nothing taken, when interrupted.
  bool add(Job job);
  // In its place among them, without work.
  void add_done(Replied replied);
  void draw_progress();

  // Waits until all is printed. When interrupted: what is under way has a few seconds, then is
  // given up. Gives how many were not begun, which were given up is among the errors.
  std::size_t finish();

  int exit_code() const { return exit_code_; }
  // Threads are still at work on what was given up: the process has to end without destroying this,
  // which waits for them.
  bool has_given_up() const { return has_given_up_; }

 private:
  void run(const Work& work);
  void settle(std::size_t number, Replied replied);  // locked
  void draw();                                       // locked

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<std::size_t, Job>> waiting_;
  std::map<std::size_t, std::string> at_work_;  // number to id
  std::map<std::size_t, Replied> done_;         // not printed yet: an earlier one is missing
  std::size_t added_ = 0;
  std::size_t printed_ = 0;
  bool is_ending_ = false;
  bool has_given_up_ = false;
  int exit_code_ = 0;
  ProgressLine progress_;
  std::vector<std::thread> threads_;
};

}  // namespace miniatura
