"""`miniatura work` and `miniatura publish` on a live RabbitMQ: from an event file to thumbnails, to a retry, to a dead letter."""
import datetime
import json
import pathlib

import rabbitmq
import servers
import support
from amqp_case import AmqpCase, wait_for
from rabbitmq import DEAD, THUMBNAIL, WORK


def setUpModule():
    AmqpCase.node = rabbitmq.Node(servers.Shared())


class FromFileToThumbnail(AmqpCase):
    def test_what_is_published_is_worked_on_and_told_to_who_listens(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        self.listen()
        done = self.publish(self.write("event.json", support.event("a.jpg")))
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual(done.out, f"1 published to amqp://127.0.0.1:{self.node.port}/{self.vhost}\n")
        worker = self.worker()
        (properties, body), = self.queues.take("completions", 1)
        reply = json.loads(body)
        self.assertEqual((reply["stored"], reply["events"][0]["key"]), (1, "a.jpg"))
        self.assertEqual((properties.delivery_mode, properties.content_type), (2, "application/json"))
        self.assertEqual(sorted(self.thumbnails()), ["a.jpg/card.webp", "a.jpg/small.jpg"])
        self.assert_empty(WORK, THUMBNAIL, DEAD)
        self.assertEqual(worker.stop(), 0)

    def test_an_event_that_is_published_twice_is_done_once(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        self.listen()
        event = self.write("event.json", support.event("a.jpg"))
        self.worker("--jobs", 2)
        outcomes = []
        for _ in range(2):
            self.assertEqual(self.publish(event).code, 0)
            outcomes.append(json.loads(self.queues.take("completions", 1)[0][1])["events"][0]["outcome"])
        self.assertEqual(outcomes, ["stored", "skipped"])

    def test_starting_again_declares_nothing_anew(self):
        self.declare()
        before = self.node.api("GET", f"/definitions/{self.vhost}")
        self.worker().stop()
        self.assertEqual(self.node.api("GET", f"/definitions/{self.vhost}"), before)
        names = {one["name"] for one in before["queues"]}
        self.assertEqual(names, {WORK, THUMBNAIL, DEAD, *(f"miniatura.retry.{n}s" for n in (1, 10, 60, 300))})


class Retries(AmqpCase):
    """Of an event whose bucket is not there (yet)."""

    def publish_early(self):
        return self.publish(self.write("event.json", support.event("a.jpg", "later")))

    def test_what_does_not_succeed_is_tried_again_and_then_done(self):
        self.listen()
        worker = self.worker()
        self.publish_early()
        worker.wait_for_line("not all handled")
        (self.store / "later").mkdir()
        (self.store / "later/a.jpg").write_bytes(support.PHOTO.read_bytes())
        (properties, body), = self.queues.take("completions", 1)
        self.assertEqual(json.loads(body)["stored"], 1)
        self.assertIn(properties.headers["x-miniatura-attempt"], (2, 3))  # 3: a machine that took a second to get here

    def test_what_had_all_its_attempts_is_dead_with_its_last_error(self):
        self.declare()
        worker = self.worker("--attempts", 2)
        self.publish_early()
        (properties, body), = self.queues.take(DEAD, 1)
        self.assertEqual(json.loads(body)["Records"][0]["s3"]["object"]["key"], "a.jpg")
        headers = properties.headers
        self.assertEqual(headers["x-miniatura-code"], "source.no_bucket")
        self.assertEqual((headers["x-miniatura-failure"], headers["x-miniatura-attempt"]), ("worker", 2))
        self.assertEqual(headers["x-miniatura-queue"], THUMBNAIL)
        self.assertIn("attempt 2 of 2", headers["x-miniatura-message"])
        self.assertEqual(len(worker.lines_of("not all handled")), 2)
        self.assert_empty(WORK, THUMBNAIL, DEAD, "miniatura.retry.1s")

    def test_a_wrong_setting_uses_up_no_attempt_and_holds_what_is_to_come(self):
        keys = [f"{number}.jpg" for number in range(16)]
        for key in keys:
            self.upload(key, support.PHOTO.read_bytes())
        (self.store / "thumbs").rmdir()
        self.listen()
        self.publish(self.write("all.ndjson", "".join(json.dumps(support.event(key)) + "\n" for key in keys)))
        worker = self.worker("--attempts", 1, "--jobs", 4)

        def tried():
            """Once it has gone on for two seconds."""
            lines = [line["timestamp"] for line in worker.lines_of("not all handled")]
            times = [datetime.datetime.fromisoformat(line.replace("Z", "+00:00")) for line in lines]
            return times if times and times[-1] - times[0] > datetime.timedelta(seconds=2) else None
        # The four that began before anybody knew, and then one at a time, after a second and after two.
        self.assertLess(len(wait_for(tried)), 8)
        (self.store / "thumbs").mkdir()
        replies = self.queues.take("completions", len(keys))
        self.assertEqual(sorted(json.loads(body)["events"][0]["key"] for _, body in replies), sorted(keys))
        self.assertEqual({properties.headers["x-miniatura-attempt"] for properties, _ in replies}, {1})
        self.assert_empty(WORK, THUMBNAIL, DEAD)


class DeadLetters(AmqpCase):
    def test_a_bad_picture_is_dead_and_the_good_one_behind_it_is_done(self):
        self.upload("bad.png", support.corrupt_png())
        self.upload("good.jpg", support.PHOTO.read_bytes())
        self.listen()
        lines = "".join(json.dumps(support.event(key)) + "\n" for key in ("bad.png", "good.jpg"))
        self.assertEqual(self.publish(self.write("two.ndjson", lines)).code, 0)
        self.worker()
        (properties, body), = self.queues.take(DEAD, 1)
        self.assertEqual(json.loads(body)["Records"][0]["s3"]["object"]["key"], "bad.png")
        headers = properties.headers
        self.assertEqual(headers["x-miniatura-code"], "image.corrupt")
        self.assertIn("bad.png", headers["x-miniatura-message"])
        self.assertEqual((headers["x-miniatura-failure"], headers["x-miniatura-attempt"]), ("job", 1))
        self.assertEqual(properties.delivery_mode, 2)
        self.assertGreaterEqual(headers["x-miniatura-died"], headers["x-miniatura-received"])
        (_, reply), = self.queues.take("completions", 1)
        self.assertEqual(json.loads(reply)["events"][0]["key"], "good.jpg")
        self.assert_empty(WORK, THUMBNAIL, DEAD)

    def test_junk_is_dead_and_says_what_was_wrong_with_it(self):
        self.declare()
        self.worker()
        for body, code in ((b"\0\xff{", "event.malformed"), (b"", "event.malformed"), (b'{"a":1}', "event.unsupported"),
                           (b"[" * 100_000, "event.too_large")):
            with self.subTest(body[:10]):
                self.queues.publish(body)
                (properties, dead), = self.queues.take(DEAD, 1)
                self.assertEqual((properties.headers["x-miniatura-code"], dead), (code, body))
                self.assertEqual(properties.headers["x-miniatura-queue"], WORK)
        self.assert_empty(WORK, THUMBNAIL, DEAD)

    def test_headers_of_strangers_break_nothing(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        self.listen()
        self.worker()
        for attempt in (-5, 2**62, "seven", {"a": [1]}, None, b"\xff"):
            with self.subTest(attempt):
                self.queues.publish(support.event("a.jpg"), headers={"x-miniatura-attempt": attempt, "mine": {"nested": 1},
                                                                     "long": "x" * 60_000})
                self.queues.take("completions", 1)
        self.assert_empty(WORK, THUMBNAIL, DEAD)

    def test_a_message_of_100_mb_is_dead_and_costs_no_memory(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        self.listen()
        worker = self.worker()
        self.queues.publish(b"x" * 100_000_000)
        self.queues.publish(support.event("a.jpg"))
        (properties, body), = self.queues.take(DEAD, 1)
        self.assertEqual(properties.headers["x-miniatura-code"], "event.too_large")
        self.assertEqual(properties.headers["x-miniatura-bytes"], 100_000_000)
        self.assertIn("100000000 bytes, over the limit of 1048576", properties.headers["x-miniatura-message"])
        self.assertEqual(len(body), 65_536)
        self.queues.take("completions", 1)
        status = pathlib.Path(f"/proc/{worker.process.pid}/status").read_text(encoding="ascii")
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        self.assertLess(int(peak.split()[1]), 300_000 if support.is_sanitized() else 90_000, peak)


class Capabilities(AmqpCase):
    def test_an_event_waits_until_somebody_can_do_it(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        self.listen()
        router = self.worker("--only", "route")
        self.publish(self.write("event.json", support.event("a.jpg")))
        wait_for(lambda: self.queues.depth(THUMBNAIL) == 1)
        self.assertEqual(self.queues.depth(WORK), 0)
        self.assertEqual(router.stop(), 0)
        self.assertEqual((self.queues.depth(THUMBNAIL), self.thumbnails()), (1, {}))
        self.worker("--only", "thumbnail")
        self.assertEqual(json.loads(self.queues.take("completions", 1)[0][1])["stored"], 1)
        self.assert_empty(WORK, THUMBNAIL, DEAD)

    def test_a_worker_takes_only_what_it_can_do(self):
        self.upload("a.jpg", support.PHOTO.read_bytes())
        self.declare()
        worker = self.worker("--only", "thumbnail")
        self.assertEqual(worker.lines_of("connected")[0]["queues"], [THUMBNAIL])
        self.publish(self.write("event.json", support.event("a.jpg")))

        def consumed():
            return {one["queue"]["name"] for one in self.node.api("GET", f"/consumers/{self.vhost}")}
        wait_for(consumed)
        self.assertEqual(consumed(), {THUMBNAIL})
        self.assertEqual(self.queues.depth(WORK), 1)

    def test_an_unknown_capability_lists_those_that_are_known(self):
        done = self.run_it("work", self.url, "--only", "thumbnail,hologram")
        self.assert_error(done, 2, "usage", "hologram", "route, thumbnail")


if __name__ == "__main__":
    support.main("rabbitmq-server", "pika")
