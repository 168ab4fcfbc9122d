// The fdatasync of this process, in the test's hand: counted, held up, or failing as a disk does.
#pragma once

namespace miniatura {

class DiskSyncs {
 public:
  static long count();

  static void hold();       // the next one waits in the system call …
  static bool await_one();  // … and this for it to be there; false: none came for a minute
  static void let_go();

  static void fail_next();  // with EIO
};

}  // namespace miniatura
