#include "handler/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace miniatura {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// All problems of a file, a line each.
std::vector<std::string> problems_of(const std::string& text) {
  std::vector<std::string> problems;
  static_cast<void>(parse_config_file(text, "c", {}, problems));
  return problems;
}

// The same, of one preset or one rule that says no more than this.
std::string preset(const std::string& fields) {
  const auto problems = problems_of(R"({"presets": {"card": {"width": 9, )" + fields + "}}}");
  return problems.empty() ? "right" : problems.front();
}
std::string rule(const std::string& fields,
                 const std::string& destination = "\"s3://thumbs/{dir}{name}/{preset}.{ext}\"") {
  const auto problems = problems_of(
      R"({"presets": {"small": {"width": 9}, "card": {"width": 10}}, "rules": [{"presets": ["small", "card"],
          "destination": )" +
      destination + (fields.empty() ? "" : ", ") + fields + "}]}");
  return problems.empty() ? "right" : problems.front();
}

TEST(ConfigFileTest, every_field_arrives) {
  std::vector<std::string> problems;
  const auto file = parse_config_file(R"({
    "rules": [
      {"match": {"bucket": "photos", "prefix": "up/", "suffix": [".jpg", ".png"]},
       "presets": ["card", "small"], "destination": "s3://thumbs/{dir}{name}/{preset}.{ext}",
       "cache_control": "max-age=60", "storage_class": "STANDARD_IA", "tags": {"made": "yes"},
       "metadata": {"owner": "me"}, "on_remove": "delete", "use_version": true},
      {"presets": ["small"], "destination": "s3://others/{bucket}/{key}.{ext}"}
    ],
    "presets": {
      "small": {"height": 64},
      "card": {"width": 600, "height": 400, "fit": "cover", "format": "webp", "quality": 82,
               "background": "#10FF00", "gravity": "south-west", "enlarge": true,
               "progressive": true, "subsampling": "4:2:2", "max_bytes": 30000, "linear": true, "sharpen": 0.75,
               "animated": true, "keep": ["icc"], "steps": []}
    },
    "limits": {"source_bytes": 1, "pixels": 2, "decoded_bytes": 3, "frames": 4, "scans": 5,
               "metadata_bytes": 6, "cpu_ms": 7},
    "journal": "none", "store": "file:///objects" })",
                                      "c", {}, problems);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->rules.rules.size(), 2U);
  const Rule& first = file->rules.rules[0];
  EXPECT_EQ(first.name, "rules[0]");
  EXPECT_EQ(first.match.bucket, "photos");
  EXPECT_EQ(first.match.prefix, "up/");
  EXPECT_THAT(first.match.suffixes, ElementsAre(".jpg", ".png"));
  EXPECT_EQ(first.destination_bucket, "thumbs");
  EXPECT_EQ(first.put.cache_control, "max-age=60");
  EXPECT_EQ(first.put.storage_class, "STANDARD_IA");
  EXPECT_EQ(first.put.tags.at("made"), "yes");
  EXPECT_EQ(first.put.metadata.at("owner"), "me");
  EXPECT_TRUE(first.removes);
  EXPECT_TRUE(first.use_version);
  Preset card = {"card", 600, 400, Fit::cover, ImageFormat::webp, 82, {0x10, 0xff, 0}};
  card.gravity = Gravity::south_west;
  card.enlarge = true;
  card.progressive = true;
  card.subsampling = Subsampling::s422;
  card.max_bytes = 30'000;
  card.linear = true;
  card.sharpen = 0.75;
  card.animated = true;
  card.keep_copyright = false;
  card.keep_icc = true;
  const Preset small = {"small", 0, 64, Fit::inside, std::nullopt, 80, kWhite};
  EXPECT_THAT(first.presets, ElementsAre(card, small));
  EXPECT_THAT(file->presets, ElementsAre(small, card));
  EXPECT_FALSE(file->rules.rules[1].removes);
  EXPECT_EQ(file->limits.source_bytes, 1U);
  EXPECT_EQ(file->limits.pixels, 2U);
  EXPECT_EQ(file->limits.decoded_bytes, 3U);
  EXPECT_EQ(file->limits.frames, 4U);
  EXPECT_EQ(file->limits.scans, 5U);
  EXPECT_EQ(file->limits.metadata_bytes, 6U);
  EXPECT_EQ(file->limits.cpu_ms, 7U);
  EXPECT_EQ(file->journal, "none");
  EXPECT_EQ(file->store, "file:///objects");
}

TEST(ConfigFileTest, a_wrong_preset_is_named_by_its_path) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("height": 0)", "c: presets.card.height: 0 is not within 1 to 16384"},
      {R"("height": 16385)", "c: presets.card.height: 16385 is not within 1 to 16384"},
      {R"("height": "9")", "c: presets.card.height: \"9\" is no whole number"},
      {R"("quality": 101)", "c: presets.card.quality: 101 is not within 1 to 100"},
      {R"("fit": "crop")",
       "c: presets.card.fit: \"crop\" is none of inside, cover, contain, fill, outside"},
      {R"("format": "gif")",
       "c: presets.card.format: \"gif\" is none of auto, jpeg, png, webp, avif"},
      {R"("background": "white")",
       "c: presets.card.background: \"white\" is no colour; write #rrggbb"},
      {R"("background": "#12345g")",
       "c: presets.card.background: \"#12345g\" is no colour; write #rrggbb"},
      {R"("gravity": "middle")",
       "c: presets.card.gravity: \"middle\" is none of center, north, north-east, east, "
       "south-east, "
       "south, south-west, west, north-west"},
      {R"("gravity": "nort")",
       "c: presets.card.gravity: \"nort\" is none of center, north, north-east, east, south-east, "
       "south, south-west, west, north-west; did you mean \"north\"?"},
      {R"("enlarge": "yes")", "c: presets.card.enlarge: \"yes\" is no true or false"},
      {R"("progressive": 1)", "c: presets.card.progressive: 1 is no true or false"},
      {R"("subsampling": "4:1:1")",
       "c: presets.card.subsampling: \"4:1:1\" is none of 4:2:0, 4:2:2, 4:4:4; did you mean "
       "\"4:2:0\"?"},
      {R"("max_bytes": 0)", "c: presets.card.max_bytes: 0 is not within 1 to 1099511627776"},
      {R"("linear": "on")", "c: presets.card.linear: \"on\" is no true or false"},
      {R"("animated": 1)", "c: presets.card.animated: 1 is no true or false"},
      {R"("animated": true, "format": "avif")",
       "c: presets.card.animated: avif does not move; write webp, or auto"},
      {R"("animated": true, "format": "webp")", "right"},
      {R"("animated": true)", "right"},
      {R"("sharpen": -0.5)", "c: presets.card.sharpen: -0.5 is not within 0 to 10"},
      {R"("sharpen": 10.5)", "c: presets.card.sharpen: 10.5 is not within 0 to 10"},
      {R"("sharpen": true)", "c: presets.card.sharpen: true is no number"},
      {R"("keep": ["icc", "gps"])", "c: presets.card.keep[1]: \"gps\" is none of copyright, icc"},
      {R"("keep": "icc")", "c: presets.card.keep: \"icc\" is no list"},
      {R"("steps": ["blur"])", "c: presets.card.steps: [\"blur\"] is not built yet"},
      {R"("widht": 1)", "c: presets.card.widht: no such field; did you mean \"width\"?"},
      {R"("width": 8)", "c: presets.card.width: there twice"},
  };
  for (const auto& [fields, problem] : cases) EXPECT_EQ(preset(fields), problem);
  EXPECT_THAT(problems_of(R"({"presets": {"a/b": {"width": 1}, "none": {}, "seven": 7}})"),
              ElementsAre("c: presets.seven: 7 is no object",
                          "c: presets.a/b: a preset's name is 1 to 64 of A-Z a-z 0-9 _ -",
                          "c: presets.none: a width or a height is needed"));
}

TEST(ConfigFileTest, a_wrong_rule_is_named_by_its_path) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "right"},
      {R"("presets": ["small", "smal"])", "c: rules[0].presets: there twice"},
      {R"("match": 1)", "c: rules[0].match: 1 is no object"},
      {R"("match": {"bucket": "a/b"})", "c: rules[0].match.bucket: "},
      {R"("match": {"suffix": ".jpg"})", "c: rules[0].match.suffix: \".jpg\" is no list"},
      {R"("match": {"suffix": [""]})",
       "c: rules[0].match.suffix: an empty one would match every key"},
      {R"("match": {"sufix": []})",
       "c: rules[0].match.sufix: no such field; did you mean \"suffix\"?"},
      {R"("cache_control": "a\nb")",
       "c: rules[0].cache_control: the cache control is not printable ASCII"},
      {R"("storage_class": "é")",
       "c: rules[0].storage_class: the storage class is not printable ASCII"},
      {R"("tags": {"": "x"})", "c: rules[0].tags: a tag's key has 0 characters, not 1 to 128"},
      {R"("tags": {"a b+-=._:/@1": "", "größe": "写真"})", "right"},
      {R"("tags": {"a&b": "x"})",
       "c: rules[0].tags: the tag a&b: \"&\" is none of letters, digits, space and + - = . _ : / "
       "@"},
      {R"("tags": {"a": "1\n"})", "c: rules[0].tags: the tag a: \"%0A\" of the value is none of"},
      {R"("tags": {"AWS:x": "y"})",
       "c: rules[0].tags: the tag AWS:x: keys with aws: are AWS's own"},
      {R"("metadata": {"A": "x"})",
       "c: rules[0].metadata: a metadata name is not of a-z, 0-9, '-', '_' and '.'"},
      {R"("metadata": {"miniatura-source": "x"})",
       "c: rules[0].metadata.miniatura-source: names with miniatura- are ours"},
      {R"("on_remove": "drop")", "c: rules[0].on_remove: \"drop\" is none of keep, delete"},
      {R"("use_version": 1)", "c: rules[0].use_version: 1 is no true or false"},
  };
  for (const auto& [fields, problem] : cases)
    EXPECT_THAT(rule(fields), testing::StartsWith(problem));
  const std::string big(1100, 'x');
  EXPECT_EQ(rule(R"("metadata": {"a": ")" + big + "\"}"),
            "c: rules[0].metadata: 1101 bytes, over the limit of 1024");
}

TEST(ConfigFileTest, a_wrong_destination_is_refused) {
  const std::pair<const char*, const char*> cases[] = {
      {"\"thumbs/{name}\"", "c: rules[0].destination: thumbs/{name}: is not an s3:// URL"},
      {"\"s3://{bucket}/{name}/{preset}\"",
       "c: rules[0].destination: a bucket has no fields in braces: "
       "\"s3://{bucket}/{name}/{preset}\""},
      {"\"s3://thumbs\"",
       "c: rules[0].destination: \"s3://thumbs\" has no key; for example "
       "s3://thumbs/{dir}{name}/{preset}.{ext}"},
      {"\"s3://thumbs/{nam}/{preset}\"",
       "c: rules[0].destination: no field {nam}; there are {bucket} {key} {dir} {name} {stem} "
       "{ext} "
       "{preset} {width} {height} {etag}"},
      {"\"s3://thumbs/{name\"",
       "c: rules[0].destination: a brace without its other half in \"{name\""},
      {"\"s3://thumbs/{name}.{ext}\"",
       "c: rules[0].destination: the presets \"small\" and \"card\" would have the same key; "
       "{preset} tells them apart"},
      {"\"s3://thumbs/{name}-{width}.{ext}\"", "right"},
      {"7", "c: rules[0].destination: 7 is no text"},
  };
  for (const auto& [destination, problem] : cases) EXPECT_EQ(rule("", destination), problem);
  EXPECT_EQ(rule("\"on_remove\": \"delete\"", "\"s3://thumbs/{etag}/{preset}\""),
            "c: rules[0].on_remove: the event of a removal has no etag, and the destination uses "
            "{etag}");
}

TEST(ConfigFileTest, all_that_is_wrong_is_told_at_once) {
  EXPECT_THAT(problems_of(R"({"presets": {"small": {"width": 0}}, "store": "ftp://x", "journal": "",
                              "rules": [{"presets": ["small", "smal", "small"]}, {}],
                              "limits": {"pixel": 1}})"),
              ElementsAre("c: presets.small.width: 0 is not within 1 to 16384",
                          "c: rules[0].presets[1]: no preset \"smal\"; did you mean \"small\"?",
                          "c: rules[0].presets[2]: \"small\" is there twice",
                          testing::StartsWith("c: rules[0].destination: missing: "),
                          "c: rules[1].presets: missing: what is to be made?",
                          testing::StartsWith("c: rules[1].destination: missing: "),
                          "c: limits.pixel: no such field; did you mean \"pixels\"?",
                          "c: journal: empty; write a path, :memory: or none",
                          "c: store: \"ftp://x\" is neither s3: nor file:///directory"));
  EXPECT_THAT(problems_of("[]"), ElementsAre("c: [] is no object"));
  EXPECT_THAT(problems_of("{"), ElementsAre("c: not JSON: wrong at line 1, column 2"));
  EXPECT_THAT(problems_of("{}"), IsEmpty());
}

}  // namespace
}  // namespace miniatura
