#include "runtime/job_threads.h"

#include <errno.h>
#include <fmt/core.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cassert>
#include <cstring>
#include <exception>
#include <utility>

namespace miniatura {
namespace {

Handled fault_of_ours(const char* what) {
  Item item;
  item.what = Item::What::dead;
  item.why = Error{ErrorCode::internal, fmt::format("a fault of ours: {}", what), 0, {}, {}, {}};
  return {"{}", {std::move(item)}};
}

Handled guarded(const HandleFn& handle, const Delivery& delivery) {
  try {
    return handle(delivery);
  } catch (const std::exception& error) {
    return fault_of_ours(error.what());
  } catch (...) {
    return fault_of_ours("of an unknown type");
  }
}

}  // namespace

Result<std::unique_ptr<JobThreads>> JobThreads::start(int count, const HandleFactory& make_handle) {
  Descriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.is_open()) {
    return fail(ErrorCode::internal, fmt::format("no descriptor: {}", std::strerror(errno)));
  }
  return std::unique_ptr<JobThreads>(new JobThreads(count, make_handle, std::move(event)));
}

JobThreads::JobThreads(int count, const HandleFactory& make_handle, Descriptor event)
    : count_(count), event_(std::move(event)) {
  std::vector<HandleFn> handles;
  for (int i = 0; i < count; ++i) handles.push_back(make_handle());
  for (HandleFn& handle : handles) {
    threads_.emplace_back([this, own = std::move(handle)] { run(own); });
  }
}

JobThreads::~JobThreads() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void JobThreads::give(std::uint64_t ticket, Delivery delivery) {
  assert(idle() > 0);
  ++busy_;
  {
    const std::lock_guard lock(mutex_);
    given_.emplace_back(ticket, std::move(delivery));
  }
  changed_.notify_one();
}

std::vector<JobThreads::Done> JobThreads::take_done() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(event_.get(), &count, sizeof count);
  const std::lock_guard lock(mutex_);
  busy_ -= static_cast<int>(done_.size());
  return std::exchange(done_, {});
}

void JobThreads::run(const HandleFn& handle) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_ending_ || !given_.empty(); });
    if (given_.empty()) return;
    auto [ticket, delivery] = std::move(given_.front());
    given_.pop_front();
    lock.unlock();
    Handled handled = guarded(handle, delivery);
    lock.lock();
    done_.push_back({ticket, std::move(handled)});
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
  }
}

}  // namespace miniatura
