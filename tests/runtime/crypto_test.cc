#include "runtime/crypto.h"

#include <gtest/gtest.h>

namespace miniatura {
namespace {

TEST(RandomBytes, are_as_many_as_asked_for_and_never_the_same) {
  EXPECT_EQ(random_bytes(16).size(), 16U);
  EXPECT_NE(random_bytes(16), random_bytes(16));
  EXPECT_EQ(random_bytes(0), "");
}

TEST(Crypto, hashes_match_the_published_ones) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abc").size(), 32U);
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
}

// RFC 4231, test case 2.
TEST(Crypto, an_hmac_matches_the_published_one) {
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Crypto, an_empty_key_does_not_reuse_the_one_before) {
  const std::string of_empty = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  EXPECT_EQ(hex(hmac_sha256("", "")), of_empty);
  (void)hmac_sha256("key", "message");
  EXPECT_EQ(hex(hmac_sha256({}, "")), of_empty);
}

TEST(Crypto, bytes_over_127_and_nuls_are_hashed_and_written_as_hex) {
  EXPECT_EQ(hex(std::string("\x00\x7f\xff", 3)), "007fff");
  EXPECT_NE(sha256_hex(std::string("a\0b", 3)), sha256_hex("a"));
}

TEST(Crypto, an_md5_in_pieces_is_that_of_the_whole) {
  Md5 md5;
  md5.update("a");
  md5.update("");
  md5.update("bc");
  EXPECT_EQ(md5.finish_hex(), md5_hex("abc"));
}

TEST(CryptoTest, secrets_are_the_same_or_not) {
  EXPECT_TRUE(same_secret("s3cr3t", "s3cr3t"));
  EXPECT_TRUE(same_secret("", ""));
  for (const char* other : {"", "s3cr3", "s3cr3tt", "S3cr3t"}) {
    EXPECT_FALSE(same_secret("s3cr3t", other)) << other;
  }
}

TEST(CryptoTest, base64_is_decoded_or_refused) {
  EXPECT_EQ(base64_decoded(""), "");
  EXPECT_EQ(base64_decoded("Zg=="), "f");
  EXPECT_EQ(base64_decoded("Zm8="), "fo");
  EXPECT_EQ(base64_decoded("Zm9v"), "foo");
  EXPECT_EQ(base64_decoded("dXNlcjpwYXNz"), "user:pass");
  EXPECT_EQ(base64_decoded("+/8AgA=="), std::string("\xfb\xff\0\x80", 4));
  for (const char* bad : {"Z", "Zg", "Zg=", "Z===", "====", "Zm9v!", "Z?==", "Zm 9"}) {
    EXPECT_FALSE(base64_decoded(bad)) << bad << " gave " << *base64_decoded(bad);
  }
}

}  // namespace
}  // namespace miniatura
