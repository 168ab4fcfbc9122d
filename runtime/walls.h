// The walls around a process that is about to work on what strangers wrote.
//
// Inside them it computes, and speaks over the descriptors that it holds; whatever it is made to
// ask for besides (a file, a program, a socket, another process) is refused with EPERM. It may
// start threads. It goes when the thread that started it goes (prctl, PR_SET_PDEATHSIG).
#pragma once

#include <cstdint>

#include "runtime/result.h"

namespace miniatura {

struct Walls {
  std::uint64_t memory_bytes = 0;  // of address space, beyond what it has; sanitizers: no limit
  std::uint64_t file_bytes = 0;    // of a file in memory
};

// Can this kernel build them? Error: config_invalid.
Result<void> walls_exist();

// Walls this process in, for good: no_new_privs, seccomp, and Landlock where the kernel has it. The
// process has opened, loaded and started before what it needs; its standard error leads nowhere
// from here (but a sanitizer's). Error: config_invalid; then it must not go on.
Result<void> lock_up(const Walls& walls);

}  // namespace miniatura
