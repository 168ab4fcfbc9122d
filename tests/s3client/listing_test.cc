#include "s3client/listing.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "s3client/uri.h"

namespace miniatura {
namespace {

constexpr const char* kProlog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string content(const std::string& key, const std::string& size = "1",
                    const std::string& time = "2026-11-23T18:08:27.454Z") {
  return fmt::format(
      "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>&#34;9dd4&#34;</ETag>"
      "<Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
      key, time, size);
}

// A page as MinIO writes it.
std::string page(const std::string& inner, const std::string& end =
                                               "<IsTruncated>false</IsTruncated>"
                                               "<EncodingType>url</EncodingType>") {
  return std::string(kProlog) +
         "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>"
         "<Prefix></Prefix><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>" +
         inner + end + "</ListBucketResult>";
}

ListRequest asked(const std::string& prefix = "", const std::string& delimiter = "") {
  ListRequest request;
  request.bucket = "b";
  request.prefix = prefix;
  request.delimiter = delimiter;
  return request;
}

// The message, "" where it was understood.
std::string refusal(const std::string& xml, const ListRequest& request = asked()) {
  testing::internal::CaptureStderr();
  const auto listing = parse_listing(xml, request);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  if (listing) return "";
  EXPECT_EQ(listing.error().code, ErrorCode::network_invalid);
  EXPECT_EQ(listing.error().message.find("the listing of b/"), 0U) << listing.error().message;
  EXPECT_LT(listing.error().message.size(), 500U);
  return listing.error().message;
}

std::vector<std::string> keys(const Listing& listing) {
  std::vector<std::string> keys;
  for (const ListedObject& object : listing.objects) keys.push_back(object.key);
  return keys;
}

TEST(Listing, a_page_of_minio_is_understood) {
  const auto listing = parse_listing(
      page(content("a+b") + content("a%2Bb", "12345678901") + content("ctl%01%1Fx") +
           content("d/e%2B/z") + content("tab%09nl%0A%3C%26%3E%22%27") + content("%C3%A4%25")),
      asked());
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_EQ(keys(*listing), (std::vector<std::string>{"a b", "a+b", "ctl\x01\x1fx", "d/e+/z",
                                                      "tab\tnl\n<&>\"'", "ä%"}));
  EXPECT_EQ(listing->objects[0].size, 1U);
  EXPECT_EQ(listing->objects[1].size, 12'345'678'901U);
  EXPECT_EQ(listing->objects[0].etag, "9dd4");
  EXPECT_EQ(listing->objects[0].last_modified, "2026-11-23T18:08:27Z");
  EXPECT_EQ(listing->next_page, "");
}

// As AWS writes it: other fields, in another order, quotes by name, a page that goes on.
TEST(Listing, a_page_of_aws_is_understood) {
  const std::string xml = std::string(kProlog) +
                          "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                          "<Name>b</Name><Prefix>run+books/</Prefix>"
                          "<NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</"
                          "NextContinuationToken><KeyCount>3</KeyCount><MaxKeys>3</MaxKeys>"
                          "<Delimiter>/</Delimiter><EncodingType>url</EncodingType>"
                          "<IsTruncated>true</IsTruncated><Contents><Key>run+books/x.txt</Key>"
                          "<LastModified>2009-10-12T17:50:30.000Z</LastModified>"
                          "<ETag>&quot;fba9dede5f27731c9771645a39863328-2&quot;</ETag>"
                          "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><Size>434234</Size>"
                          "<Owner><ID>75aa</ID></Owner><StorageClass>STANDARD</StorageClass>"
                          "</Contents><CommonPrefixes><Prefix>run+books/%ED%95%9C/</Prefix>"
                          "</CommonPrefixes><CommonPrefixes><Prefix>run+books/a%2Bb/</Prefix>"
                          "</CommonPrefixes></ListBucketResult>";
  const auto listing = parse_listing(xml, asked("run books/", "/"));
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_EQ(keys(*listing), std::vector<std::string>{"run books/x.txt"});
  EXPECT_EQ(listing->objects[0].etag, "fba9dede5f27731c9771645a39863328-2");
  EXPECT_EQ(listing->objects[0].last_modified, "2009-10-12T17:50:30Z");
  EXPECT_EQ(listing->prefixes, (std::vector<std::string>{"run books/한/", "run books/a+b/"}));
  EXPECT_EQ(listing->next_page, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=");
}

TEST(Listing, a_store_that_did_not_encode_is_taken_at_its_word) {
  const auto listing =
      parse_listing(page(content("a+b%20c &amp; d"), "<IsTruncated>false</IsTruncated>"), asked());
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_EQ(keys(*listing), std::vector<std::string>{"a+b%20c & d"});
}

TEST(Listing, nothing_is_an_empty_page) {
  const auto listing = parse_listing(page(""), asked("absent"));
  ASSERT_TRUE(listing) << listing.error().message;
  EXPECT_TRUE(listing->objects.empty());
  EXPECT_TRUE(listing->prefixes.empty());
}

TEST(Listing, a_full_page_of_the_longest_keys_fits) {
  std::string inner;
  for (int i = 0; i < 1000; ++i) {
    std::string key = fmt::format("{:04}", i);
    while (key.size() < 1024) key += "ä";
    inner += content(percent_encode(key));
  }
  ASSERT_GT(inner.size(), 3'000'000U);
  const auto listing = parse_listing(page(inner), asked());
  ASSERT_TRUE(listing) << listing.error().message;
  ASSERT_EQ(listing->objects.size(), 1000U);
  EXPECT_EQ(listing->objects[999].key.substr(0, 6), "0999ä");
  EXPECT_EQ(listing->objects[999].key.size(), 1024U);
}

TEST(Listing, a_field_that_is_missing_or_makes_no_sense_is_named) {
  for (const char* size : {"", "-1", "1.5", " 1", "0x10", "1e3", "99999999999999999999", "1 "}) {
    const std::string said = refusal(page(content("k", size)));
    EXPECT_NE(said.find("\"k\" has the Size"), std::string::npos) << size << ": " << said;
  }
  for (const char* time : {"", "today", "2026-11-23", "2026-11-23T18:08:27", "2026-11-23 18:08:27Z",
                           "2026-11-23T18:08:27.Z", "2026-11-23T18:08:27.1x2Z",
                           "Mon, 23 Nov 2026 18:08:27 GMT", "2026-11-23T18:08:27+01:00Z"}) {
    EXPECT_NE(refusal(page(content("k", "1", time))).find("LastModified"), std::string::npos)
        << time;
  }
  EXPECT_NE(refusal(page("<Contents><Key>k</Key><LastModified>2026-11-23T18:08:27Z</LastModified>"
                         "<Size>1</Size></Contents>"))
                .find("ETag"),
            std::string::npos);
  EXPECT_NE(refusal(page("<Contents/>")), "");
  EXPECT_NE(refusal(page(content(""))), "");
  EXPECT_NE(refusal(page(content("%FF"))), "") << "not UTF-8";
  for (const char* end : {"", "<IsTruncated/>", "<IsTruncated>maybe</IsTruncated>"}) {
    EXPECT_NE(refusal(page(content("k"), end)).find("IsTruncated"), std::string::npos) << end;
  }
}

TEST(Listing, a_page_that_goes_on_says_where_and_not_here) {
  constexpr const char* kGoesOn = "<IsTruncated>true</IsTruncated>";
  EXPECT_NE(refusal(page(content("k"), kGoesOn)).find("NextContinuationToken"), std::string::npos);
  const std::string end = std::string(kGoesOn) + "<NextContinuationToken>t</NextContinuationToken>";
  ListRequest request = asked();
  EXPECT_EQ(parse_listing(page(content("k"), end), request).value().next_page, "t");
  request.page = "t";
  EXPECT_NE(refusal(page(content("k"), end), request), "");
  request.page = "s";
  EXPECT_EQ(parse_listing(page(content("k"), end), request).value().next_page, "t");
}

TEST(Listing, a_token_that_is_left_over_on_the_last_page_is_none) {
  const std::string end =
      "<IsTruncated>false</IsTruncated>"
      "<NextContinuationToken>t</NextContinuationToken>";
  EXPECT_EQ(parse_listing(page(content("k"), end), asked()).value().next_page, "");
}

TEST(Listing, what_was_not_asked_for_is_refused) {
  EXPECT_EQ(refusal(page(content("a/k")), asked("a/")), "");
  EXPECT_NE(refusal(page(content("b/k")), asked("a/")).find("\"b/k\""), std::string::npos);
  constexpr const char* kFolded = "<CommonPrefixes><Prefix>a/b/</Prefix></CommonPrefixes>";
  EXPECT_EQ(refusal(page(kFolded), asked("a/", "/")), "");
  EXPECT_NE(refusal(page(kFolded), asked("b/", "/")), "");
  EXPECT_NE(refusal(page(kFolded), asked("a/", "")), "") << "nothing was to be folded";
  EXPECT_NE(refusal(page(kFolded), asked("a/", "+")), "");
  EXPECT_NE(refusal(page(kFolded), asked("a/b/", "/")), "") << "no longer than what was asked for";
  EXPECT_NE(refusal(page("<CommonPrefixes><Prefix/></CommonPrefixes>"), asked("", "/")), "");
}

TEST(Listing, what_is_no_listing_is_refused) {
  EXPECT_NE(refusal(""), "");
  EXPECT_NE(refusal("{}"), "");
  EXPECT_NE(refusal("<html><body>Welcome</body></html>").find("<html>"), std::string::npos);
  const std::string said = refusal("<Error><Code>InternalError</Code></Error>");
  EXPECT_NE(said.find("InternalError"), std::string::npos) << said;
  const std::string whole = page(content("k"));
  EXPECT_NE(refusal(whole.substr(0, whole.size() / 2)), "");
}

TEST(Listing, hostile_xml_is_refused_before_it_costs_anything) {
  EXPECT_NE(refusal("<!DOCTYPE ListBucketResult SYSTEM \"file:///etc/passwd\"><ListBucketResult/>"),
            "");
  std::string laughs = "<!DOCTYPE a [<!ENTITY a0 \"ha\">";
  for (int i = 1; i < 30; ++i) {
    laughs += fmt::format("<!ENTITY a{0} \"&a{1};&a{1};\">", i, i - 1);
  }
  EXPECT_NE(refusal(laughs + "]><ListBucketResult><Name>&a29;</Name></ListBucketResult>"), "");
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "<Contents>";
  EXPECT_NE(refusal("<ListBucketResult>" + deep), "");
  std::string many;
  for (int i = 0; i < 1'000'000; ++i) many += "<a/>";
  EXPECT_NE(refusal(page(many)).find("tags"), std::string::npos);
  const std::string huge = refusal(page("<Name>" + std::string(20 << 20, 'x') + "</Name>"));
  EXPECT_NE(huge.find("8388608"), std::string::npos) << huge;
}

TEST(Listing, a_message_about_a_hostile_key_is_short) {
  EXPECT_LT(refusal(page(content(std::string(1 << 20, 'k'), "x"))).size(), 500U);
}

}  // namespace
}  // namespace miniatura
