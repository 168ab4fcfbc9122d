// Whom TLS trusts: the authorities that the other side's certificate has to come from.
//
//   what somebody named (AWS_CA_BUNDLE, …)   that file, and nobody else
//   else the system's                        the first of the usual places that has a certificate
//   else our own                             Mozilla's, as Debian had them when this was built
//
// OpenSSL takes 15 ms to read the 144 authorities of a system, and 1.4 MB to keep them; a chain
// ends in one of them. So here they are kept as they are, and a connection decodes the one whose
// name it asks for. Names are the same if their bytes are, as to Go and to Firefox.
//
// Thread-safe: they never change once they are read.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/bytes.h"
#include "runtime/environment.h"
#include "runtime/result.h"

namespace miniatura {

class Authorities {
 public:
  // The system's; looked for and read when they are first needed.
  explicit Authorities(std::vector<std::string> usual_places);
  // Certificates in DER, one after the other, and where they are from.
  Authorities(Bytes certificates, std::string place);

  // Where they are from, for messages: a file, or the ones built in.
  const std::string& place() const;
  // All of their certificates.
  std::vector<ByteView> certificates() const;
  // Those of this name (in DER): several where an authority has changed its key.
  std::vector<ByteView> named(ByteView subject) const;

 private:
  void find() const;

  std::vector<std::string> usual_places_;
  mutable std::once_flag found_;
  mutable Bytes read_;
  mutable ByteView certificates_;  // of read_, or the ones built in
  mutable std::string place_;
};

// Of the system, or built in: the same for the whole process.
std::shared_ptr<const Authorities> system_authorities();

// Of a PEM file that `setting` names. Errors, naming both: config_invalid (it cannot be read, it is
// over 16 MiB, it holds no certificate; one among others that makes no sense is passed over).
Result<std::shared_ptr<const Authorities>> authorities_in(const std::string& path,
                                                          const std::string& setting);

// Of the PEM file that this variable names; null where it names none. Errors: the same.
Result<std::shared_ptr<const Authorities>> authorities_named_by(const std::string& variable,
                                                                const Environment& environment);

// To be called before a connection is made of this SSL_CTX (which is the library's that made it):
// it trusts these and nobody else, and keeps them alive. False where memory is out.
bool trust_only(void* ssl_context, std::shared_ptr<const Authorities> authorities);

}  // namespace miniatura
