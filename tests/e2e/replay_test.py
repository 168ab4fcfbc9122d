"""replay on many deliveries: several at a time, from a stream, and interrupted."""
import contextlib
import http.server
import json
import os
import signal
import subprocess
import threading

import support


class GatedS3(http.server.ThreadingHTTPServer):
    """No object is there, and whoever GETs one waits at the gate to hear it."""

    daemon_threads = True

    def __init__(self, case):
        self.gate, self.waiting, self.gets = threading.Event(), threading.Semaphore(0), []
        super().__init__(("127.0.0.1", 0), Refusal)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        case.addCleanup(self.server_close)
        case.addCleanup(self.shutdown)
        case.addCleanup(self.gate.set)
        self.variables = support.s3_variables(f"http://127.0.0.1:{self.server_port}", "y")


class Refusal(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def refuse(self):
        body = b"<Error><Code>NoSuchKey</Code></Error>" if self.command == "GET" else b""
        if self.command == "GET":
            self.server.gets.append(self.path)
            self.server.waiting.release()
            self.server.gate.wait(support.TIMEOUT_S)
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            self.send_response(404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    do_GET = do_HEAD = refuse  # noqa: N815

    def log_message(self, *_):
        pass


def line(key, **more):
    return json.dumps(support.event(key, **more)) + "\n"


class Replay(support.Case):
    def start(self, *arguments, **more):
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [support.EXECUTABLE, "replay", *arguments], env={**self.env, **more.pop("env", {})}, cwd=self.dir,
            preexec_fn=support.die_with_parent, **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE,
                                                   "stderr": subprocess.PIPE, **more})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                self.addCleanup(stream.close)
        return process

    def test_replies_come_in_the_order_of_the_events_however_many_are_worked_on(self):
        body = support.png(64, 64, support.quarters)
        keys = [f"{i}.{'png' if i % 3 else 'gone.png'}" for i in range(40)]
        for key in keys:
            if "gone" not in key:
                self.upload(key, support.LARGE_PHOTO.read_bytes() if key == "1.png" else body)
        files = [self.write("a.jsonl", "".join(map(line, keys[:30]))), self.write("b.jsonl", "".join(map(line, keys[30:])))]
        done = self.run_it("replay", "--jobs", "4", files[0], "no/such.json", files[1])
        self.assertEqual(done.code, 1)
        self.assertEqual([reply["events"][0]["key"] for reply in done.json_lines()], keys)
        self.assertEqual(sum(reply["stored"] for reply in done.json_lines()), 26)
        self.assertEqual(len(done.error_lines()), 1, done.err)
        self.assertIn("no/such.json", done.err)

    def test_pictures_wait_for_the_memory_that_others_hold(self):
        keys = [f"{i}.png" for i in range(8)]
        picture = support.png(800, 800, lambda x, y: (x & 255, y & 255, 7))
        for key in keys:
            self.upload(key, picture)
        config = {"rules": [{"match": {}, "presets": ["p"], "destination": "s3://thumbs/{key}/{preset}.{ext}"}],
                  "presets": {"p": {"width": 64}}, "limits": {"decoded_bytes": 20_000_000}}
        env = {"MINIATURA_DEST": None, "MINIATURA_PRESETS": None, "MINIATURA_CONFIG": json.dumps(config)}
        events = self.write("events.jsonl", "".join(map(line, keys)))
        done = self.run_it("replay", "--jobs", "8", events, **env)
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual([reply["stored"] for reply in done.json_lines()], [1] * 8)
        config["limits"]["decoded_bytes"] = 2_000_000  # too little for one alone
        (self.store / "photos/9.png").write_bytes(picture)
        done = self.run_it("replay", self.write("event.json", line("9.png")), **{**env, "MINIATURA_CONFIG": json.dumps(config)})
        self.assertEqual(done.code, 1)
        self.assertEqual(done.json_lines()[0]["events"][0]["error"]["code"], "image.too_large")

    def test_workers_work_at_the_same_time(self):
        s3 = GatedS3(self)
        process = self.start("--jobs", "3", "-", env=s3.variables)
        process.stdin.write("".join(map(line, "abc")).encode())
        process.stdin.close()
        process.stdin = None
        for _ in range(3):
            self.assertTrue(s3.waiting.acquire(timeout=support.TIMEOUT_S))  # pylint: disable=consider-using-with
        s3.gate.set()
        self.assertEqual((process.wait(support.TIMEOUT_S), len(process.stdout.read().splitlines())), (0, 3))

    def test_a_number_of_jobs_that_makes_no_sense_is_wrong_usage(self):
        for jobs in ("0", "-1", "257", "many"):
            self.assertEqual(self.run_it("replay", "--jobs", jobs, "-").code, 2, jobs)

    def test_a_line_is_answered_before_the_next_one_comes(self):
        process = self.start("-")
        for key in ("a.png", "b.png"):
            process.stdin.write(line(key).encode())
            process.stdin.flush()
            self.assertEqual(json.loads(process.stdout.readline())["events"][0]["key"], key)
        process.stdin.write(b"bad\n")
        process.stdin.flush()
        self.assertIn(b"standard input:3: ", process.stderr.readline())
        process.stdin.close()
        self.assertEqual(process.wait(support.TIMEOUT_S), 1)

    def test_a_text_laid_out_over_lines_comes_from_standard_input_too(self):
        done = self.run_it("replay", "-", stdin=json.dumps(support.event("a.png"), indent=2))
        self.assertEqual((done.code, len(done.json_lines())), (0, 1), done.err)

    def test_a_line_without_end_costs_itself_alone(self):
        done = self.run_it("replay", "-", stdin=line("a") + "x" * (17 << 20) + "\n" + line("b"))
        self.assertEqual([reply["events"][0]["key"] for reply in done.json_lines()], ["a", "b"])
        error, = done.error_lines()
        self.assertTrue(error.startswith("miniatura: event.too_large: standard input:2: "), error[:200])
        self.assertEqual(done.code, 1)

    def test_each_item_that_failed_has_its_line(self):
        done = self.run_it("replay", support.ROOT / "tests/fixtures/events/sqs-batch-mixed.json")
        self.assertEqual(done.code, 75)
        self.assertEqual([failure["itemIdentifier"] for failure in done.json_lines()[0]["batchItemFailures"]],
                         ["m-ok", "m-404", "m-503", "m-bad", "m-two"])
        self.assertEqual([error.split(": ")[1] for error in done.error_lines()],
                         ["source.no_bucket"] * 3 + ["event.malformed", "source.no_bucket"])
        self.assertIn("sqs-batch-mixed.json: m-bad: Records[3].body: ", done.err)

    def test_a_dry_run_plans_each_shape(self):
        for fixture in sorted((support.ROOT / "tests/fixtures/events").iterdir()):
            with self.subTest(fixture.name):
                done = self.run_it("replay", "--dry-run", fixture, MINIATURA_STORE="file:///nowhere")
                bad = {"unknown-shape", "s3-put-v3", "s3-bad-percent", "sqs-batch-mixed"}
                self.assertEqual(done.code, int(any(fixture.name.startswith(name) for name in bad)), done.err)
                if "flower" in fixture.read_text() and done.code == 0:
                    self.assertIn(done.json_lines()[0]["outcome"], ("planned", "skipped"))

    def interrupted(self, number, s3, *files):
        process = self.start("--jobs", "2", *files, env=s3.variables)
        for _ in range(2):
            self.assertTrue(s3.waiting.acquire(timeout=support.TIMEOUT_S))  # pylint: disable=consider-using-with
        process.send_signal(number)
        return process

    def test_a_signal_lets_what_runs_end_and_counts_the_rest(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                s3 = GatedS3(self)
                events = self.write("events.jsonl", "".join(line(f"{i}.png") for i in range(30)))
                process = self.interrupted(number, s3, events, events)
                s3.gate.set()
                out, err = process.communicate(timeout=support.TIMEOUT_S)
                replies = [json.loads(reply) for reply in out.splitlines()]
                self.assertEqual([reply["events"][0]["key"] for reply in replies], [f"{i}.png" for i in range(len(replies))])
                self.assertGreaterEqual(len(replies), 2)
                self.assertEqual(process.returncode, 75)
                left = 30 - len(replies)
                self.assertEqual(err.decode(), "miniatura: deadline.exceeded: interrupted: "
                                 f"{left} deliveries not begun, 1 file not read\n")
                self.assertEqual(len(s3.gets), len(replies))

    def test_what_does_not_end_within_seconds_is_given_up_and_named(self):
        s3 = GatedS3(self)
        events = self.write("events.jsonl", "".join(line(f"{i}.png") for i in range(5)))
        process = self.interrupted(signal.SIGINT, s3, events)
        _, err = process.communicate(timeout=support.TIMEOUT_S)
        lines = err.decode().splitlines()
        self.assertEqual(process.returncode, 75, lines)
        self.assertIn("events.jsonl:1: interrupted in the middle", lines[0])
        self.assertIn("events.jsonl:2: interrupted in the middle", lines[1])
        self.assertIn("3 deliveries not begun", lines[2])

    def test_the_second_signal_ends_it_at_once(self):
        s3 = GatedS3(self)
        process = self.interrupted(signal.SIGINT, s3, self.write("events.jsonl", line("a") + line("b")))
        while int(self.handlers(process), 16) & 1 << signal.SIGINT - 1:
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(support.TIMEOUT_S), -signal.SIGINT)

    @staticmethod
    def handlers(process):
        """The mask of the signals that it handles itself."""
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            return next(row.split()[1] for row in status if row.startswith("SigCgt:"))

    def test_a_stream_that_waits_is_left_at_a_signal(self):
        process = self.start("-")
        process.stdin.write(line("a").encode())
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(support.TIMEOUT_S), 75)
        self.assertIn(b"nor the rest of standard input", process.stderr.read())

    def test_a_terminal_sees_how_far_it_is_and_a_file_does_not(self):
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        process = self.start("-", stderr=theirs)
        os.close(theirs)
        process.stdin.write(line("a").encode())
        process.stdin.flush()
        seen = b""
        while b"1 done, " not in seen:
            seen += os.read(ours, 1000)
        process.stdin.close()
        self.assertEqual(process.wait(support.TIMEOUT_S), 0)
        while not seen.endswith(b"\r\x1b[K"):
            seen += os.read(ours, 1000)


if __name__ == "__main__":
    support.main()
