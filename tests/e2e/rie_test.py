"""The executable as a custom runtime, under Lambda's own emulator, on a directory store."""
import json
import os

import support


class UnderTheEmulator(support.Case):
    def setUp(self):
        super().setUp()
        self.emulator = support.Emulator(self, self.env)

    def invoke(self, key, body=None):
        if body is not None:
            self.upload(key, body)
        return json.loads(self.emulator.invoke(support.event(key)))

    def test_a_poison_event_is_answered_with_its_cause_and_the_next_one_served(self):
        first = self.invoke("up/a b.jpg", support.PHOTO.read_bytes())
        self.assertEqual((first["stored"], first["failed"]), (1, 0), first)
        made = {t["preset"]: (t["format"], t["width"], t["height"]) for t in first["events"][0]["thumbnails"]}
        self.assertEqual(made, {"small": ("jpeg", 256, 192), "card": ("webp", 60, 40)})

        poison = self.invoke("up/poison.png", support.corrupt_png())
        self.assertEqual(poison["errorType"], "Function.ImageCorrupt", poison)
        self.assertIn("photos/up/poison.png", poison["errorMessage"])

        third = self.invoke("up/c.png", support.png(64, 64, support.quarters))
        self.assertEqual(third["stored"], 1, third)

        seen = self.thumbnails()
        self.assertEqual(sorted(seen), ["up/a b.jpg/card.webp", "up/a b.jpg/small.jpg",
                                        "up/c.png/card.webp", "up/c.png/small.webp"])
        self.assertEqual(support.size_of(seen["up/a b.jpg/small.jpg"]), ("jpeg", 256, 192))
        self.assertEqual(len(set(self.emulator.children())), 1, "one process served all three")

    def test_what_cannot_be_parsed_is_a_typed_error_and_the_loop_goes_on(self):
        answer = json.loads(self.emulator.invoke("{ no json"))
        self.assertEqual(answer["errorType"], "Function.EventMalformed")
        self.assertEqual(self.invoke("a.jpg", support.PHOTO.read_bytes())["stored"], 1)

    def test_a_missing_destination_is_deferred_and_says_which(self):
        (self.store / "thumbs").rmdir()
        answer = self.invoke("a.jpg", support.PHOTO.read_bytes())
        self.assertEqual(answer["errorType"], "Function.DestinationNoBucket", answer)
        self.assertIn("thumbs", answer["errorMessage"])

    def test_each_event_is_one_line_of_the_log_with_its_timings(self):
        self.invoke("a.jpg", support.PHOTO.read_bytes())
        self.invoke("b.png", support.corrupt_png())
        lines = [line for line in self.emulator.log_lines() if "events" in line]
        self.assertEqual([line["level"] for line in lines], ["INFO", "ERROR"])
        self.assertEqual([line["cold_start"] for line in lines], [True, False])
        self.assertLessEqual({"download", "decode", "render", "upload"}, set(lines[0]["events"][0]["timings"]))
        self.assertEqual(lines[1]["events"][0]["error"]["code"], "image.corrupt")

    def test_sigterm_leaves_no_process_behind(self):
        self.invoke("a.jpg", support.PHOTO.read_bytes())
        children = self.emulator.children()
        self.assertEqual(len(children), 1)
        self.emulator.stop()
        self.assertFalse(os.path.exists(f"/proc/{children[0]}"))

    def test_a_missing_setting_fails_the_start_and_is_named(self):
        emulator = support.Emulator(self, {**self.env, "MINIATURA_DEST": ""})
        answer = emulator.invoke(support.event("a.jpg"))
        self.assertIn("MINIATURA_DEST", answer + emulator.log.read_text())


if __name__ == "__main__":
    support.main("aws-lambda-rie")
