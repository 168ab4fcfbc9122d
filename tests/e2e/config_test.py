"""The configuration file, from outside: where it is taken from, what is wrong in it, and what its rules do."""
import json
import re

import support
from lambda_test import RuntimeApi

RULE = {"match": {"bucket": "photos", "prefix": "up/"}, "presets": ["small"],
        "destination": "s3://thumbs/{dir}{name}/{preset}.{ext}"}
CONFIG = {"rules": [RULE], "presets": {"small": {"width": 16, "format": "png"}}}


def removal(key):
    event = support.event(key)
    event["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    return event


class WithConfig(support.Case):
    def setUp(self):
        super().setUp()
        self.env.pop("MINIATURA_DEST")
        self.env.pop("MINIATURA_PRESETS")
        self.upload("up/a.png", support.png(64, 64, support.quarters))

    def replay(self, event, *options, **env):
        done = self.run_it("replay", *options, self.write("event.json", event), **env)
        self.assertEqual((done.code, done.err), (0, ""))
        return done.json_lines()[0]["events"][0]


class Where(WithConfig):
    def test_an_option_a_variable_with_a_path_and_one_with_the_json(self):
        text = "// what to make\n" + json.dumps(CONFIG)
        path = self.write("config.json", text)
        for options, variable in ((["--config", path], None), ([], path), ([], text), (["--config", path], "no/such")):
            with self.subTest(options=options, variable=variable):
                event = self.replay(support.event("up/a.png"), *options,
                                    MINIATURA_CONFIG=None if variable is None else str(variable))
                self.assertIn(event["outcome"], ("stored", "skipped"))
                self.assertEqual(list(self.thumbnails()), ["up/a.png/small.png"])
                self.assertEqual(self.replay(support.event("b.png"), MINIATURA_CONFIG=text)["reason"], "no_rule")

    def test_lambda_takes_it_and_tells_what_is_wrong_in_it(self):
        api = RuntimeApi(self, json.dumps(support.event("up/a.png")).encode())
        self.run_it("lambda", AWS_LAMBDA_RUNTIME_API=api.address, MINIATURA_CONFIG=json.dumps(CONFIG))
        self.assertEqual(api.posts[0][2]["stored"], 1, api.posts)
        api = RuntimeApi(self, b"{}")
        done = self.run_it("lambda", AWS_LAMBDA_RUNTIME_API=api.address, MINIATURA_CONFIG='{"rule": []}')
        self.assertEqual(done.code, 1)
        (path, error_type, body), = api.posts
        self.assertEqual((path, error_type), ("/2018-06-01/runtime/init/error", "Function.ConfigInvalid"))
        self.assertIn('rule: no such field; did you mean "rules"?', body["errorMessage"])

    def test_store_and_journal_of_the_file_serve_every_command(self):
        config = self.write("config.json", {**CONFIG, "store": f"file://{self.store}", "journal": str(self.dir / "own.db")})
        self.env.update(MINIATURA_STORE="", MINIATURA_JOURNAL="")
        self.replay(support.event("up/a.png"), "--config", config)
        self.assertEqual(len(self.run_it("journal", "list", "--config", config).json_lines()), 1)
        listed = self.run_it("s3", "ls", "--recursive", "--json", "--config", config, "s3://thumbs/")
        self.assertEqual([line["key"] for line in listed.json_lines()], ["up/a.png/small.png"])
        done = self.run_it("thumb", support.PHOTO, "-o", self.dir / "out", "--config", config, "--json")
        self.assertEqual([each["width"] for each in done.json_lines()[0]["thumbnails"]], [16], done.err)


class Check(WithConfig):
    def test_all_errors_are_told_a_line_each_and_elsewhere_the_first(self):
        config = self.write("config.json", {"rules": [{**RULE, "presets": ["smal"]}], "presets": {"small": {"width": 0}}})
        done = self.run_it("config", "check", "--config", config)
        lines = [f'miniatura: config.invalid: {config}: presets.small.width: 0 is not within 1 to 16384',
                 f'miniatura: config.invalid: {config}: rules[0].presets[0]: no preset "smal"; did you mean "small"?']
        self.assertEqual((done.code, done.err.splitlines()), (2, lines))
        self.assert_error(self.run_it("replay", "--config", config, "-"), 2, "config.invalid", "presets.small.width",
                          "and 1 more")

    def test_reach_is_asked_unless_told_otherwise(self):
        config = self.write("config.json", CONFIG)
        self.assertEqual(self.run_it("config", "check", "--config", config).code, 0)
        (self.store / "photos").rename(self.store / "elsewhere")
        self.assert_error(self.run_it("config", "check", "--config", config), 75, "source.no_bucket", "photos")
        self.assertEqual(self.run_it("config", "check", "--no-reach", "--config", config).code, 0)
        done = self.run_it("config", "check", "--no-reach", "--config", config, MINIATURA_STORE="s3:")
        self.assertEqual((done.code, done.err), (0, ""), "nothing is asked, so no credentials are needed")

    def test_schema_is_json_and_the_readmes_example_is_right(self):
        done = self.run_it("config", "schema")
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual(json.loads(done.out), json.loads((support.ROOT / "handler/config.schema.json").read_text()))
        example = re.search(r"```jsonc\n(.*?)```", (support.ROOT / "README.md").read_text(), re.S)[1]
        done = self.run_it("config", "check", "--no-reach", "--config", self.write("example.json", example))
        self.assertEqual((done.code, done.err), (0, ""))


class Rules(WithConfig):
    def test_thumbnails_go_with_their_source_where_the_rule_says_so(self):
        self.env["MINIATURA_CONFIG"] = json.dumps({**CONFIG, "rules": [{**RULE, "on_remove": "delete"}]})
        self.replay(support.event("up/a.png"))
        self.assertEqual(self.replay(removal("up/a.png"))["reason"], "stale")
        self.assertEqual(len(self.thumbnails()), 1)
        (self.store / "photos/up/a.png").unlink()
        self.assertEqual(self.replay(removal("up/a.png"))["reason"], "removed")
        self.assertEqual(self.thumbnails(), {})
        self.assertEqual(self.replay(removal("up/a.png"))["reason"], "gone")

    def test_a_bucket_that_is_its_own_destination_does_not_grow(self):
        self.env.update(MINIATURA_DEST="s3://photos/thumbs/", MINIATURA_PRESETS="small=16x16,card=32x32")

        def keys():
            root = self.store / "photos"
            return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

        seen, rounds = set(), 0
        while new := [key for key in keys() if key not in seen]:  # an event for every object created
            rounds += 1
            self.assertLess(rounds, 5, keys())
            for key in new:
                outcome = self.replay(support.event(key))
                self.assertEqual((outcome["outcome"], outcome.get("reason")),
                                 ("skipped", "own_output") if key.startswith("thumbs/") else ("stored", None))
            seen.update(new)
        self.assertEqual((rounds, len(seen)), (2, 3))

    def test_a_rule_that_contains_its_destination_does_not_start(self):
        config = self.write("config.json", {**CONFIG, "rules": [{**RULE, "destination": "s3://photos/up/t/{key}/{preset}"}]})
        self.assert_error(self.run_it("replay", "--config", config, "-"), 2, "config.invalid", "rules[0].match",
                          "it would feed itself")


if __name__ == "__main__":
    support.main()
