// Mozilla's certificate authorities, a part of the program. Made by CMake from the files of
// Debian's package ca-certificates, never from a machine's own /etc/ssl, which may hold a
// company's.
#pragma once

#include "runtime/bytes.h"

namespace miniatura {

// Certificates in DER, one after the other: zipped, a tenth less than their PEM.
ByteView built_in_authorities();

}  // namespace miniatura
