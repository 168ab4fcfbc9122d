// How this process's heap treats large blocks.
#pragma once

namespace miniatura {

// From now on what is freed of 4 MiB or more goes back to the system at once. glibc by itself keeps
// ever larger blocks once it has seen some, between small ones that then pin them: of a picture of
// 12 megapixels after the other, decoded whole, a process had 175 MB where it has 75 so
// (bench_engine, VmHWM), for 3 % of its time. Smaller blocks, which most pictures have, stay. For
// main(), before there are threads.
void give_back_large_blocks();

}  // namespace miniatura
