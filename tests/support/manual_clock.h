// A clock that stands still but for sleeping, which passes at once.
#pragma once

#include <vector>

#include "runtime/clock.h"

namespace miniatura {

class ManualClock : public Clock {
 public:
  explicit ManualClock(Time now = Time(std::chrono::seconds(1'700'000'000))) : now_(now) {}
  Time now() const override { return now_; }
  void sleep_for(std::chrono::milliseconds duration) override {
    slept_.push_back(duration);
    now_ += duration;
  }
  const std::vector<std::chrono::milliseconds>& slept() const { return slept_; }

 private:
  Time now_;
  std::vector<std::chrono::milliseconds> slept_;
};

}  // namespace miniatura
