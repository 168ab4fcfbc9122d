"""The executable on a live MinIO: by replay, and as a custom runtime under Lambda's emulator."""
import hashlib
import json

import support


class OnMinio(support.Case):
    def setUp(self):
        super().setUp()
        self.s3, variables = support.start_minio(self)
        self.env.update(variables)

    def replay(self, key, **env):
        return self.run_it("replay", self.write("event.json", support.event(key)), **env)

    def test_thumbnails_are_there_readable_and_right(self):
        self.env["MINIATURA_PRESETS"] = "tiny=16x16:png,card=60x40:webp:cover"
        self.s3.put("photos", "up/quarters.png", support.png(64, 64, support.quarters), "image/png")
        done = self.replay("up/quarters.png")
        self.assertEqual(done.code, 0, done.err)
        headers, image = self.s3.get("thumbs", "up/quarters.png/tiny.png")
        self.assertEqual(headers["content-type"], "image/png")
        self.assertEqual(headers["etag"].strip('"'), hashlib.md5(image).hexdigest())
        self.assertEqual(support.size_of(image), ("png", 16, 16))
        rows = support.png_pixels(image)
        for x, y in ((2, 2), (13, 2), (2, 13), (13, 13)):
            for is_now, was in zip(rows[y][x], support.quarters(x, y, 16)):
                self.assertAlmostEqual(is_now, was, delta=12, msg=f"at {x},{y}: {rows[y][x]}")
        _, card = self.s3.get("thumbs", "up/quarters.png/card.webp")
        self.assertEqual(support.size_of(card), ("webp", 60, 40))

    def test_a_poison_event_under_the_emulator_does_not_block_the_next(self):
        emulator = support.Emulator(self, self.env)
        answers = []
        for key, body in (("a.jpg", support.PHOTO.read_bytes()), ("b.png", support.corrupt_png()),
                          ("c.jpg", support.PHOTO.read_bytes())):
            self.s3.put("photos", key, body)
            answers.append(json.loads(emulator.invoke(support.event(key))))
        self.assertEqual(answers[0]["stored"], 1, answers[0])
        self.assertEqual(answers[1]["errorType"], "Function.ImageCorrupt", answers[1])
        self.assertIn("photos/b.png", answers[1]["errorMessage"])
        self.assertEqual(answers[2]["stored"], 1, answers[2])
        self.assertEqual(sorted(self.s3.keys("thumbs")),
                         ["a.jpg/card.webp", "a.jpg/small.jpg", "c.jpg/card.webp", "c.jpg/small.jpg"])
        _, image = self.s3.get("thumbs", "c.jpg/small.jpg")
        self.assertEqual(support.size_of(image), ("jpeg", 256, 192))

    def test_a_rule_says_what_is_stored_beside_thumbnails_and_removes_them_with_their_source(self):
        for name in ("MINIATURA_DEST", "MINIATURA_PRESETS"):
            del self.env[name]
        self.env["MINIATURA_CONFIG"] = json.dumps({
            "rules": [{"match": {"bucket": "photos", "suffix": [".png"]}, "presets": ["a", "b"],
                       "destination": "s3://thumbs/{key}/{preset}.{ext}", "cache_control": "max-age=60",
                       "tags": {"made": "yes + no"}, "metadata": {"owner": "me"}, "on_remove": "delete"}],
            "presets": {"a": {"width": 8}, "b": {"height": 4, "format": "png"}}})
        self.s3.put("photos", "a.PNG", support.png(64, 64, support.quarters))
        done = self.replay("a.PNG")
        self.assertEqual(done.json_lines()[0]["stored"], 1, (done.out, done.err))
        headers, _ = self.s3.get("thumbs", "a.PNG/b.png")
        self.assertEqual((headers["cache-control"], headers["x-amz-meta-owner"], headers["x-amz-tagging-count"]),
                         ("max-age=60", "me", "1"))
        event = support.event("a.PNG")
        event["Records"][0]["eventName"] = "ObjectRemoved:Delete"
        removal = self.write("removal.json", event)
        self.assertEqual(self.run_it("replay", removal).json_lines()[0]["events"][0]["reason"], "stale")
        self.s3.delete("photos", "a.PNG")
        self.assertEqual(self.run_it("replay", removal).json_lines()[0]["events"][0]["reason"], "removed")
        self.assertEqual(list(self.s3.keys("thumbs")), [])

    def test_odd_keys_go_in_and_come_out(self):
        keys = ["a+b.png", "写真 1+2 (copy).png", "per%20cent%.png", "q?&=#;.png", "émoji 🙂.png", "t~!*'.png"]
        picture = support.png(8, 8, support.quarters)
        for key in keys:
            self.s3.put("photos", key, picture)
            done = self.replay(key)
            self.assertEqual(done.code, 0, (key, done.out, done.err))
            self.assertEqual(done.json_lines()[0]["events"][0]["key"], key)
        expected = {f"{key}/{preset}.webp" for key in keys for preset in ("small", "card")}
        self.assertEqual(set(self.s3.keys("thumbs")), expected)

    def test_the_longest_of_keys_has_thumbnails_that_know_it(self):
        key = "/".join(["ж" * 100] * 4 + ["ж" * 98]) + ".jpg"
        self.assertEqual(len(key.encode()), 1004)
        self.s3.put("photos", key, support.PHOTO.read_bytes())
        event = self.write("event.json", support.event(key))
        env = {"MINIATURA_DEST": None, "MINIATURA_PRESETS": None, "MINIATURA_CONFIG": json.dumps({
            "presets": {"a": {"width": 64, "height": 64}},
            "rules": [{"match": {}, "presets": ["a"], "destination": "s3://thumbs/{key}/a.jpg",
                       "metadata": {"m": "x" * 1023}}]})}
        for outcome in ("stored", "skipped"):
            done = self.run_it("replay", event, **env)
            self.assertEqual(done.code, 0, (done.err, done.out))
            self.assertEqual(done.json_lines()[0][outcome], 1)

    def test_a_second_event_makes_nothing_twice_and_a_newer_upload_everything(self):
        self.s3.put("photos", "a.png", support.png(64, 64, support.quarters))
        self.assertEqual(self.replay("a.png").json_lines()[0]["stored"], 1)
        before = self.s3.get("thumbs", "a.png/small.webp")
        again = self.replay("a.png").json_lines()[0]
        self.assertEqual((again["skipped"], again["events"][0]["reason"]), (1, "done"), again)
        self.assertEqual(self.s3.get("thumbs", "a.png/small.webp")[0]["last-modified"], before[0]["last-modified"])
        self.s3.put("photos", "a.png", support.png(64, 32, support.quarters))
        self.assertEqual(self.replay("a.png").json_lines()[0]["stored"], 1)
        self.assertEqual(support.size_of(self.s3.get("thumbs", "a.png/small.webp")[1]), ("webp", 64, 32))

    def test_what_is_absent_is_gone_and_a_missing_bucket_is_named(self):
        done = self.replay("not-there.jpg")
        self.assertEqual((done.code, done.json_lines()[0]["events"][0]["reason"]), (0, "gone"), done.err)
        self.s3.put("photos", "a.jpg", support.PHOTO.read_bytes())
        self.assert_error(self.replay("a.jpg", MINIATURA_DEST="s3://nowhere/"), 75, "destination.no_bucket", "nowhere")

    def test_a_wrong_secret_is_denied_deferred_and_never_shown(self):
        self.s3.put("photos", "a.jpg", support.PHOTO.read_bytes())
        done = self.replay("a.jpg", AWS_SECRET_ACCESS_KEY="wrong-but-secret")
        self.assertEqual(done.code, 75, done.err)
        self.assertEqual(done.json_lines()[0]["deferred"], 1)
        self.assertNotIn("wrong-but-secret", done.out + done.err)
        self.assertEqual(self.s3.keys("thumbs"), [])


if __name__ == "__main__":
    support.main("minio", "aws-lambda-rie")
