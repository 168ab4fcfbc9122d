"""`miniatura work` while its broker is stopped, killed, or not there yet."""
import json
import os
import signal

import rabbitmq
import servers
import support
from amqp_case import AmqpCase
from rabbitmq import DEAD, THUMBNAIL, WORK


def setUpModule():
    AmqpCase.node = rabbitmq.Node(servers.Shared())


class Restarts(AmqpCase):
    def setUp(self):
        super().setUp()
        for number in range(20):
            self.upload(f"{number}.jpg", support.PHOTO.read_bytes())
        self.events = self.write("all.ndjson", "".join(json.dumps(support.event(f"{n}.jpg")) + "\n" for n in range(20)))

    def assert_all_done(self):
        done, until = set(), 20
        while len(done) < until:
            (_, body), = self.queues.take("completions", 1)
            done.add(json.loads(body)["events"][0]["key"])
        self.assertEqual(len(self.thumbnails()), 40)
        self.assert_empty(WORK, THUMBNAIL, DEAD)

    def test_a_broker_that_stops_in_the_middle_is_waited_for(self):
        self.listen()
        worker = self.worker("--jobs", 2)
        self.publish(self.events)
        worker.wait_for_line("handled", 3)
        self.node.stop()
        worker.wait_for_line("lost the broker")
        worker.wait_for_line("no broker")
        self.node.start()
        worker.wait_for_line("connected", 2)
        self.assert_all_done()
        self.assertEqual(worker.stop(), 0)

    def test_a_broker_that_is_killed_in_the_middle_has_all_that_it_confirmed(self):
        self.listen()
        worker = self.worker("--jobs", 2)
        self.publish(self.events)
        worker.wait_for_line("handled", 3)
        self.node.kill()
        worker.wait_for_line("lost the broker")
        self.node.start()
        self.assert_all_done()

    def test_a_broker_that_is_not_there_yet_is_waited_for(self):
        self.listen()
        self.publish(self.events)
        self.node.stop()
        worker = self.worker(connected=False)
        worker.wait_for_line("no broker", 2)
        self.assertIn("127.0.0.1", worker.lines_of("no broker")[0]["broker"])
        self.node.start()
        self.assert_all_done()

    def test_asked_to_stop_without_a_broker_it_ends(self):
        worker = self.worker()
        self.node.kill()
        worker.wait_for_line("no broker")
        self.assertEqual(worker.stop(), 0)
        self.node.start()

    def test_asked_to_stop_it_does_not_wait_for_a_broker_that_hangs(self):
        worker = self.worker()
        os.killpg(self.node.process.pid, signal.SIGSTOP)
        try:
            worker.process.terminate()
            self.assertEqual(worker.process.wait(20), 0)
        finally:
            os.killpg(self.node.process.pid, signal.SIGCONT)
        worker.wait_for_line("lost the broker")


if __name__ == "__main__":
    support.main("rabbitmq-server", "pika")
