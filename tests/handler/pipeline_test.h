// The pipeline on the memory store: what the tests of process and once share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "handler/once.h"
#include "handler/process.h"
#include "tests/support/memory_store.h"
#include "tests/support/solid.h"

namespace miniatura {

// Pictures of different colours, so that etags and thumbnails tell versions apart.
inline Bytes red() { return solid_png(64, 48, pictures::kRed); }
inline Bytes green() { return solid_png(64, 48, pictures::kGreen); }
inline Bytes blue() { return solid_png(64, 48, pictures::kBlue); }

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    rules_.rules.push_back({"MINIATURA_DEST", *parse_presets("small=16x16:png,card=32x32:png"),
                            "thumbs", *KeyTemplate::parse("{dir}{name}/{preset}.{ext}")});
  }

  static ObjectEvent event_of(const std::string& key, const std::string& etag) {
    ObjectEvent event;
    event.object = {"photos", key, ""};
    event.etag = etag;
    return event;
  }
  // Puts a source and gives the event that tells of it.
  ObjectEvent upload(const std::string& key, const Bytes& bytes) {
    return event_of(key, store_.add("photos", key, bytes));
  }

  Outcome work_on(const ObjectEvent& event, const Context& context = {}) {
    return process(event, {&rules_, &limits_, &store_, &clock_}, context);
  }

  std::string source_etag(const std::string& key) const {
    const auto info = store_.info("thumbs", key);
    return info ? info->metadata.at(kSourceEtagKey) : "absent";
  }
  // Their keys.
  std::vector<std::string> thumbnails_of(const std::string& key) const {
    std::vector<std::string> keys;
    for (const Preset& preset : rules_.rules[0].presets) {
      keys.push_back(key + "/" + preset.name + ".png");
    }
    return keys;
  }
  void expect_thumbnails_of(const std::string& key) const {
    const std::string etag = store_.info("photos", key)->etag;
    for (const std::string& thumbnail : thumbnails_of(key)) {
      EXPECT_EQ(source_etag(thumbnail), etag) << thumbnail;
    }
  }
  // No version of a thumbnail made from older bytes may follow one made from newer ones.
  void expect_never_backwards(const std::string& key,
                              const std::vector<std::string>& etags_oldest_first) const {
    for (const std::string& thumbnail : thumbnails_of(key)) {
      std::ptrdiff_t newest = -1;
      for (const auto& version : store_.history("thumbs", thumbnail)) {
        const std::string& etag = version.info.metadata.at(kSourceEtagKey);
        const auto place = std::find(etags_oldest_first.begin(), etags_oldest_first.end(), etag) -
                           etags_oldest_first.begin();
        EXPECT_GE(place, newest) << thumbnail;
        newest = std::max(newest, place);
      }
    }
  }

  MemoryStore store_{"photos", "thumbs"};
  Rules rules_;
  Limits limits_;
  SystemClock clock_;
};

}  // namespace miniatura
