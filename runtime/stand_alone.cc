#include "runtime/stand_alone.h"

#ifdef MINIATURA_STATIC
#include <nss.h>

#include "runtime/environment.h"
#endif

namespace miniatura {

void stand_alone() {
#ifdef MINIATURA_STATIC
  // Fails only where memory is out.
  static_cast<void>(__nss_configure_lookup("hosts", "files dns"));
  // To OpenSSL a configuration without a name is none. It is not started for that: it is at its
  // first use.
  set_process_variable("OPENSSL_CONF", "");
#endif
}

}  // namespace miniatura
