#include "runtime/crypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/random.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace miniatura {
namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string text_of(const Digest& digest, std::size_t size) {
  return {digest.begin(), digest.begin() + static_cast<std::ptrdiff_t>(size)};
}

void require(bool done, const char* name) {
  if (!done) throw std::runtime_error(std::string("OpenSSL refuses to make a digest: ") + name);
}

std::string digest_of(const char* name, ByteView bytes) {
  Digest digest{};
  std::size_t size = 0;
  require(
      EVP_Q_digest(nullptr, name, nullptr, bytes.data(), bytes.size(), digest.data(), &size) == 1,
      name);
  return text_of(digest, size);
}

// What a digit of base64 stands for; -1: it is none.
constexpr std::array<int, 256> kBase64Values = [] {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<int, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<int>(i);
  }
  return values;
}();

}  // namespace

std::string hex(ByteView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string sha256(ByteView bytes) { return digest_of("SHA256", bytes); }

std::string sha256_hex(ByteView bytes) { return hex(sha256(bytes)); }

std::string hmac_sha256(ByteView key, ByteView message) {
  Digest digest{};
  unsigned int size = 0;
  // A null key would mean "the one of the call before".
  const void* key_bytes = key.empty() ? "" : key.data();
  require(HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()),
               reinterpret_cast<const unsigned char*>(message.data()), message.size(),
               digest.data(), &size) != nullptr,
          "HMAC-SHA256");
  return text_of(digest, size);
}

bool same_secret(std::string_view a, std::string_view b) {
  const std::string digest_a = sha256(a), digest_b = sha256(b);  // of equal length
  return CRYPTO_memcmp(digest_a.data(), digest_b.data(), digest_a.size()) == 0;
}

// Not by OpenSSL, which would take spaces around it and padding in its middle, and takes twice the
// time: a system's authorities are 200 KB of it.
std::optional<std::string> base64_decoded(std::string_view text) {
  std::string_view digits = text;
  while (text.size() - digits.size() < 2 && digits.ends_with('=')) digits.remove_suffix(1);
  if (text.size() % 4 != 0) return std::nullopt;
  std::string decoded(digits.size() * 3 / 4, '\0');
  auto next = decoded.begin();
  std::uint32_t bits = 0;
  int bit_count = 0;
  int seen = 0;  // negative as soon as one of them was
  for (const char c : digits) {
    const int value = kBase64Values[static_cast<unsigned char>(c)];
    seen |= value;
    bits = bits << 6 | (static_cast<std::uint32_t>(value) & 63U);
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    *next++ = static_cast<char>(bits >> bit_count);
  }
  if (seen < 0) return std::nullopt;
  return decoded;
}

// The kernel's, which gives that many whole.
std::string random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  while (::getrandom(bytes.data(), size, 0) != static_cast<ssize_t>(size)) {
  }
  return bytes;
}

std::string md5_hex(ByteView bytes) { return hex(digest_of("MD5", bytes)); }

struct Md5::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                  &EVP_MD_CTX_free};
};

Md5::Md5() : state_(std::make_unique<State>()) {
  require(EVP_DigestInit_ex(state_->context.get(), EVP_md5(), nullptr) == 1, "MD5");
}

Md5::~Md5() = default;

void Md5::update(ByteView bytes) {
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1, "MD5");
}

std::string Md5::finish_hex() {
  Digest digest{};
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) == 1, "MD5");
  return hex(text_of(digest, size));
}

bool expect_host(void* ssl_context, const std::string& host) {
  X509_VERIFY_PARAM* const wanted = SSL_CTX_get0_param(static_cast<SSL_CTX*>(ssl_context));
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool is_asked = X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1 ||
                        X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1;
  ERR_clear_error();  // a name is no address: nobody is to find that when the handshake is made
  return is_asked;
}

}  // namespace miniatura
