#include "s3client/xml.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace miniatura {
namespace {

bool refused(const std::string& text) {
  testing::internal::CaptureStderr();
  const auto parsed = parse_xml(text, "a reply");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  if (parsed) return false;
  EXPECT_EQ(parsed.error().code, ErrorCode::network_invalid);
  EXPECT_EQ(parsed.error().message.find("a reply: "), 0U) << parsed.error().message;
  return true;
}

TEST(Xml, elements_have_names_texts_and_children) {
  const auto list = parse_xml(
      "<?xml version=\"1.0\"?>\n<s:List xmlns:s=\"urn:s\"><!-- x --><s:Key>a &amp; "
      "<![CDATA[<b>]]>&#233;</s:Key><s:Key>2</s:Key><s:Empty/></s:List>",
      "a reply");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->name, "List");
  EXPECT_EQ(list->children.size(), 3U);
  EXPECT_EQ(list->text_at("Key"), "a & <b>\xC3\xA9");
  EXPECT_EQ(list->text_at("Empty"), "");
  EXPECT_EQ(list->text_at("Absent"), "");
  EXPECT_EQ(list->child("Absent"), nullptr);
}

TEST(Xml, a_doctype_is_refused_whatever_it_holds) {
  EXPECT_TRUE(refused("<!DOCTYPE a><a/>"));
  EXPECT_TRUE(refused("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"));
  EXPECT_TRUE(refused("<!DOCTYPE a [<!ENTITY b \"boo\">]><a>&b;</a>"));
  EXPECT_TRUE(refused("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>"));
  std::string laughs = "<!DOCTYPE a [<!ENTITY a0 \"ha\">";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "&a" + std::to_string(i - 1) + ";";
    laughs.append("<!ENTITY a").append(std::to_string(i)).append(" \"");
    laughs.append(before).append(before).append("\">");
  }
  EXPECT_TRUE(refused(laughs + "]><a b=\"&a29;\">&a29;</a>"));
}

TEST(Xml, what_is_not_whole_is_refused) {
  for (const char* text : {"", " ", "<a>", "<a></b>", "not xml", "<a/><b/>", "<a>&undefined;</a>",
                           "<a>\xff</a>", "<html><br></html>", "{}"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
  EXPECT_TRUE(refused(std::string("<a>\0</a>", 8)));
}

TEST(Xml, size_and_depth_are_bounded) {
  EXPECT_FALSE(refused("<a>" + std::string(1000, 'x') + "</a>"));
  const std::string large = "<a>" + std::string(1 << 20, 'x') + "</a>";
  EXPECT_TRUE(refused(large));
  EXPECT_TRUE(parse_xml(large, "a reply", 2 << 20));
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "<a>";
  for (int i = 0; i < 40; ++i) deep += "</a>";
  EXPECT_TRUE(refused(deep));
}

TEST(Xml, so_are_its_elements) {
  std::string many = "<a>";
  for (int i = 0; i < 150'000; ++i) many += "<b/>";
  EXPECT_TRUE(refused(many + "</a>"));
}

// Alone in its process, and under ThreadSanitizer, it sees the library's state being made twice.
TEST(Xml, several_threads_may_read_the_first_document) {
  std::latch together(8);
  std::atomic<int> read = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      together.arrive_and_wait();
      if (parse_xml("<a/>", "a reply")) ++read;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read, 8);
}

}  // namespace
}  // namespace miniatura
