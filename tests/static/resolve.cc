// Says the address of a host, in a file that is static as the one that ships:
//
//   resolve pinned NAME   as the executable asks for it
//   resolve free NAME     as glibc does by itself
//
// 0 found, 1 not, and why.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdio>
#include <string_view>

#include "runtime/stand_alone.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  if (std::string_view(argv[1]) == "pinned") miniatura::stand_alone();
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(argv[2], nullptr, &wanted, &found);
  if (failure != 0) {
    std::puts(::gai_strerror(failure));
    return 1;
  }
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr, text,
              sizeof text);
  std::puts(text);
  ::freeaddrinfo(found);
  return 0;
}
