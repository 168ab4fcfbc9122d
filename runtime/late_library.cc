#include "runtime/late_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fmt/core.h>
#include <sys/mman.h>

#include <cstring>

namespace miniatura {

#ifdef MINIATURA_STATIC  // it has no loader, and needs none

Result<void> LateLibrary::load() { return {}; }

#else

namespace {

const char* after(const char* name) { return name + std::strlen(name) + 1; }

}  // namespace

Result<void> LateLibrary::fill_slots() {
  void* const library = ::dlopen(names_, RTLD_LAZY | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(ErrorCode::internal, fmt::format("cannot load a library: {}", ::dlerror()));
  }
  std::size_t count = 0;
  for (const char* name = after(names_); *name != '\0'; name = after(name)) {
    void* const function = ::dlsym(library, name);
    if (function == nullptr) {
      return fail(ErrorCode::internal, fmt::format("{} has no function {}", names_, name));
    }
    slots_[count++] = function;
  }
  if (::mprotect(slots_, count * sizeof(void*), PROT_READ) != 0) {
    return fail(ErrorCode::internal, fmt::format("{}: mprotect: {}", names_, std::strerror(errno)));
  }
  return {};
}

Result<void> LateLibrary::load() {
  if (names_ == nullptr) return {};
  const std::lock_guard lock(mutex_);
  if (!is_loaded_) CHECKED(fill_slots());
  is_loaded_ = true;
  return {};
}

#endif

}  // namespace miniatura
