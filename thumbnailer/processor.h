// What loops over pixels may count on beyond what every processor of its kind has.
#pragma once

namespace miniatura {

enum class Processor { any, with_avx2 };

// Asked once. Thread-safe.
inline Processor this_processor() {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) return Processor::with_avx2;
#endif
  return Processor::any;
}

}  // namespace miniatura
