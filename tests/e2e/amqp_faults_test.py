"""`miniatura work` while lines are cut, workers die and queues go: nothing is lost, and nothing stays in hand."""
import contextlib
import json
import socket
import threading

import rabbitmq
import servers
import support
from amqp_case import AmqpCase, wait_for
from proxies import CHUNK_BYTES, Listener, copy
from rabbitmq import DEAD, THUMBNAIL, WORK

BASIC_ACK = b"\x00\x3c\x00\x50"  # class 60, method 80


def setUpModule():
    AmqpCase.node = rabbitmq.Node(servers.Shared())


class Line(Listener):
    """To the broker. Cut once, just before the client has said `at`."""

    def __init__(self, case, port, at):
        self.broker, self.at, self.cuts = port, at, 0
        super().__init__(case)

    def handle(self, client):
        with socket.create_connection(("127.0.0.1", self.broker), support.TIMEOUT_S) as server:
            threading.Thread(target=copy, args=(server, client), daemon=True).start()
            while piece := client.recv(CHUNK_BYTES):
                if self.at in piece and not self.cuts:
                    self.cuts += 1
                    server.sendall(piece[:piece.index(self.at) - 7])  # a frame's type, channel and size
                    server.shutdown(socket.SHUT_RDWR)
                    client.shutdown(socket.SHUT_RDWR)
                    return
                server.sendall(piece)


class Silence(Listener):
    """A store that takes every question and answers none, until it is told to hang up."""

    def __init__(self, case):
        self.asked, self.has_hung_up = 0, False
        super().__init__(case)
        self.variables = support.s3_variables(f"http://127.0.0.1:{self.port}", "a-secret-of-the-tests")

    def handle(self, client):
        if client.recv(CHUNK_BYTES):
            self.asked += 1
        while not self.has_hung_up and client.recv(CHUNK_BYTES):
            pass

    def hang_up(self):
        self.has_hung_up = True
        for client in self.clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)


class Faults(AmqpCase):
    def setUp(self):
        super().setUp()
        self.upload("a.jpg", support.PHOTO.read_bytes())
        self.event = self.write("event.json", support.event("a.jpg"))

    def completion(self):
        """The outcome of the next event that is done."""
        return json.loads(self.queues.take("completions", 1)[0][1])["events"][0]["outcome"]

    def test_a_line_cut_in_mid_acknowledgement_repeats_the_event_and_loses_none(self):
        self.listen()
        line = Line(self, self.node.port, BASIC_ACK)
        worker = self.worker("--only", "thumbnail",
                             url=f"amqp://tests:{self.node.password}@127.0.0.1:{line.port}/{self.vhost}")
        self.queues.publish(support.event("a.jpg"), THUMBNAIL)
        self.assertEqual([self.completion(), self.completion()], ["stored", "skipped"])
        self.assertEqual(line.cuts, 1)
        self.assertEqual(len(worker.wait_for_line("connected", 2)), 2)
        self.assert_empty(WORK, THUMBNAIL, DEAD)
        self.assertEqual(worker.stop(), 0)

    def test_a_worker_killed_in_mid_event_leaves_it_to_the_next(self):
        self.listen()
        store = Silence(self)
        worker = self.worker(**store.variables)
        self.publish(self.event)
        wait_for(lambda: store.asked)
        self.assertEqual(self.thumbnails(), {})
        worker.kill()
        self.worker()
        self.assertEqual(self.completion(), "stored")
        self.assert_empty(WORK, THUMBNAIL, DEAD)

    def test_what_kills_worker_after_worker_is_buried_by_the_broker(self):
        self.listen()
        self.queues.publish(support.event("a.jpg"), THUMBNAIL)
        deaths = 0
        while not self.queues.depth(DEAD):
            store = Silence(self)
            worker = self.worker("--only", "thumbnail", **store.variables)
            wait_for(lambda store=store: store.asked or self.queues.depth(DEAD))
            deaths += store.asked > 0
            worker.kill()
            if deaths >= 6:
                wait_for(lambda: self.queues.depth(DEAD))
        self.assertEqual(deaths, 6)  # the limit of 5, and the first
        (properties, _), = self.queues.take(DEAD, 1)
        self.assertEqual(properties.headers["x-death"][0]["reason"], "delivery_limit")
        self.assertEqual(properties.headers["x-death"][0]["queue"], THUMBNAIL)

    def test_asked_to_stop_it_finishes_what_is_in_hand_and_gives_the_rest_back(self):
        self.listen()
        store = Silence(self)
        worker = self.worker("--jobs", 1, "--prefetch", 3, "--only", "thumbnail", **store.variables)
        for _ in range(3):
            self.queues.publish(support.event("a.jpg"), THUMBNAIL)
        wait_for(lambda: store.asked)
        self.assertEqual(self.queues.depth(THUMBNAIL), 0)
        worker.process.terminate()
        worker.wait_for_line("asked to stop")
        wait_for(lambda: self.queues.depth(THUMBNAIL) == 2)
        self.assertIsNone(worker.process.poll(), "it left what was in hand")
        store.hang_up()  # the job ends: a store that hangs up is worth another attempt
        self.assertEqual(worker.process.wait(support.TIMEOUT_S), 0)
        self.assertEqual(self.queues.depth("miniatura.retry.1s") + self.queues.depth(THUMBNAIL), 3)

    def test_the_second_signal_ends_it_at_once_and_the_broker_has_all_of_it(self):
        self.declare()
        store = Silence(self)
        worker = self.worker("--only", "thumbnail", **store.variables)
        self.queues.publish(support.event("a.jpg"), THUMBNAIL)
        wait_for(lambda: store.asked)
        worker.process.terminate()
        worker.wait_for_line("asked to stop")
        worker.process.terminate()
        self.assertEqual(worker.process.wait(support.TIMEOUT_S), 128 + 15)
        wait_for(lambda: self.queues.depth(THUMBNAIL) == 1)

    def test_a_queue_that_somebody_removes_is_declared_again(self):
        self.listen()
        worker = self.worker()
        self.node.api("DELETE", f"/queues/{self.vhost}/{THUMBNAIL}")
        worker.wait_for_line("connected", 2)
        self.publish(self.event)
        self.assertEqual(self.completion(), "stored")

    def test_without_a_queue_of_dead_letters_a_bad_event_stays_until_there_is_one(self):
        self.declare()
        worker = self.worker("--only", "thumbnail")
        self.node.api("DELETE", f"/queues/{self.vhost}/{DEAD}")
        self.queues.publish(b"junk", THUMBNAIL)
        worker.wait_for_line("the broker did not take a message")
        (properties, _), = self.queues_of_dead()
        self.assertEqual(properties.headers["x-miniatura-code"], "event.malformed")
        self.assert_empty(THUMBNAIL, DEAD)

    def test_a_broker_that_is_out_of_memory_is_waited_for(self):
        self.declare()
        store = Silence(self)
        worker = self.worker("--only", "thumbnail", "--attempts", 1, "--jobs", 3, **store.variables)
        for _ in range(9):
            self.queues.publish(support.event("a.jpg"), THUMBNAIL)
        wait_for(lambda: store.asked >= 3)
        self.node.control("set_vm_memory_high_watermark", "0.0")  # it reads no more from who publishes
        self.addCleanup(self.node.control, "set_vm_memory_high_watermark", "0.8")
        store.hang_up()
        worker.wait_for_line("not all handled", 3)  # to be published for another attempt: a store that is away counts none
        self.node.control("set_vm_memory_high_watermark", "0.8")
        worker.wait_for_line("not all handled", 12)
        self.assert_empty(DEAD)
        queues = (THUMBNAIL, *(f"miniatura.retry.{delay}s" for delay in (1, 10, 60, 300)))
        wait_for(lambda: sum(self.queues.depth(queue) for queue in queues) == 9)

    def queues_of_dead(self):
        wait_for(lambda: DEAD in {one["name"] for one in self.node.api("GET", f"/queues/{self.vhost}")})
        return self.queues.take(DEAD, 1)


if __name__ == "__main__":
    support.main("rabbitmq-server", "pika")
