// Libraries that are loaded when they are first needed, and not with the executable: what they do
// at a start, and those that they need themselves, can take longer than all else there is to it.
//
// late_libraries.py makes for each function of such a library one of the same name that jumps to
// the address in its slot; the executable is linked with these and needs the library no more.
// Whoever calls a function has called load() before: until then its slot is empty. What else a
// library has, types among it, stays where it is: whoever names that has it loaded at the start.
//
// An executable that is linked with the library itself (a static one, a test) has no names and no
// slots, and nothing is loaded. Thread-safe.
#pragma once

#include <mutex>

#include "runtime/result.h"

namespace miniatura {

class LateLibrary {
 public:
  // `names`: of the library's file and of its functions, each ended by a zero, all by another;
  // nullptr: there is nothing to load. `slots`: one a function, in pages of their own, which can
  // only be read once they are filled. They outlive it.
  LateLibrary(const char* names, void** slots) : names_(names), slots_(slots) {}

  // Does its work once, which opens files; after an error it tries again. The library stays, even
  // if this goes. Error: internal.
  Result<void> load();

 private:
  Result<void> fill_slots();

  const char* const names_;
  void** const slots_;
  std::mutex mutex_;
  bool is_loaded_ = false;
};

}  // namespace miniatura
