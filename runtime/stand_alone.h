// What a static executable must not take from the system that it runs on.
//
// Parts of the system's own libraries, made for another libc than the one inside, would be loaded
// into it, and crash it or worse: the modules that /etc/nsswitch.conf names to find a host
// (resolve, mymachines, ldap, …), and the engines and providers of OpenSSL's configuration. So
// names come from /etc/hosts and from DNS (/etc/resolv.conf), which are in glibc itself, and no
// openssl.cnf is read. A dynamic executable does as its system says.
#pragma once

namespace miniatura {

// Called first, while one thread runs. Of no effect in a dynamic executable.
void stand_alone();

}  // namespace miniatura
