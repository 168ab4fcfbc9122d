// Hashes, and the one place that names OpenSSL. Nothing is initialised before the first use.
//
// Thread-safe. A digest that OpenSSL refuses to make (MD5 under a FIPS policy) is a
// std::runtime_error: no caller could go on without it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/bytes.h"

namespace miniatura {

std::string hex(ByteView bytes);  // lower case

std::string sha256(ByteView bytes);  // 32 raw bytes
std::string sha256_hex(ByteView bytes);
std::string hmac_sha256(ByteView key, ByteView message);  // 32 raw bytes

// Are they the same? The time that it takes tells nothing of where they differ.
bool same_secret(std::string_view a, std::string_view b);

// Of RFC 4648, padded, without line ends; nothing if it is none.
std::optional<std::string> base64_decoded(std::string_view text);

std::string random_bytes(std::size_t size);  // not to be guessed; 256 at most

// For etags, which are no secret and no proof.
std::string md5_hex(ByteView bytes);

// The same over bytes that come piece by piece.
class Md5 {
 public:
  Md5();
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;
  ~Md5();

  void update(ByteView bytes);
  std::string finish_hex();  // once; nothing may follow

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Of a library that brings its own TLS (an SSL_CTX, made by it): a certificate is good only if it
// is of this host, a name or an address. False where that cannot be asked for.
bool expect_host(void* ssl_context, const std::string& host);

}  // namespace miniatura
