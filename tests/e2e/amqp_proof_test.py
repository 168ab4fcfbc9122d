"""Three workers, one of them killed every second, a broker that is restarted in the middle, and poison among the events: in the
end each good picture has all its thumbnails and was told of, each poison is a dead letter, and nothing is left.

MINIATURA_LONG=1 takes 1,000 events in place of 60.
"""
import json
import os
import random
import threading

import rabbitmq
import servers
import support
from amqp_case import AmqpCase, Worker, wait_for
from rabbitmq import DEAD, THUMBNAIL, WORK

SEED = 20261125
EVENTS = 1_000 if os.environ.get("MINIATURA_LONG") == "1" else 60
POISON_EVERY = 10
RETRIES = [f"miniatura.retry.{n}s" for n in (1, 10, 60, 300)]
DRAIN_S = 900 if os.environ.get("MINIATURA_LONG") == "1" else 150


def setUpModule():
    AmqpCase.node = rabbitmq.Node(servers.Shared())


class Crew:
    """Workers of which one is killed every second, and another put in its place."""

    def __init__(self, case, count):
        self.case, self.random, self.kills = case, random.Random(SEED), 0
        self.workers = [self.hire() for _ in range(count)]
        self.is_over, self.has_ended, self.may_go = threading.Event(), threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        case.addCleanup(self.thread.join)
        case.addCleanup(self.may_go.set)
        case.addCleanup(self.is_over.set)

    def hire(self):
        return Worker(self.case, self.case.url, "--jobs", 1, connected=False)

    def run(self):
        while not self.is_over.wait(1):
            index = self.random.randrange(len(self.workers))
            self.workers[index].kill()
            self.kills += 1
            self.workers[index] = self.hire()
        self.has_ended.set()
        self.may_go.wait()  # what a thread has started is told to stop when it ends

    def end(self):
        """The killing, not the work."""
        self.is_over.set()
        self.has_ended.wait()


class Proof(AmqpCase):
    def setUp(self):
        super().setUp()
        large, bad = support.LARGE_PHOTO.read_bytes(), support.corrupt_png()
        self.good, self.poison, self.told, self.dead = set(), set(), [], []
        for number in range(EVENTS):
            if number % POISON_EVERY == 3:
                key, body = f"{number}.png", bad
                self.poison.add(key)
            else:
                key, body = f"{number}.jpg", large if number % 3 else support.PHOTO.read_bytes()
                self.good.add(key)
            self.upload(key, body)

    def publish_until_taken(self, name, keys):
        """A broker that goes away in the middle may have some of them twice."""
        events = self.write(name, "".join(json.dumps(support.event(key)) + "\n" for key in keys))
        wait_for(lambda: self.publish(events).code == 0, timeout_s=DRAIN_S)

    def take_results(self):
        """Whether each event has ended somewhere, and nothing is on its way or in hand any more, as the broker counts it."""
        self.told += [event["key"] for _, body in self.queues.take("completions") for event in json.loads(body)["events"]]
        self.dead += [json.loads(body)["Records"][0]["s3"]["object"]["key"] for _, body in self.queues.take(DEAD)]
        if not self.good | self.poison <= set(self.told) | set(self.dead):
            return False
        found = {one["name"]: one.get("messages", 1) for one in self.node.api("GET", f"/queues/{self.vhost}")}
        return all(found.get(name, 1) == 0 for name in (WORK, THUMBNAIL, *RETRIES))

    def test_nothing_is_lost_and_no_good_one_is_buried(self):
        self.listen()
        keys = sorted(self.good | self.poison)
        random.Random(SEED).shuffle(keys)
        crew = Crew(self, 3)
        try:
            self.publish_until_taken("first.ndjson", keys[:EVENTS // 2])
            wait_for(lambda: len(self.thumbnails()) > EVENTS // 10, timeout_s=DRAIN_S)
            self.node.stop()
            self.node.start()
            self.publish_until_taken("second.ndjson", keys[EVENTS // 2:])
            wait_for(lambda: len(self.thumbnails()) > EVENTS, timeout_s=DRAIN_S)  # of twice that, less the poison
        finally:
            crew.end()
        wait_for(self.take_results, timeout_s=DRAIN_S)
        self.workers = crew.workers
        self.assert_empty(WORK, THUMBNAIL, *RETRIES)
        told, dead = self.told, self.dead
        made = set(self.thumbnails())
        incomplete = {key for key in self.good if not {f"{key}/small.jpg", f"{key}/card.webp"} <= made}
        print(f"\n{EVENTS} events, {crew.kills} kills: {len(told)} completions, {len(dead)} dead letters, "
              f"incomplete {len(incomplete)}, good and dead {len(set(dead) & self.good)}", flush=True)
        self.assertEqual(incomplete, set())
        self.assertEqual(set(told), self.good)
        self.assertEqual(set(dead), self.poison)
        self.assertGreater(crew.kills, 3)


if __name__ == "__main__":
    support.main("rabbitmq-server", "pika")
