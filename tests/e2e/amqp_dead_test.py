"""The dead-letter office of a live RabbitMQ, and what a worker shows by HTTP of whose its failures are."""
import contextlib
import http.client
import json

import rabbitmq
import servers
import support
from amqp_case import AmqpCase, wait_for
from rabbitmq import DEAD, THUMBNAIL, WORK


def setUpModule():
    AmqpCase.node = rabbitmq.Node(servers.Shared())


class Office(AmqpCase):
    def dead(self, *words):
        return self.run_it("dead", *words)

    def fail(self, *keys):  # pylint: disable=arguments-differ
        """Events of pictures that are none; gives them as the office lists them."""
        for key in keys:
            self.upload(key, support.corrupt_png() if key.endswith(".png") else b"no picture")
        lines = "".join(json.dumps(support.event(key)) + "\n" for key in keys)
        self.assertEqual(self.publish(self.write("bad.ndjson", lines)).code, 0)
        return wait_for(lambda: self.listed(len(keys)))

    def listed(self, count, *filters):
        letters = self.dead("list", self.url, *filters).json_lines()
        return letters if len(letters) == count else None

    def test_letters_are_listed_shown_redriven_and_dropped(self):
        self.declare()
        worker = self.worker("--jobs", 1)
        letters = self.fail("a.png", "b.png", "c.txt")
        self.assertEqual([letter["error"]["code"] for letter in letters], ["image.corrupt"] * 2 + ["image.unsupported"])
        self.assertEqual({letter["failure_type"] for letter in letters}, {"job"})
        self.assertTrue(self.listed(1, "--code", "image.unsupported"))
        self.assertEqual(self.listed(0, "--until", "2026-01-01"), [])
        shown = self.dead("show", self.url, letters[0]["id"]).json_lines()[0]
        self.assertEqual(shown["payload"]["Records"][0]["s3"]["object"]["key"], "a.png")
        self.assertEqual(self.dead("redrive", self.url, "--dry-run").out.splitlines()[-1],
                         "3 dead letters would be redriven")
        self.assertTrue(self.listed(3), "looking takes nothing away")

        self.upload("a.png", support.png(64, 64, support.quarters))  # mended
        done = self.dead("redrive", self.url, "--code", "image.corrupt")
        self.assertEqual((done.out, done.err), ("2 dead letters redriven\n", ""))
        wait_for(lambda: "a.png/card.webp" in self.thumbnails() and self.listed(2))
        self.assertEqual(self.dead("drop", self.url).code, 2)
        dropped = self.dead("drop", self.url, "--code", "image.unsupported", "--json")
        self.assertEqual(dropped.json_lines(), [{"dropped": 1}])
        left, = self.listed(1)
        self.assertEqual((left["error"]["code"], left["attempts"]), ("image.corrupt", 1))
        self.assertEqual(worker.stop(), 0)
        self.assert_empty(WORK, THUMBNAIL)
        self.assertEqual(self.dead("drop", self.url, "--all").out, "1 dead letters dropped\n")
        self.assert_empty(DEAD)

    def test_no_broker_and_a_wrong_password_are_told(self):
        port, = support.free_ports(1)
        self.assert_error(self.dead("list", f"amqp://127.0.0.1:{port}"), 75, "queue.unavailable", port)
        done = self.dead("list", f"amqp://tests:never-shown@127.0.0.1:{self.node.port}")
        self.assert_error(done, 75, "queue.denied")
        self.assertNotIn("never-shown", done.err)


class Watched(AmqpCase):
    def get(self, port, path):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=support.TIMEOUT_S)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def test_a_picture_that_fails_and_a_broker_that_is_lost_are_told_apart(self):
        self.declare()
        worker = self.worker("--listen", "127.0.0.1:0")
        port = worker.wait_for_line("to be watched at")[0]["port"]
        self.assertEqual(self.get(port, "/healthz")[0], 200)
        wait_for(lambda: self.get(port, "/readyz")[0] == 200)
        self.upload("bad.png", support.corrupt_png())
        self.publish(self.write("event.json", support.event("bad.png")))
        of_job = 'miniatura_errors_total{code="image.corrupt",failure_type="job"} 1'
        wait_for(lambda: of_job in self.get(port, "/metrics")[1])
        self.assertIn("miniatura_broker_connected 1", self.get(port, "/metrics")[1])
        self.node.stop()
        of_worker = 'miniatura_errors_total{code="queue.unavailable",failure_type="worker"}'
        wait_for(lambda: of_worker in self.get(port, "/metrics")[1])
        status, text = self.get(port, "/readyz")
        self.assertEqual(status, 503)
        self.assertIn("no broker", text)
        self.node.start()
        wait_for(lambda: self.get(port, "/readyz")[0] == 200)


if __name__ == "__main__":
    support.main("rabbitmq-server", "pika")
