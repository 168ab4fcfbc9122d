// Does a sanitizer watch? It reserves terabytes of address space, and ends the process itself where
// a signal would have.
#pragma once

namespace miniatura {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace miniatura
