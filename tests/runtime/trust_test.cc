#include "runtime/trust.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/built_in_authorities.h"
#include "tests/support/temporary_directory.h"

namespace miniatura {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;
using Whom = std::shared_ptr<const Authorities>;

// Somebody with a certificate.
struct Party {
  Key key;
  Certificate certificate;
};

void extend(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by the issuer, or by himself.
Party party(const char* name, const Party* issuer, bool is_authority = true) {
  Party made{Key(EVP_EC_gen("P-256"), &EVP_PKEY_free), Certificate(X509_new(), &X509_free)};
  X509* const certificate = made.certificate.get();
  static long serial = 0;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509* const signed_by = issuer ? issuer->certificate.get() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(signed_by));
  X509_set_pubkey(certificate, made.key.get());
  extend(certificate, signed_by, NID_basic_constraints,
         is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  extend(certificate, signed_by, NID_subject_key_identifier, "hash");
  extend(certificate, signed_by, NID_authority_key_identifier, "keyid");  // which key of that name
  X509_sign(certificate, issuer ? issuer->key.get() : made.key.get(), EVP_sha256());
  return made;
}

std::string pem_of(X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> text(BIO_new(BIO_s_mem()), &BIO_free_all);
  PEM_write_bio_X509(text.get(), certificate);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(text.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}
std::string pem_of(const Party& party) { return pem_of(party.certificate.get()); }

Certificate decoded(ByteView der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  return {d2i_X509(nullptr, &bytes, static_cast<long>(der.size())), &X509_free};
}

// As a connection decides it, but for the names of hosts.
bool is_trusted(const Whom& whom, X509* certificate, const std::vector<Party>& sent_along = {},
                bool at_any_time = false) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  if (!trust_only(context.get(), whom)) return false;
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> others(
      sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  for (const Party& one : sent_along) sk_X509_push(others.get(), one.certificate.get());
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check(X509_STORE_CTX_new(),
                                                                              &X509_STORE_CTX_free);
  X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context.get()), certificate,
                      others.get());
  if (at_any_time) X509_STORE_CTX_set_flags(check.get(), X509_V_FLAG_NO_CHECK_TIME);
  return X509_verify_cert(check.get()) == 1;
}
bool is_trusted(const Whom& whom, const Party& party, const std::vector<Party>& sent_along = {}) {
  return is_trusted(whom, party.certificate.get(), sent_along);
}

class TrustTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  Whom named(const std::string& pem) const {
    return authorities_in(write("named.pem", pem), "A_SETTING").value();
  }

  TemporaryDirectory directory_;
  const Party ours_ = party("ours", nullptr);
  const Party other_ = party("other", nullptr);
  const Party server_ = party("server", &ours_, false);
};

Whom built_in() { return std::make_shared<const Authorities>(std::vector<std::string>{}); }

std::string pem_of_all(const Whom& whom) {
  std::string text;
  for (const ByteView one : whom->certificates()) text += pem_of(decoded(one).get());
  return text;
}

TEST_F(TrustTest, whoever_comes_from_a_named_authority_is_trusted_and_nobody_else) {
  EXPECT_TRUE(is_trusted(named(pem_of(ours_)), server_));
  EXPECT_TRUE(is_trusted(named(pem_of(other_) + pem_of(ours_)), server_));
  EXPECT_FALSE(is_trusted(named(pem_of(other_)), server_));
  EXPECT_FALSE(is_trusted(named(pem_of(ours_)), party("server", &other_, false)));
  // One of the same name with another key, who signed it.
  EXPECT_FALSE(is_trusted(named(pem_of(party("ours", nullptr))), server_));
}

TEST_F(TrustTest, an_authority_that_changed_its_key_has_two_certificates) {
  const Party again = party("ours", nullptr);
  const Whom both = named(pem_of(ours_) + pem_of(again));
  EXPECT_TRUE(is_trusted(both, server_));
  EXPECT_TRUE(is_trusted(both, party("server", &again, false)));
}

TEST_F(TrustTest, a_chain_may_be_sent_along_and_may_end_anywhere) {
  const Party middle = party("middle", &ours_);
  const Party far = party("far", &middle, false);
  EXPECT_TRUE(is_trusted(named(pem_of(ours_)), far, {middle}));
  EXPECT_FALSE(is_trusted(named(pem_of(ours_)), far));
  EXPECT_TRUE(is_trusted(named(pem_of(middle)), far));
  EXPECT_TRUE(is_trusted(named(pem_of(far)), far));
  EXPECT_FALSE(is_trusted(named(pem_of(other_)), far, {middle, ours_}));
}

TEST_F(TrustTest, one_among_a_hundred_is_found) {
  const std::string crowd = pem_of_all(built_in());
  const Whom all = named(crowd + pem_of(ours_) + crowd);
  EXPECT_GT(all->certificates().size(), 200U);
  EXPECT_TRUE(is_trusted(all, server_));
  EXPECT_FALSE(is_trusted(named(crowd), server_));
  const unsigned char* name = nullptr;
  std::size_t size = 0;
  X509_NAME_get0_der(X509_get_subject_name(ours_.certificate.get()), &name, &size);
  EXPECT_EQ(all->named({reinterpret_cast<const char*>(name), size}).size(), 1U);
}

TEST_F(TrustTest, the_first_usual_place_with_a_certificate_counts) {
  const std::string good = write("good.pem", "# a comment\n" + pem_of(ours_) + "\n");
  const Whom system = std::make_shared<const Authorities>(std::vector<std::string>{
      path("absent"), directory_.path(), write("empty", ""), write("garbage", "no certificate"),
      write("cut", pem_of(other_).substr(0, 200)), good, write("later", pem_of(other_))});
  EXPECT_TRUE(is_trusted(system, server_));
  EXPECT_FALSE(is_trusted(system, party("server", &other_, false)));
  EXPECT_EQ(system->place(), good);
}

TEST_F(TrustTest, where_no_place_has_one_those_built_in_are_trusted) {
  const Whom system = std::make_shared<const Authorities>(std::vector<std::string>{path("absent")});
  EXPECT_EQ(system->place(), "the authorities built in");
  EXPECT_EQ(system->certificates().size(), built_in()->certificates().size());
  EXPECT_FALSE(is_trusted(system, server_));
}

TEST_F(TrustTest, more_than_a_hundred_authorities_are_built_in_and_each_is_found) {
  const Whom all = built_in();
  const auto certificates = all->certificates();
  EXPECT_GT(certificates.size(), 100U);
  std::size_t bytes = 0;
  for (const ByteView one : certificates) {
    bytes += one.size();
    const Certificate certificate = decoded(one);
    ASSERT_NE(certificate, nullptr);
    EXPECT_TRUE(is_trusted(all, certificate.get(), {}, true));
  }
  EXPECT_EQ(bytes, built_in_authorities().size());
}

TEST_F(TrustTest, nothing_is_read_before_it_is_needed) {
  const std::string place = path("system.pem");
  const Whom system = std::make_shared<const Authorities>(std::vector<std::string>{place});
  write("system.pem", pem_of(ours_));
  EXPECT_EQ(system->place(), place);
}

TEST_F(TrustTest, what_was_named_and_is_of_no_use_is_a_wrong_setting) {
  const std::string large = write("large.pem", pem_of(ours_));
  ASSERT_EQ(::truncate(large.c_str(), (16 << 20) + 1), 0);
  for (const std::string& file :
       {path("absent"), directory_.path(), write("empty", ""), write("garbage", "no certificate"),
        write("key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), large}) {
    const auto refused = authorities_in(file, "A_SETTING");
    ASSERT_FALSE(refused) << file;
    EXPECT_EQ(refused.error().code, ErrorCode::config_invalid);
    EXPECT_NE(refused.error().message.find("A_SETTING: "), std::string::npos);
    EXPECT_NE(refused.error().message.find(file), std::string::npos) << refused.error().message;
  }
}

TEST_F(TrustTest, a_certificate_that_makes_no_sense_is_passed_over) {
  std::string broken = pem_of(other_);
  broken[100] = '!';
  const std::string no_certificate =
      "-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n";
  const Whom whom = named(broken + no_certificate + pem_of(ours_));
  EXPECT_EQ(whom->certificates().size(), 1U);
  EXPECT_TRUE(is_trusted(whom, server_));
}

TEST_F(TrustTest, one_whose_inside_is_cut_is_never_trusted) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(ours_.certificate.get(), &der);
  const Bytes whole(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const auto cut = std::make_shared<const Authorities>(whole.substr(0, bytes), "here");
    EXPECT_FALSE(is_trusted(cut, server_)) << bytes;
    Bytes shorter = whole.substr(0, bytes);  // with a length of the outside that is right
    if (bytes < 5) continue;
    shorter[2] = static_cast<char>((bytes - 4) >> 8);
    shorter[3] = static_cast<char>(bytes - 4);
    const auto inside = std::make_shared<const Authorities>(shorter, "here");
    EXPECT_FALSE(is_trusted(inside, server_)) << bytes;
  }
}

TEST_F(TrustTest, connections_on_many_threads_share_what_is_read_once) {
  const Whom system = std::make_shared<const Authorities>(
      std::vector<std::string>{write("system.pem", pem_of_all(built_in()) + pem_of(ours_))});
  std::vector<char> trusted(4, 0);
  std::vector<std::thread> threads;
  for (char& one : trusted) {
    threads.emplace_back([&] { one = is_trusted(system, server_) ? 'y' : 'n'; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::string(trusted.begin(), trusted.end()), "yyyy");
}

}  // namespace
}  // namespace miniatura
