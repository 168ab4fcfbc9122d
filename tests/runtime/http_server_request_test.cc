#include "runtime/http_server_request.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace miniatura {
namespace {

using Progress = RequestReader::Progress;

const HttpServerLimits kLimits = [] {
  HttpServerLimits limits;
  limits.header_bytes = 1024;
  limits.body_bytes = 64;
  return limits;
}();

struct Reading {
  RequestReader reader{kLimits};
  Progress progress = Progress::more;
  Bytes rest;
};

// As much as comes at a time: all, or `piece` bytes.
Reading read(const std::string& text, std::size_t piece = std::string::npos) {
  Reading reading;
  for (std::size_t at = 0; at < text.size(); at += std::min(piece, text.size() - at)) {
    reading.rest += text.substr(at, piece);
    do {
      reading.progress = reading.reader.feed(reading.rest);
    } while (reading.progress == Progress::head);
    if (reading.progress != Progress::more) {
      if (at + piece < text.size()) reading.rest += text.substr(at + piece);
      break;
    }
  }
  return reading;
}

// 0: it is not refused.
int refusal_of(const std::string& text) {
  const Reading reading = read(text);
  return reading.progress == Progress::refused ? reading.reader.refusal().status : 0;
}

const std::string kHost = "Host: h\r\n";
std::string with_headers(const std::string& headers, const std::string& body = "") {
  return "POST /x HTTP/1.1\r\n" + kHost + headers + "\r\n" + body;
}

TEST(RequestReaderTest, a_request_is_the_same_in_one_piece_and_in_many) {
  const std::string text =
      "POST /a%2Fb//c?d=e?f HTTP/1.1\r\nHost: h\r\nX-Thing:  two words \r\nContent-Length: "
      "5\r\n\r\nabcdeGET /next";
  for (const std::size_t piece : {std::string::npos, std::size_t{1}, std::size_t{7}}) {
    Reading reading = read(text, piece);
    ASSERT_EQ(reading.progress, Progress::whole) << piece;
    const ServedRequest request = reading.reader.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/a%2Fb//c");
    EXPECT_EQ(request.query, "d=e?f");
    EXPECT_EQ(request.headers.get("x-thing"), "two words");
    EXPECT_EQ(request.headers.begin()->first, "host");
    EXPECT_EQ(request.body, "abcde");
    EXPECT_EQ(reading.rest, "GET /next");
    EXPECT_TRUE(reading.reader.keeps_connection());
  }
}

TEST(RequestReaderTest, chunks_are_joined_and_their_trailer_makes_no_header) {
  const std::string text = with_headers(
      "Transfer-Encoding: chunked\r\n",
      "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: t\r\nAuthorization: me\r\n\r\nmore");
  for (const std::size_t piece : {std::string::npos, std::size_t{1}, std::size_t{7}}) {
    Reading reading = read(text, piece);
    ASSERT_EQ(reading.progress, Progress::whole) << piece << reading.reader.refusal().message;
    const ServedRequest request = reading.reader.take();
    EXPECT_EQ(request.body, "abcde");
    EXPECT_EQ(request.headers.get("authorization"), std::nullopt);
    EXPECT_EQ(reading.rest, "more");
  }
}

TEST(RequestReaderTest, a_head_with_a_body_to_come_is_told_once) {
  RequestReader reader(kLimits);
  Bytes input = with_headers("Expect: 100-Continue\r\nContent-Length: 2\r\n");
  EXPECT_EQ(reader.feed(input), Progress::head);
  EXPECT_TRUE(reader.wants_continue());
  input = "a";
  EXPECT_EQ(reader.feed(input), Progress::more);
  input = "b";
  EXPECT_EQ(reader.feed(input), Progress::whole);
}

TEST(RequestReaderTest, a_target_is_a_path_in_whatever_form) {
  struct Case {
    std::string line, path, query;
  };
  const std::vector<Case> cases = {
      {"GET / HTTP/1.1", "/", ""},
      {"GET /? HTTP/1.1", "/", ""},
      {"GET http://h:80/a?b HTTP/1.1", "/a", "b"},
      {"GET HTTPS://h HTTP/1.1", "/", ""},
      {"GET http://h?b HTTP/1.1", "/", "b"},
      {"OPTIONS * HTTP/1.1", "*", ""},
      {"PROPFIND /a HTTP/1.1", "/a", ""},
      {"Whatever /a HTTP/1.1", "/a", ""},
  };
  for (const Case& c : cases) {
    Reading reading = read(c.line + "\r\n" + kHost + "\r\n");
    ASSERT_EQ(reading.progress, Progress::whole) << c.line;
    const ServedRequest request = reading.reader.take();
    EXPECT_EQ(request.path, c.path) << c.line;
    EXPECT_EQ(request.query, c.query) << c.line;
  }
}

TEST(RequestReaderTest, what_is_no_request_is_refused) {
  const std::vector<std::string> lines = {
      "GET /",
      "GET / HTTP/2.0",
      "GET  / HTTP/1.1",
      "GET /a b HTTP/1.1",
      "GET a HTTP/1.1",
      "GET ?a HTTP/1.1",
      "GET * HTTP/1.1",
      "GET http:// HTTP/1.1",
      "GET ftp://h/ HTTP/1.1",
      "CONNECT h:80 HTTP/1.1",
      "G\tT / HTTP/1.1",
      " GET / HTTP/1.1",
      "GET /\x01 HTTP/1.1",
      "\x16\x03\x01\x02",
      "GET / HTTP/1.1 ",
      "GET /a\x7f HTTP/1.1",
      "GET http:///a HTTP/1.1",
      "(GET) / HTTP/1.1",
  };
  for (const std::string& line : lines) {
    EXPECT_EQ(refusal_of(fmt::format("{}\r\n{}\r\n", line, kHost)), 400) << line;
  }
}

TEST(RequestReaderTest, what_two_readers_may_read_differently_is_refused) {
  const std::vector<std::string> headers = {
      "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
      "Transfer-Encoding: identity\r\nContent-Length: 1\r\n",
      "Content-Length: 1\r\nContent-Length: 2\r\n",
      "Content-Length: 1\r\nContent-Length: 1\r\n",
      "Content-Length: 1, 1\r\n",
      "Content-Length: +1\r\n",
      "Content-Length: -1\r\n",
      "Content-Length: 0x1\r\n",
      "Content-Length: \r\n",
      "Content-Length: 1 2\r\n",
      "Content-Length: 99999999999999999999999\r\n",
      "Content-Length : 1\r\n",
      " Content-Length: 1\r\n",
      "Content-Length\r\n",
      ": 1\r\n",
      "X\tY: 1\r\n",
      "X\x80: 1\r\n",
      "X: a\x01\r\n",
      std::string("X: a\0b\r\n", 8),
      "X: a\nContent-Length: 1\r\n",
      "X: a\rContent-Length: 1\r\n",
      "Transfer-Encoding: gzip\r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Transfer-Encoding: chunked, identity\r\n",
      "Transfer-Encoding: xchunked\r\n",
      "Transfer-Encoding: \013chunked\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding:\r\n",
      "Host: other\r\n",
  };
  for (const std::string& header : headers) {
    EXPECT_EQ(refusal_of(fmt::format("POST / HTTP/1.1\r\n{}{}\r\nx", header, kHost)), 400)
        << header;
  }
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n\r\n"), 400) << "no Host";
  EXPECT_EQ(refusal_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
}

TEST(RequestReaderTest, a_chunk_that_is_none_is_refused) {
  for (const char* body : {"x\r\n", "-1\r\n", "0x3\r\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n",
                           "3\nabc\n0\r\n\r\n", "fffffffffffffffff\r\n", "3 ;\x01\r\nabc",
                           "0\r\nbad trailer\r\n\r\n", "0\r\nContent-Length: 3\r\n\r\n"}) {
    EXPECT_EQ(refusal_of(with_headers("Transfer-Encoding: chunked\r\n", body)), 400) << body;
  }
}

TEST(RequestReaderTest, a_body_over_the_limit_is_refused_by_its_announcement) {
  EXPECT_EQ(refusal_of(with_headers("Content-Length: 65\r\n")), 413);
  EXPECT_EQ(refusal_of(with_headers("Content-Length: 64\r\n")), 0);
  EXPECT_EQ(refusal_of(with_headers("Expect: 100-continue\r\nContent-Length: 65\r\n")), 413);
  EXPECT_EQ(refusal_of(with_headers("Transfer-Encoding: chunked\r\n", "41\r\n")), 413);
  EXPECT_EQ(refusal_of(with_headers("Transfer-Encoding: chunked\r\n",
                                    "1\r\nx\r\n3f\r\n" + std::string(63, 'x') + "\r\n1\r\n")),
            413);
  Reading reading = read(with_headers("Content-Length: 65\r\n"));
  EXPECT_EQ(reading.reader.refusal().code, "http.body_too_large");
  EXPECT_NE(reading.reader.refusal().message.find("64 bytes"), std::string::npos);
}

TEST(RequestReaderTest, a_head_over_the_limit_is_refused_before_it_ends) {
  const std::string long_value(2000, 'x');
  for (const std::size_t piece : {std::string::npos, std::size_t{1}, std::size_t{100}}) {
    for (const std::string& text :
         {"GET /" + long_value, long_value, with_headers("X: " + long_value),
          with_headers(long_value), "GET / HTTP/1.1\r\n" + [] {
            std::string many;
            for (int i = 0; i < 400; ++i) many += "a: b\r\n";
            return many;
          }()}) {
      const Reading reading = read(text, piece);
      ASSERT_EQ(reading.progress, Progress::refused) << text.substr(0, 60) << piece;
      EXPECT_EQ(reading.reader.refusal().status, 431) << text.substr(0, 60) << piece;
    }
  }
  std::string most = "X: " + std::string(1024, 'y');
  most.resize(1024 - with_headers("\r\n").size());
  EXPECT_EQ(refusal_of(with_headers(most + "\r\n")), 0);
  EXPECT_EQ(refusal_of(with_headers(most + "y\r\n")), 431);
}

TEST(RequestReaderTest, headers_are_counted) {
  std::string headers;
  for (int i = 0; i < 99; ++i) headers += "a:b\r\n";
  EXPECT_EQ(refusal_of(with_headers(headers)), 0);
  EXPECT_EQ(refusal_of(with_headers(headers + "a:b\r\n")), 431);
}

TEST(RequestReaderTest, what_nobody_reads_of_chunks_is_bounded) {
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  EXPECT_EQ(refusal_of(with_headers(chunked, "1;" + std::string(3000, 'x'))), 400);
  EXPECT_EQ(refusal_of(with_headers(chunked, "0\r\nX: " + std::string(3000, 'x'))), 400);
}

TEST(RequestReaderTest, an_expectation_that_is_not_known_is_refused) {
  EXPECT_EQ(refusal_of(with_headers("Expect: miracles\r\nContent-Length: 1\r\n")), 417);
}

TEST(RequestReaderTest, an_empty_line_before_a_request_does_not_count) {
  for (const std::size_t piece : {std::string::npos, std::size_t{1}}) {
    EXPECT_EQ(read("\r\n\r\nGET / HTTP/1.1\r\n" + kHost + "\r\n", piece).progress, Progress::whole);
  }
  std::string many;
  for (int i = 0; i < 600; ++i) many += "\r\n";
  EXPECT_EQ(refusal_of(many), 431);
}

TEST(RequestReaderTest, the_connection_is_kept_as_the_version_and_the_header_say) {
  const auto keeps = [](const std::string& text) {
    const Reading reading = read(text);
    EXPECT_EQ(reading.progress, Progress::whole) << text;
    return reading.reader.keeps_connection();
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\n" + kHost + "\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nConnection: x, Close\r\n" + kHost + "\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

}  // namespace
}  // namespace miniatura
