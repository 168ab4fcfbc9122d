"""`miniatura journal …` from outside: what replayed events left behind."""
import contextlib
import csv
import io
import json
import sqlite3

import support


class Remembered(support.Case):
    def setUp(self):
        super().setUp()
        self.upload("good, \"quoted\".png", support.png(80, 60, support.quarters))
        self.upload("bad.png", support.corrupt_png())
        records = [support.event(key)["Records"][0] for key in ("good, \"quoted\".png", "bad.png", "gone.png")]
        self.run_it("replay", self.write("event.json", {"Records": records}))

    def journal(self, *arguments):
        done = self.run_it("journal", *arguments)
        self.assertEqual((done.code, done.err), (0, ""))
        return done

    def fails(self, code, says, *arguments):
        done = self.run_it("journal", *arguments)
        self.assertEqual(done.code, code)
        self.assertTrue(done.err.startswith(f"miniatura: {says}"), done.err)

    def test_one_event_is_shown_whole(self):
        shown, = self.journal("show", "1").json_lines()
        self.assertEqual((shown["key"], shown["door"], shown["outcome"]), ("good, \"quoted\".png", "replay", "stored"))
        self.assertEqual(set(shown["steps_ms"]), {"download", "decode", "render", "upload"})
        self.fails(1, "store.not_found: the journal has no event 99", "show", "99")
        self.assertEqual(self.run_it("journal", "show", "0").code, 2)

    def test_what_took_the_picture_is_remembered(self):
        self.upload("cat.jpg", (support.ROOT / "infra/demo/photos/cat.jpg").read_bytes())
        self.run_it("replay", self.write("event.json", support.event("cat.jpg")))
        expected = {"format": "jpeg", "width": 4640, "height": 3472, "bytes": 466154, "orientation": 1,
                    "colour_space": "rgb", "camera_make": "motorola", "camera_model": "moto g(9) plus",
                    "capture_time": "2025-06-01T16:59:26"}
        listed, = self.journal("list", "--prefix", "cat", "--json").json_lines()
        shown, = self.journal("show", str(listed["id"])).json_lines()
        exported, = self.journal("export", "--prefix", "cat").json_lines()
        for row in (listed, shown, exported):
            self.assertEqual(row["source"], expected)
        row, = csv.DictReader(io.StringIO(self.journal("export", "--prefix", "cat", "--format", "csv").out))
        self.assertEqual({name: row["source_" + name] for name in expected},
                         {name: str(value) for name, value in expected.items()})
        self.assertEqual((row["source_icc_profile"], row["thumbnails"]), ("", "2"))

    def test_a_file_of_version_1_is_read_and_brought_up_to_date(self):
        old = self.dir / "old.db"
        with contextlib.closing(sqlite3.connect(old)) as database:
            database.executescript((support.ROOT / "tests/fixtures/journal/version-1.sql").read_text())
        keys = [row["key"] for row in self.journal("list", "--journal", str(old)).json_lines()]
        self.assertEqual(keys, ["old/third.png", "old/second.png", "old/first.jpg"])
        self.run_it("replay", "--journal", str(old), self.write("event.json", support.event("gone.png")))
        newest, *others = self.journal("list", "--journal", str(old)).json_lines()
        self.assertEqual((newest["key"], [row["key"] for row in others]), ("gone.png", keys))

    def test_a_file_of_a_newer_version_is_left_alone(self):
        newer = self.dir / "newer.db"
        with contextlib.closing(sqlite3.connect(newer)) as database:
            database.execute("PRAGMA user_version = 7")
        for command in (("list",), ("stats",), ("show", "1"), ("export",), ("prune", "--before", "2999")):
            self.fails(1, f"journal.unavailable: {newer}: of a newer version (7)", *command, "--journal", str(newer))
        self.upload("fine.png", support.png(8, 8, support.quarters))
        done = self.run_it("replay", "--journal", str(newer), self.write("event.json", support.event("fine.png")))
        self.assertEqual((done.code, done.json_lines()[0]["stored"]), (0, 1))
        self.assertEqual(done.err, f"miniatura: journal.unavailable: {newer}: of a newer version (7) than this program knows (2)\n")

    def test_sums(self):
        stats, = self.journal("stats").json_lines()
        self.assertEqual(stats["outcomes"], {"failed": 1, "skipped": 1, "stored": 1})
        self.assertEqual(stats["errors"], {"image.corrupt": 1})
        self.assertEqual(stats["reasons"], {"gone": 1})
        self.assertGreater(stats["ms"]["total"]["p50"], 0)
        self.assertEqual(self.journal("stats", "--code", "image.corrupt").json_lines()[0]["events"], 1)
        self.assertEqual(self.journal("stats", "--until", "2020").json_lines()[0]["events"], 0)

    def test_an_export_is_what_others_can_read(self):
        rows = list(csv.DictReader(io.StringIO(self.journal("export", "--format", "csv").out)))
        self.assertEqual([row["key"] for row in rows], ["good, \"quoted\".png", "bad.png", "gone.png"])
        self.assertEqual([row["outcome"] for row in rows], ["stored", "failed", "skipped"])
        self.assertEqual((rows[0]["thumbnails"], rows[0]["source_width"]), ("2", "80"))
        lines = self.journal("export", "--failed").out.splitlines()
        self.assertEqual([json.loads(line)["key"] for line in lines], ["bad.png"])
        self.assertEqual(self.run_it("journal", "export", "--format", "xml").code, 2)

    def test_pruning(self):
        self.assertEqual(self.journal("prune", "--before", "2020-01-01", "--json").json_lines(), [{"removed": 0}])
        self.assertIn("3 events", self.journal("prune", "--before", "2999").out)
        self.assertEqual(self.journal("list").out, "")
        self.fails(2, "usage: --before: \"soon\"", "prune", "--before", "soon")
        self.assertEqual(self.run_it("journal", "prune").code, 2)


if __name__ == "__main__":
    support.main()
