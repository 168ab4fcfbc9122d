// Who has an inbox's file in use: locks of the kernel on PATH-owners, a byte each. The kernel lets
// go of a process's locks when it dies, however it dies and in whichever pid namespace it lived, so
// a byte that nobody holds is the proof that its owner is dead.
//
// Open file description locks: they go neither to a program that is started from here nor by the
// closing of another descriptor. The file holds nothing, and stays. For one thread at a time.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/descriptor.h"
#include "runtime/result.h"

namespace miniatura {

class InboxOwners {
 public:
  // Creates the lock file and its directories. Errors: inbox_unavailable, as everywhere here.
  static Result<InboxOwners> open(const std::string& inbox_path);

  // One at a time may open the inbox's file or put another in its place. Waits for whoever is at
  // it, a minute at most.
  class Gate {
   public:
    explicit Gate(int descriptor) : descriptor_(descriptor) {}
    Gate(Gate&& other) noexcept;
    Gate& operator=(Gate&&) = delete;
    ~Gate();

   private:
    int descriptor_;
  };
  Result<Gate> enter() const;

  static constexpr std::int64_t kOwnerMax = (std::int64_t{1} << 40) - 1;  // the first is 1
  Result<void> hold(std::int64_t owner) const;  // until it lets go, or dies
  void let_go(std::int64_t owner) const;
  // Looks or changes something without owning anything; until this object goes.
  Result<void> visit() const;

  // By somebody else.
  Result<bool> is_held(std::int64_t owner) const;
  // Does nobody else own or visit?
  Result<bool> is_alone() const;

 private:
  Result<bool> is_free(std::int64_t first, std::int64_t count) const;

  std::string path_;
  Descriptor file_;
};

}  // namespace miniatura
