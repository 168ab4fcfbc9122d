#include "runtime/trust.h"

#include <fmt/core.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "runtime/built_in_authorities.h"
#include "runtime/crypto.h"

namespace miniatura {
namespace {

constexpr std::uint64_t kFileBytesMax = std::uint64_t{16} << 20;

// Debian, Ubuntu, Alpine; Amazon Linux, Fedora (two); openSUSE; Alpine, the BSDs.
constexpr const char* kUsualPlaces[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

struct Element {
  unsigned char tag = 0;
  ByteView whole;
  ByteView content;
};

// The next element of DER, taken from `rest`; nothing where there is none.
std::optional<Element> take_element(ByteView& rest) {
  constexpr std::size_t kLengthBytesMax = 3;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
  if (rest.size() < 2) return std::nullopt;
  std::size_t header = 2;
  std::size_t length = byte(1);
  if (length >= 0x80) {
    const std::size_t count = length & 0x7F;
    if (count == 0 || count > kLengthBytesMax || rest.size() < header + count) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | byte(header + i);
    header += count;
  }
  if (rest.size() - header < length) return std::nullopt;
  const Element element{byte(0), rest.substr(0, header + length), rest.substr(header, length)};
  rest.remove_prefix(header + length);
  return element;
}

// Whose certificate it is (RFC 5280, 4.1); empty if it is none.
ByteView subject_of(ByteView certificate) {
  constexpr unsigned char kVersionTag = 0xA0;
  const auto outer = take_element(certificate);
  ByteView inside = outer ? outer->content : ByteView();
  const auto to_be_signed = take_element(inside);
  ByteView fields = to_be_signed ? to_be_signed->content : ByteView();
  auto field = take_element(fields);
  if (field && field->tag == kVersionTag) field = take_element(fields);
  // The serial number is in hand; then algorithm, issuer, validity, subject.
  for (int i = 0; i < 4 && field; ++i) field = take_element(fields);
  return field ? field->whole : ByteView();
}

// The certificates of a PEM file, in DER; what makes no sense is passed over.
Bytes certificates_in(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  Bytes certificates;
  for (;;) {
    const std::size_t begin = pem.find(kBegin);
    if (begin == std::string_view::npos) return certificates;
    pem.remove_prefix(begin + kBegin.size());
    std::string base64(pem.substr(0, pem.find(kEnd)));
    std::erase_if(base64, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    const auto certificate = base64_decoded(base64);
    if (certificate && !subject_of(*certificate).empty()) certificates += *certificate;
  }
}

Result<Bytes> certificates_of_file(const std::string& path) {
  TRY(pem, read_file(path, kFileBytesMax, ErrorCode::config_invalid));
  Bytes certificates = certificates_in(pem);
  if (certificates.empty()) {
    return fail(ErrorCode::config_invalid, fmt::format("{}: holds no certificate in PEM", path));
  }
  return certificates;
}

// What an SSL_CTX keeps of them.
using Kept = std::shared_ptr<const Authorities>;

// Those of this name go into the store, which is that of one connection. Gives the first of them.
X509* add_named(X509_STORE* store, const Authorities& authorities, ByteView subject) {
  X509* first = nullptr;
  for (const ByteView der : authorities.named(subject)) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    X509* const certificate = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
    if (certificate == nullptr) continue;
    const bool is_added = X509_STORE_add_cert(store, certificate) == 1;
    X509_free(certificate);  // the store has a reference of its own
    if (is_added && first == nullptr) first = certificate;
  }
  return first;
}

// OpenSSL asks for a name that it has not met on this connection.
int find_by_subject(X509_LOOKUP* lookup, X509_LOOKUP_TYPE type, const X509_NAME* name,
                    X509_OBJECT* found) noexcept {
  const auto* const kept = static_cast<const Kept*>(X509_LOOKUP_get_method_data(lookup));
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  if (type != X509_LU_X509 || kept == nullptr) return 0;
  if (X509_NAME_get0_der(name, &bytes, &size) != 1) return 0;
  try {
    X509* const first = add_named(X509_LOOKUP_get_store(lookup), **kept,
                                  {reinterpret_cast<const char*>(bytes), size});
    if (first == nullptr) return 0;
    X509_OBJECT_set1_X509(found, first);
    X509_free(first);  // whoever asks counts it once more: X509_LOOKUP_meth_set_get_by_subject(3)
    return 1;
  } catch (...) {  // out of memory
    return 0;
  }
}

void let_go(X509_LOOKUP* lookup) {
  delete static_cast<const Kept*>(X509_LOOKUP_get_method_data(lookup));
}

// Lives as long as the process: a connection may be closed at its end.
X509_LOOKUP_METHOD* lookup_method() {
  static X509_LOOKUP_METHOD* const method = [] {
    X509_LOOKUP_METHOD* const made = X509_LOOKUP_meth_new("authorities in memory");
    if (made == nullptr) return made;
    X509_LOOKUP_meth_set_get_by_subject(made, find_by_subject);
    X509_LOOKUP_meth_set_free(made, let_go);
    return made;
  }();
  return method;
}

}  // namespace

Authorities::Authorities(std::vector<std::string> usual_places)
    : usual_places_(std::move(usual_places)) {}

Authorities::Authorities(Bytes certificates, std::string place)
    : read_(std::move(certificates)), certificates_(read_), place_(std::move(place)) {}

void Authorities::find() const {
  std::call_once(found_, [this] {
    if (!place_.empty()) return;  // they were handed over
    for (const std::string& path : usual_places_) {
      auto certificates = certificates_of_file(path);
      if (!certificates) continue;
      read_ = *std::move(certificates);
      certificates_ = read_;
      place_ = path;
      return;
    }
    certificates_ = built_in_authorities();
    place_ = "the authorities built in";
  });
}

const std::string& Authorities::place() const {
  find();
  return place_;
}

std::vector<ByteView> Authorities::certificates() const {
  find();
  std::vector<ByteView> all;
  ByteView rest = certificates_;
  while (const auto certificate = take_element(rest)) all.push_back(certificate->whole);
  return all;
}

std::vector<ByteView> Authorities::named(ByteView subject) const {
  std::vector<ByteView> found = certificates();
  std::erase_if(found, [&](ByteView certificate) { return subject_of(certificate) != subject; });
  return found;
}

std::shared_ptr<const Authorities> system_authorities() {
  static const auto authorities = std::make_shared<const Authorities>(
      std::vector<std::string>(std::begin(kUsualPlaces), std::end(kUsualPlaces)));
  return authorities;
}

Result<std::shared_ptr<const Authorities>> authorities_in(const std::string& path,
                                                          const std::string& setting) {
  auto certificates = certificates_of_file(path);
  if (!certificates) {
    return fail(ErrorCode::config_invalid,
                fmt::format("{}: {}", setting, certificates.error().message));
  }
  return std::make_shared<const Authorities>(*std::move(certificates), path);
}

Result<std::shared_ptr<const Authorities>> authorities_named_by(const std::string& variable,
                                                                const Environment& environment) {
  const auto path = environment.get(variable);
  if (!path) return nullptr;
  return authorities_in(*path, variable);
}

bool trust_only(void* ssl_context, std::shared_ptr<const Authorities> authorities) {
  X509_STORE* const store = X509_STORE_new();
  if (store == nullptr) return false;
  SSL_CTX_set_cert_store(static_cast<SSL_CTX*>(ssl_context), store);  // which owns it now
  // Whoever stands in the file is trusted, and need not be the last of a chain: libcurl's way.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, lookup_method());
  if (lookup == nullptr) return false;
  return X509_LOOKUP_set_method_data(lookup, new Kept(std::move(authorities))) == 1;
}

}  // namespace miniatura
