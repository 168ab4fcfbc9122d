"""The command line, from outside: what it says, where, and with which exit code."""
import json
import os
import signal
import socket
import subprocess
import time

import support
from fake_s3 import FakeS3


class Help(support.Case):
    def test_every_command_explains_itself(self):
        for command in ((), ("lambda",), ("replay",), ("thumb",), ("journal",), ("journal", "list"), ("config",),
                        ("config", "check"), ("config", "schema"), ("s3",), ("s3", "get"), ("s3", "put"), ("s3", "head"), ("s3", "ls"),
                        ("s3", "rm"), ("s3", "presign")):
            with self.subTest(command):
                done = self.run_it(*command, "--help")
                self.assertEqual((done.code, done.err), (0, ""))
                self.assertIn(command[-1] if command else "replay", done.out)
                self.assertEqual("bootstrap" in done.out, not command, "how it is started is on the first page alone")

    def test_version_is_one_line(self):
        done = self.run_it("--version")
        self.assertEqual(done.code, 0)
        self.assertRegex(done.out, r"\Aminiatura \d+\.\d+\.\d+\n\Z")

    def test_wrong_usage_is_exit_2_and_one_line_that_names_the_word(self):
        for arguments, named in ((("frobnicate",), "frobnicate"), (("replay",), "FILE"), (("thumb", "a.jpg"), "-o"),
                                 (("replay", "--no-such", "x"), "--no-such"),
                                 ((), "lambda, serve, work, replay, publish, dead, thumb, journal, s3, config, health"), (("journal",), "subcommand")):
            with self.subTest(arguments):
                self.assert_error(self.run_it(*arguments), 2, "usage", named)


class Replay(support.Case):
    def replay(self, *keys, **env):
        files = [self.write(f"event{i}.json", support.event(key)) for i, key in enumerate(keys)]
        return self.run_it("replay", *files, **env)

    def test_a_photo_becomes_upright_thumbnails_and_a_reply(self):
        self.upload("up/a b.jpg", support.PHOTO.read_bytes())
        done = self.replay("up/a b.jpg")
        self.assertEqual((done.code, done.err), (0, ""))
        reply, = done.json_lines()
        self.assertEqual({name: reply[name] for name in ("stored", "skipped", "failed", "deferred")},
                         {"stored": 1, "skipped": 0, "failed": 0, "deferred": 0})
        event, = reply["events"]
        self.assertEqual((event["bucket"], event["key"], event["outcome"]), ("photos", "up/a b.jpg", "stored"))
        seen = self.thumbnails()
        for said in event["thumbnails"]:
            image = seen.pop(said["key"])
            self.assertEqual((said["bucket"], said["bytes"]), ("thumbs", len(image)))
            self.assertEqual((said["format"], said["width"], said["height"]), support.size_of(image))
        self.assertEqual(seen, {})

    def test_several_files_are_several_replies_and_the_worst_decides_the_exit_code(self):
        self.upload("good.png", support.png(64, 64, support.quarters))
        self.upload("bad.png", support.corrupt_png())
        done = self.replay("good.png", "bad.png", "good.png")
        self.assertEqual(done.code, 1)
        self.assertEqual([reply["events"][0]["outcome"] for reply in done.json_lines()], ["stored", "failed", "skipped"])
        self.assertEqual(len(done.error_lines()), 1, done.err)

    def test_a_file_of_lines_is_a_delivery_a_line_and_so_is_standard_input(self):
        self.upload("a.png", support.png(64, 64, support.quarters))
        lines = "\n".join(json.dumps(support.event(key)) for key in ("a.png", "gone.png")) + "\n"
        for done in (self.run_it("replay", self.write("events.jsonl", lines)), self.run_it("replay", "-", stdin=lines)):
            self.assertEqual(done.code, 0, done.err)
            self.assertEqual(len(done.json_lines()), 2)

    def test_a_bad_line_costs_itself_alone_and_the_good_ones_are_handled(self):
        self.upload("a.png", support.png(64, 64, support.quarters))
        good = json.dumps(support.event("a.png"))
        for first in ("garbage", ""):
            with self.subTest(first):
                done = self.run_it("replay", self.write("events.jsonl", f"\ufeff{first}\n{good}\n{good}\n"))
                self.assertEqual(done.code, 1 if first else 0, done.err)
                self.assertEqual(["error" in reply for reply in done.json_lines()], [True][:len(first)] + [False] * 2)
                self.assertEqual("events.jsonl:1: " in done.err, bool(first), done.err)

    def test_standard_input_is_read_from_where_it_stands_be_it_a_file_or_a_socket(self):
        event = json.dumps(support.event("gone.png"))
        with open(self.write("event.json", "HEADER\n" + event), "rb", buffering=0) as file:
            file.seek(len("HEADER\n"))
            done = subprocess.run([support.EXECUTABLE, "replay", "-"], stdin=file, env=self.env, capture_output=True,
                                  check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.sendall(event.encode())
            ours.shutdown(socket.SHUT_WR)
            done = subprocess.run([support.EXECUTABLE, "replay", "-"], stdin=theirs, env=self.env, capture_output=True,
                                  check=False)
            self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_a_dry_run_tells_what_would_fail_as_a_run_does(self):
        for name in ("s3-bad-percent-v2.1.json", "s3-put-v3.0-unknown-major.json"):
            with self.subTest(name):
                event = support.ROOT / "tests/fixtures/events" / name
                dry, run = (self.run_it("replay", *flags, event) for flags in (["--dry-run"], []))
                self.assertEqual((dry.code, dry.err), (run.code, run.err))
                self.assert_error(dry, 1, json.loads(dry.out)["error"]["code"], event)

    def test_a_dry_run_says_what_would_be_and_touches_nothing(self):
        done = self.run_it("replay", "--dry-run", self.write("event.json", support.event("up/a.png")),
                           MINIATURA_STORE="file:///nowhere/at/all")
        self.assertEqual((done.code, done.err), (0, ""))
        plan, = done.json_lines()
        self.assertEqual(plan["outcome"], "planned")
        self.assertEqual(plan["thumbnails"], [
            {"preset": "small", "bucket": "thumbs", "key": "up/a.png/small.webp"},
            {"preset": "card", "bucket": "thumbs", "key": "up/a.png/card.webp"}])
        done = self.run_it("replay", "--dry-run", self.write("event.json", support.event("up/")))
        self.assertEqual((done.json_lines()[0]["outcome"], done.json_lines()[0]["reason"]), ("skipped", "folder"))

    def test_a_killed_run_shows_nothing_partial_and_a_replay_completes_it(self):
        body = support.LARGE_PHOTO.read_bytes()
        self.upload("calm.jpg", body)
        start = time.monotonic()
        self.assertEqual(self.replay("calm.jpg").code, 0)
        took_s = time.monotonic() - start
        right = {key.removeprefix("calm.jpg/"): image for key, image in self.thumbnails().items()}
        # Wherever the kill falls, what must hold afterwards is the same.
        for i in range(10):
            key = f"killed{i}.jpg"
            self.upload(key, body)
            event = self.write("event.json", support.event(key))
            process = subprocess.Popen([support.EXECUTABLE, "replay", event], env=self.env,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(took_s * i / 9)
            process.kill()
            process.wait()
            for name, image in self.thumbnails().items():
                self.assertEqual(image, right[name.split("/")[1]], f"{name} is not whole")
            self.assertEqual(self.run_it("replay", event).code, 0)
            made = {name.split("/")[1]: image for name, image in self.thumbnails().items() if name.startswith(key)}
            self.assertEqual(made, right)


class Failures(support.Case):
    """Each with its exit code, its reply and a line that names the thing; nothing is left behind."""

    def failing(self, key, body, exit_code, code, *named, **env):
        if body is not None:
            self.upload(key, body)
        done = self.run_it("replay", self.write("event.json", support.event(key)), **env)
        self.assert_error(done, exit_code, code, *named)
        reply, = done.json_lines()
        outcome = "deferred" if exit_code == 75 else "failed"
        self.assertEqual((reply[outcome], reply["events"][0]["error"]["code"]), (1, code), reply)
        row = json.loads(self.run_it("journal", "list", "--failed").out.splitlines()[0])
        self.assertEqual((row["key"], row["outcome"], row["error"]["code"]), (key, outcome, code))

    def test_missing_configuration(self):
        done = self.run_it("replay", self.write("event.json", support.event("a.jpg")), MINIATURA_DEST=None)
        self.assert_error(done, 2, "config.missing", "MINIATURA_DEST")

    def test_wrong_configuration(self):
        event = self.write("event.json", support.event("a.jpg"))
        for name, value in (("MINIATURA_PRESETS", "small=axb"), ("MINIATURA_DEST", "ftp://x"),
                            ("MINIATURA_STORE", "ftp://x")):
            with self.subTest(name):
                done = self.run_it("replay", event, **{name: value})
                self.assert_error(done, 2, "config.invalid")

    def test_an_unreadable_file(self):
        self.assert_error(self.run_it("replay", "no/such.json"), 1, "file.unreadable", "no/such.json")
        self.assert_error(self.run_it("replay", self.dir), 1, "file.unreadable", self.dir)

    def test_wrong_json(self):
        event = self.write("event.json", '{"Records": [')
        done = self.run_it("replay", event)
        self.assert_error(done, 1, "event.malformed", event)
        self.assertEqual(done.json_lines()[0]["error"]["code"], "event.malformed")

    def test_a_shape_that_nobody_knows(self):
        event = self.write("event.json", {"hello": "world"})
        self.assert_error(self.run_it("replay", event), 1, "event.unsupported", event)

    def test_one_bad_file_among_good_ones_stops_nothing(self):
        self.upload("a.png", support.png(64, 64, support.quarters))
        good = self.write("good.json", support.event("a.png"))
        done = self.run_it("replay", "no/such.json", good)
        self.assertEqual((done.code, done.json_lines()[0]["stored"]), (1, 1), done.err)

    def test_an_absent_object_is_gone_and_no_error(self):
        done = self.run_it("replay", self.write("event.json", support.event("not-there.jpg")))
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual(done.json_lines()[0]["events"][0]["reason"], "gone")

    def test_a_denied_source(self):
        s3 = FakeS3(self, {("GET", "photos"): (403, "AccessDenied"), ("HEAD", "photos"): (403, "AccessDenied")})
        self.failing("a.jpg", None, 75, "source.denied", "photos/a.jpg", **s3.variables)

    def test_a_denied_destination(self):
        s3 = FakeS3(self, {("GET", "photos"): support.PHOTO.read_bytes(), ("HEAD", "photos"): b"",
                           ("PUT", "thumbs"): (403, "AccessDenied")})
        self.failing("a.jpg", None, 75, "destination.denied", "thumbs/a.jpg/", **s3.variables)

    def test_a_store_that_nobody_answers_at(self):
        port, = support.free_ports(1)
        self.failing("a.jpg", None, 75, "network.unreachable", f"127.0.0.1:{port}", MINIATURA_STORE="s3:",
                     AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}", AWS_ACCESS_KEY_ID="x",
                     AWS_SECRET_ACCESS_KEY="y", AWS_REGION="us-east-1")

    def test_missing_credentials(self):
        done = self.run_it("replay", self.write("event.json", support.event("a.jpg")), MINIATURA_STORE="s3:",
                           AWS_REGION="us-east-1", AWS_ENDPOINT_URL_S3="http://127.0.0.1:1",
                           AWS_EC2_METADATA_DISABLED="true")
        self.assert_error(done, 75, "credentials.missing", "AWS_ACCESS_KEY_ID is not set", "profile default: ")

    def test_a_missing_source_bucket(self):
        done = self.run_it("replay", self.write("event.json", support.event("a.jpg", bucket="nowhere")))
        self.assert_error(done, 75, "source.no_bucket", "nowhere")

    def test_a_missing_destination_bucket(self):
        self.failing("a.jpg", support.PHOTO.read_bytes(), 75, "destination.no_bucket", "nowhere",
                     MINIATURA_DEST="s3://nowhere/")

    def test_a_corrupt_image(self):
        self.failing("bad.png", support.corrupt_png(), 1, "image.corrupt", "photos/bad.png")
        self.failing("cut.jpg", support.PHOTO.read_bytes()[:300], 1, "image.corrupt", "photos/cut.jpg")

    def test_an_image_over_the_limit_names_limit_and_value(self):
        self.failing("huge.png", support.huge_png(), 1, "image.too_large", "photos/huge.png", "200000000", "3600000000")

    def test_a_format_that_is_not_allowed_whatever_its_name(self):
        self.failing("a.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", 1, "image.unsupported", "photos/a.jpg")

    def test_a_thumbnail_of_another_source_is_never_overwritten(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        theirs = self.store / "thumbs/a.jpg/small.jpg"
        theirs.parent.mkdir(parents=True)
        theirs.write_bytes(b"somebody's")
        done = self.run_it("replay", self.write("event.json", support.event("a.jpg")))
        self.assertEqual((done.code, done.json_lines()[0]["failed"]), (1, 1), done.err)
        self.assertIn("destination.conflict", done.err)
        self.assertEqual(theirs.read_bytes(), b"somebody's")


class FullOutput(support.Case):
    def test_results_that_cannot_be_printed_are_a_failure_told_once(self):
        picture = self.dir / "a.png"
        picture.write_bytes(support.png(64, 64, support.quarters))
        event = self.write("event.json", support.event("gone.png"))
        for arguments in (("replay", event, event), ("replay", "--dry-run", event, event),
                          ("thumb", picture, "-o", self.dir / "out"), ("thumb", picture, "-o", self.dir / "two", "--json"),
                          ("journal", "list"), ("config", "check")):
            with self.subTest(arguments), open("/dev/full", "wb") as full:
                done = subprocess.run([support.EXECUTABLE, *arguments], stdout=full, stderr=subprocess.PIPE, env=self.env,
                                      check=False)
                self.assertEqual((done.returncode, done.stderr.decode()), (
                    1, "miniatura: file.unwritable: standard output: No space left on device\n"))


class Journal(support.Case):
    def test_it_tells_what_was_done_the_newest_first(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        self.upload("b.png", support.corrupt_png())
        for key in ("a.jpg", "b.png", "gone.jpg"):
            self.run_it("replay", self.write("event.json", support.event(key)))
        done = self.run_it("journal", "list")
        self.assertEqual((done.code, done.err), (0, ""))
        rows = done.json_lines()
        self.assertEqual([(row["key"], row["outcome"]) for row in rows],
                         [("gone.jpg", "skipped"), ("b.png", "failed"), ("a.jpg", "stored")])
        self.assertEqual(rows[0]["reason"], "gone")
        self.assertEqual(rows[1]["error"]["code"], "image.corrupt")
        self.assertEqual(rows[2]["source"]["orientation"], 6)
        self.assertEqual([t["key"] for t in rows[2]["thumbnails"]], ["a.jpg/small.jpg", "a.jpg/card.webp"])
        for row in rows:
            self.assertLessEqual({"id", "time", "bucket", "key", "version", "etag", "outcome", "attempt",
                                  "duration_ms", "source", "thumbnails"}, set(row))

    def test_its_filters(self):
        for key in ("a.jpg", "b.jpg", "c.jpg"):
            self.run_it("replay", self.write("event.json", support.event(key)))
        self.assertEqual(len(self.run_it("journal", "list", "--limit", "2").json_lines()), 2)
        self.assertEqual(self.run_it("journal", "list", "--failed").json_lines(), [])
        self.assertEqual(self.run_it("journal", "list", "--bucket", "other").json_lines(), [])
        self.assertEqual(len(self.run_it("journal", "list", "--since", "2020-01-01").json_lines()), 3)
        self.assertEqual(self.run_it("journal", "list", "--since", "2999-01-01").json_lines(), [])

    def test_since_is_a_time_in_utc_and_includes_it(self):
        self.run_it("replay", self.write("event.json", support.event("a.jpg")))
        row, = self.run_it("journal", "list").json_lines()
        for since in (row["time"], row["time"][:19] + "Z", row["time"][:19], row["time"][:10]):
            with self.subTest(since):
                self.assertEqual(self.run_it("journal", "list", "--since", since).json_lines(), [row])
        for since in ("foo", "2026-13-01", "2026-11-23T00:00:45+02:00"):
            with self.subTest(since):
                self.assert_error(self.run_it("journal", "list", "--since", since), 2, "usage", "--since", since)

    def test_a_table_on_a_terminal_holds_nothing_that_the_terminal_obeys(self):
        event = support.event("a\n\x1b[31mb\x7f\u009b31m.jpg", bucket="pho\x1b[31mtos")
        self.run_it("replay", self.write("event.json", event))
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        subprocess.run([support.EXECUTABLE, "journal", "list"], env=self.env, stdout=theirs, check=True,
                       timeout=support.TIMEOUT_S)
        os.close(theirs)
        table = os.read(ours, 65536).decode()
        self.assertEqual(table.count("\n"), 2, table)
        self.assertIn("a%0A%1B[31mb%7F", table)
        self.assertNotRegex(table.replace("\r\n", ""), "[\x00-\x1f\x7f-\x9f]")

    def test_a_journal_that_cannot_be_written_costs_a_warning_and_no_event(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        events = [self.write(f"event{i}.json", support.event("a.jpg")) for i in range(2)]
        done = self.run_it("replay", *events, MINIATURA_JOURNAL="/proc/nowhere/journal.db")
        self.assertEqual((done.code, done.json_lines()[0]["stored"]), (0, 1), done.err)
        line, = done.error_lines()
        self.assertTrue(line.startswith("miniatura: journal.unavailable: /proc/nowhere/journal.db"), line)

    def test_a_journal_without_a_schema_yet_is_empty_and_another_file_is_none(self):
        journal = self.write("journal.db", "")
        done = self.run_it("journal", "list")
        self.assertEqual((done.code, done.out, done.err), (0, "", ""))
        journal.write_bytes(b"no database" * 500)
        self.assert_error(self.run_it("journal", "list"), 1, "journal.unavailable", journal)


class Signals(support.Case):
    def test_an_interrupted_replay_leaves_nothing_partial(self):
        self.upload("a.jpg", support.LARGE_PHOTO.read_bytes())
        event = self.write("event.json", support.event("a.jpg"))
        process = subprocess.Popen([support.EXECUTABLE, "replay", event], env=self.env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        os.kill(process.pid, signal.SIGINT)
        process.wait(support.TIMEOUT_S)
        for image in self.thumbnails().values():
            support.size_of(image)


if __name__ == "__main__":
    support.main()
