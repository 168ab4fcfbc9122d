"""The bench's own program answers: what bench/run would only find out on the day of a release."""
import json
import subprocess
import sys
import unittest

import support

sys.path.insert(0, str(support.ROOT / "bench"))
import setting  # noqa: E402

ENGINE = support.EXECUTABLE.parent / "bench_engine"


class BenchEngine(support.Case):
    def ask(self, *requests):
        text = "".join("\t".join(map(str, request)) + "\n" for request in requests)
        done = subprocess.run([ENGINE], input=text, capture_output=True, text=True, timeout=support.TIMEOUT_S, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_a_round_is_answered_with_its_cost_and_its_thumbnails(self):
        reply, = self.ask(("render", 2, "small=64x64:png,wide=100x50:jpeg:fill", support.PHOTO, self.dir))
        self.assertEqual(len(reply["cpu_ms"]), 2)
        self.assertTrue(all(ms > 0 for ms in reply["cpu_ms"]), reply)
        self.assertGreater(reply["peak_kb"], 1_000)
        for name, size in (("small.png", ("png", 64, 48)), ("wide.jpg", ("jpeg", 100, 50))):
            image = (self.dir / name).read_bytes()
            self.assertEqual(support.size_of(image), size)
            self.assertEqual(reply["bytes"][name.split(".")[0]], len(image))

    def test_what_cannot_be_done_is_said_and_the_next_request_is_answered(self):
        replies = self.ask(("heif", 1, support.PHOTO), ("render", 0, "a=8x8", support.PHOTO), ("render", 1, "a=8", support.PHOTO),
                           ("render", 1, "a=8x8", self.dir / "none.jpg"), ("",), ("render", 1, "a=8x8", support.PHOTO))
        self.assertEqual([list(reply) for reply in replies[:-1]], [["error"]] * 5)
        self.assertIn("cpu_ms", replies[-1])


class Page(support.Case):
    def test_only_what_stands_between_the_markers_is_written(self):
        page = self.write("page.md", "before\n<!-- a:begin (x) -->\nold\n<!-- a:end -->\n<!-- b:begin -->\nkept\n<!-- b:end -->\n")
        setting.write_between_markers("a", "new \\1\n", page)
        self.assertEqual(page.read_text(), "before\n<!-- a:begin (x) -->\n\nnew \\1\n\n<!-- a:end -->\n"
                         "<!-- b:begin -->\nkept\n<!-- b:end -->\n")
        with self.assertRaises(SystemExit):
            setting.write_between_markers("c", "new", page)


if __name__ == "__main__":
    unittest.main(verbosity=2)
