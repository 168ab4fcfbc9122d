"""`miniatura serve` from outside, on a directory store: what is posted is on the disk when it is answered, and becomes
thumbnails or a dead letter; nothing that a stranger sends stops it."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading

import servers
import support
from serving import TOKEN, Serve


class Serving(support.Case):
    def serve(self, *options, **more):
        return Serve(self, self.env, *options, **more)

    def upload_good(self, key="a.png"):
        self.upload(key, support.png(64, 64, support.quarters))

    # What it is for.

    def test_an_event_becomes_thumbnails_and_tells_its_state(self):
        self.upload_good("up/a b+c.png")
        serve = self.serve()
        entry = serve.wait_for(serve.post(support.event("up/a b+c.png")), "done", "dead")
        self.assertEqual(entry["state"], "done", entry)
        self.assertEqual(entry["reply"]["stored"], 1)
        self.assertEqual(set(self.thumbnails()), {"up/a b+c.png/small.webp", "up/a b+c.png/card.webp"})
        row = self.run_it("journal", "list").json_lines()[0]
        self.assertEqual((row["key"], row["outcome"]), ("up/a b+c.png", "stored"))

    def test_every_shape_of_sender_is_taken(self):
        serve = self.serve()
        for name in ("minio-put-webhook.json", "minio-removed-webhook.json", "eventbridge-object-created.json",
                     "sns-s3-http.json", "sns-subscription-confirmation-http.json", "s3-test-event.json"):
            body = (support.ROOT / "tests/fixtures/events" / name).read_text()
            status, _, text = serve.ask("POST", "/events", body, Content_Type="text/plain; charset=UTF-8")
            self.assertEqual(status, 200, (name, text))

    def test_a_subscription_is_logged_and_never_followed(self):
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            nobody.settimeout(1)
            url = f"http://127.0.0.1:{nobody.getsockname()[1]}/confirm"
            serve = self.serve()
            serve.post({"Type": "SubscriptionConfirmation", "SubscribeURL": url, "TopicArn": "arn:aws:sns:eu-west-1:1:t",
                        "Message": "You have chosen to subscribe", "Token": "t", "MessageId": "m"})
            serve.wait_until_empty()
            with self.assertRaises(TimeoutError):
                nobody.accept()
        self.assertIn(url, serve.log.read_text())

    def test_poison_is_taken_once_and_becomes_a_dead_letter_while_others_go_on(self):
        self.upload("bad.png", support.corrupt_png())
        self.upload_good("good.png")
        serve = self.serve()
        bad, good = serve.post(support.event("bad.png")), serve.post(support.event("good.png"))
        self.assertEqual(serve.wait_for(good, "done")["reply"]["stored"], 1)
        entry = serve.wait_for(bad, "dead")
        self.assertEqual((entry["failure_type"], entry["error"]["code"]), ("job", "image.corrupt"))
        self.assertIn("photos/bad.png", entry["error"]["message"])
        metrics = serve.metrics()
        self.assertEqual(metrics["miniatura_dead_letters"], 1)
        self.assertEqual(metrics['miniatura_errors_total{code="image.corrupt",failure_type="job"}'], 1)

    def test_a_record_that_makes_no_sense_never_goes_back_to_its_sender(self):
        serve = self.serve()
        for event in ({"EventName": "s3:ObjectCreated:Put", "Key": "k", "Records": [{"eventSource": "minio:s3"}]},
                      {"Records": [{"eventSource": "aws:s3", "eventVersion": "9.0"}]}, {"Records": "what?"}):
            entry = serve.wait_for(serve.post(event), "dead")
            self.assertTrue(entry["error"]["code"].startswith("event."), entry)

    # What is refused.

    def test_junk_is_told_why_and_tokens_are_asked_for(self):
        serve = self.serve()
        for body in ("", "junk", "[1", "{}", '{"hello": 1}', "[" * 1000, b"\xff\xfe"):
            status, _, text = serve.ask("POST", "/events", body)
            self.assertEqual(status, 400, (body, text))
            self.assertIn("code", json.loads(text)["error"], body)
        event = json.dumps(support.event("a.png"))
        status, headers, _ = serve.ask("POST", "/events", event, token=None)
        self.assertEqual((status, headers["www-authenticate"]), (401, "Bearer"))
        self.assertEqual(serve.ask("POST", "/events", event, token="wrong")[0], 403)
        self.assertEqual(serve.ask("GET", "/events/1", token="wrong")[0], 403)
        self.assertEqual(serve.ask("GET", "/nothing")[0], 404)
        self.assertEqual(serve.ask("DELETE", "/events")[0], 405)
        self.assertEqual(serve.metrics()["miniatura_inbox_depth"], 0)
        self.assertNotIn(TOKEN, serve.log.read_text())

    def test_a_body_over_the_limit_is_413_whether_its_length_is_told_or_not(self):
        serve = self.serve("--body-bytes", "1000")
        for head in (b"Content-Length: 100000000\r\n", b"Transfer-Encoding: chunked\r\n"):
            with contextlib.closing(socket.create_connection(("127.0.0.1", serve.port), support.TIMEOUT_S)) as link:
                link.sendall(b"POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n" + head + b"\r\n")
                with contextlib.suppress(OSError):
                    for _ in range(3):
                        link.sendall(b"200\r\n" + b"x" * 512 + b"\r\n")
                self.assertIn(b" 413 ", link.recv(4096).split(b"\r\n")[0])
        self.assertEqual(serve.ask("GET", "/healthz")[0], 200)

    def test_a_full_inbox_says_try_again_and_takes_again_when_there_is_room(self):
        (self.store / "thumbs").rmdir()  # so that what is taken stays
        serve = self.serve("--inbox-rows", "2")
        for key in ("a.png", "b.png"):
            self.upload_good(key)
            serve.post(support.event(key))
        status, headers, text = serve.ask("POST", "/events", json.dumps(support.event("c.png")))
        self.assertEqual(status, 503, text)
        self.assertEqual(json.loads(text)["error"]["code"], "inbox.full")
        self.assertIn("retry-after", headers)
        status, _, text = serve.ask("GET", "/readyz", token=None)
        self.assertEqual(status, 503, text)
        (self.store / "thumbs").mkdir()
        serve.wait_until_empty()
        serve.post(support.event("c.png"))

    # What goes wrong around it.

    def test_a_wrong_setting_of_the_operator_costs_no_event(self):
        (self.store / "thumbs").rmdir()
        self.upload_good("a.png")
        serve = self.serve("--attempts", "1")
        event = serve.post(support.event("a.png"))
        support.wait_for(lambda: serve.entry(event).get("error"), "the first attempt")
        self.assertEqual(serve.metrics()["miniatura_breaker_open"], 1)
        status, _, text = serve.ask("GET", "/readyz", token=None)
        self.assertEqual(status, 503, text)
        (self.store / "thumbs").mkdir()
        self.assertEqual(serve.wait_for(event, "done", "dead")["state"], "done")
        support.wait_for(lambda: serve.ask("GET", "/readyz", token=None)[0] == 200, "readiness")

    def test_killed_in_the_middle_it_does_what_is_left(self):
        events = []
        serve = self.serve("--jobs", "1")
        for number in range(12):
            self.upload_good(f"{number}.png")
            events.append(serve.post(support.event(f"{number}.png")))
        serve.kill()
        serve = self.serve(name="again")
        for event in events:
            self.assertEqual(serve.wait_for(event, "done", "dead")["state"], "done")
        self.assertEqual(len(self.thumbnails()), 24)

    def test_sigterm_ends_what_is_in_hand_and_leaves_the_rest_for_the_next_start(self):
        serve = self.serve("--jobs", "1")
        self.upload("large.jpg", support.LARGE_PHOTO.read_bytes())
        events = [serve.post(support.event("large.jpg")) for _ in range(5)]
        serve.process.send_signal(signal.SIGTERM)
        self.assertEqual(serve.process.wait(support.TIMEOUT_S), 0, serve.log.read_text())
        self.assertEqual(serve.log_lines()[-1]["message"], "stopped")
        serve = self.serve(name="again")
        for event in events:
            self.assertEqual(serve.wait_for(event, "done", "dead")["state"], "done")

    def test_two_servers_share_an_inbox(self):
        first, second = self.serve(name="first"), self.serve(name="second")
        ids = []
        for number in range(10):
            self.upload_good(f"{number}.png")
            ids.append((first, second)[number % 2].post(support.event(f"{number}.png")))
        for number, event in enumerate(ids):
            self.assertEqual((second, first)[number % 2].wait_for(event, "done", "dead")["attempts"], 1)

    def test_an_inbox_that_is_no_inbox_is_moved_aside_and_said_so(self):
        (self.dir / "inbox.db").write_bytes(b"this is no database" * 1000)
        serve = self.serve()
        self.upload_good()
        serve.wait_for(serve.post(support.event("a.png")), "done")
        aside = [path for path in self.dir.iterdir() if "corrupt" in path.name]
        self.assertEqual(len(aside), 1, list(self.dir.iterdir()))
        self.assertEqual(aside[0].read_bytes()[:19], b"this is no database")
        self.assertTrue(any(line["level"] == "ERROR" and "corrupt" in json.dumps(line) for line in serve.log_lines()))

    def test_what_cannot_be_started_says_why(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.assert_error(self.run_it("serve", "--listen", f"127.0.0.1:{port}"), 2, "config.invalid", port)
        self.assert_error(self.run_it("serve", "--listen", "nowhere"), 2, "config.invalid", "nowhere")
        self.assert_error(self.run_it("serve", "--inbox", "/proc/nothing/inbox.db"), 75, "inbox.unavailable", "/proc/nothing")
        self.assert_error(self.run_it("serve", "--tls-certificate", "a", "--tls-key", "b"), 1, "file.unreadable", "a")

    # Who watches it.

    def test_metrics_are_what_prometheus_takes(self):
        self.upload_good()
        serve = self.serve()
        serve.wait_for(serve.post(support.event("a.png")), "done")
        text = serve.ask("GET", "/metrics", token=None)[2]
        checked = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout), (0, b""), checked.stderr)
        for name in ("miniatura_events_total", "miniatura_duration_seconds", "miniatura_step_duration_seconds",
                     "miniatura_in_progress", "miniatura_inbox_depth", "miniatura_oldest_event_age_seconds",
                     "miniatura_dead_letters", "miniatura_http_requests_total"):
            self.assertIn(f"# TYPE {name} ", text)

    def test_https_by_certificate_and_key(self):
        authority = servers.Authority(self.dir / "authority")
        certificate, key = authority.signed("serve")
        serve = self.serve("--tls-certificate", certificate, "--tls-key", key, authority=authority.file)
        self.upload_good()
        self.assertEqual(serve.wait_for(serve.post(support.event("a.png")), "done")["reply"]["stored"], 1)

    # Who is slow.

    def test_the_idle_and_the_slow_hold_nobody_up(self):
        serve = self.serve()
        with contextlib.ExitStack() as stack:
            def link():
                return stack.enter_context(socket.create_connection(("127.0.0.1", serve.port), support.TIMEOUT_S))
            for _ in range(400):
                link()
            dripping = [link() for _ in range(50)]
            end = threading.Event()
            stack.callback(end.set)

            def drip():
                for byte in b"POST /events HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000:
                    if end.wait(1):
                        return
                    for each in dripping:
                        with contextlib.suppress(OSError):
                            each.sendall(bytes([byte]))
            threading.Thread(target=drip, daemon=True).start()
            self.upload_good()
            self.assertEqual(serve.ask("GET", "/healthz", token=None)[0], 200)
            serve.wait_for(serve.post(support.event("a.png")), "done")

    # The office.

    def test_dead_letters_are_listed_shown_redriven_and_dropped(self):
        serve = self.serve()
        ids = {}
        for key in ("a.png", "b.png", "c.png"):
            self.upload(key, support.corrupt_png() if key != "c.png" else b"no picture at all")
            ids[key] = serve.post(support.event(key))
            serve.wait_for(ids[key], "dead")
        inbox = ("--inbox", serve.inbox)
        letters = self.run_it("dead", "list", "inbox", *inbox).json_lines()
        self.assertEqual([letter["id"] for letter in letters], list(ids.values()))
        self.assertEqual([letter["error"]["code"] for letter in letters], ["image.corrupt"] * 2 + ["image.unsupported"])
        self.assertEqual({letter["failure_type"] for letter in letters}, {"job"})
        listed = self.run_it("dead", "list", "inbox", *inbox, "--code", "image.unsupported").json_lines()
        self.assertEqual([letter["id"] for letter in listed], [ids["c.png"]])
        self.assertEqual(self.run_it("dead", "list", "inbox", *inbox, "--until", "2026-01-01").out, "")
        shown = self.run_it("dead", "show", "inbox", ids["a.png"], *inbox).json_lines()[0]
        self.assertEqual(shown["payload"]["Records"][0]["s3"]["object"]["key"], "a.png")

        done = self.run_it("dead", "redrive", "inbox", *inbox, "--dry-run")
        self.assertEqual(done.out.splitlines()[-1], "3 dead letters would be redriven", done.out)
        self.upload_good("a.png")  # mended
        self.assertEqual(self.run_it("dead", "redrive", "inbox", *inbox, "--code", "image.corrupt", "--rate", "100").out,
                         "2 dead letters redriven\n")
        self.assertEqual(serve.wait_for(ids["a.png"], "done")["attempts"], 1)
        serve.wait_for(ids["b.png"], "dead")
        self.assertEqual(self.run_it("dead", "drop", "inbox", *inbox).code, 2)
        self.assertEqual(self.run_it("dead", "drop", "inbox", ids["c.png"], *inbox, "--json").json_lines(), [{"dropped": 1}])
        left = self.run_it("dead", "list", "inbox", *inbox).json_lines()
        self.assertEqual([letter["id"] for letter in left], [ids["b.png"]])
        missing = self.run_it("dead", "show", "inbox", "nothing", *inbox)
        self.assertEqual((missing.code, "nothing" in missing.err), (1, True), missing.err)
        stats = self.run_it("journal", "stats", "--json").json_lines()[0]
        self.assertEqual(stats["failures"], {"job": 4})

    def test_an_office_that_is_not_there_is_named_and_not_made(self):
        done = self.run_it("dead", "list", "inbox", "--inbox", self.dir / "none.db")
        self.assert_error(done, 1, "file.unreadable", "none.db")
        self.assertFalse((self.dir / "none.db").exists())
        self.assert_error(self.run_it("dead", "list", "outbox"), 2, "usage", "outbox")


if __name__ == "__main__":
    os.environ["PATH"] += ":/usr/sbin"
    support.main("promtool")
