"""Who may speak to whom: users, vhosts, permissions, certificates; queues that are somebody else's; and what `publish` refuses."""
import json
import ssl
import socket

import rabbitmq
import servers
import support
from amqp_case import AmqpCase, wait_for
from proxies import Listener
from rabbitmq import DEAD, THUMBNAIL, WORK

authority = None


def setUpModule():
    global authority  # pylint: disable=global-statement
    shared = servers.Shared()
    authority = servers.Authority(shared.dir / "authority")
    certificate, key = authority.signed("broker", "IP:127.0.0.1,DNS:localhost")
    AmqpCase.node = rabbitmq.Node(shared, (authority.file, certificate, key))


class Refused(AmqpCase):
    def both(self, url, exit_code, code, *named, secret="never-shown", **env):
        """`work` and `publish` fail alike, and neither shows the password."""
        event = self.write("event.json", support.event("a.jpg"))
        for words in (("work", url), ("publish", event, "--to", url)):
            with self.subTest(words[0]):
                done = self.run_it(*words, **env)
                self.assert_error(support.Done(done.code, done.out, "".join(f"{line}\n" for line in done.error_lines())),
                                  exit_code, code, *named)
                for word in (secret, self.node.password):
                    self.assertNotIn(word, done.out + done.err)

    def test_a_wrong_password(self):
        self.both(f"amqp://tests:never-shown@127.0.0.1:{self.node.port}/{self.vhost}", 75, "queue.denied", "tests")

    def test_a_vhost_that_is_not_there(self):
        self.both(f"{self.node.url}/nowhere", 75, "queue.denied", "nowhere")

    def test_a_user_who_may_declare_nothing(self):
        self.node.add_user(self.vhost, "guest-of-the-tests", "never-shown", configure="^$")
        self.both(f"amqp://guest-of-the-tests:never-shown@127.0.0.1:{self.node.port}/{self.vhost}", 75, "queue.denied",
                  "miniatura")

    def test_urls_that_make_no_sense(self):
        for url, named in (("amqp://a:never-shown@", "host"), ("http://a:never-shown@host", "amqp://"),
                           ("amqp://a:never-shown@host:99999", "port"), ("sqs://never-shown", "not built yet"),
                           ("redis://:never-shown@host", "not built yet")):
            self.both(url, 2, "config.invalid", named)

    def test_no_url_at_all(self):
        done = self.run_it("work")
        self.assert_error(done, 2, "config.missing", "MINIATURA_QUEUE")

    def test_queues_of_other_arguments_are_a_conflict_that_names_them(self):
        for name, arguments, named in (
                (WORK, {"x-queue-type": "quorum", "x-dead-letter-exchange": "miniatura.dlx",
                        "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish",
                        "x-delivery-limit": 3}, ("x-delivery-limit", "3, and not 5")),
                (THUMBNAIL, {"x-queue-type": "quorum"}, ("x-d", "none")),
                ("miniatura.retry.10s", {"x-queue-type": "quorum", "x-dead-letter-exchange": "miniatura",
                                         "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish",
                                         "x-message-ttl": 5}, ("x-message-ttl", "5", "10000"))):
            self.node.api("PUT", f"/queues/{self.vhost}/{name}", {"durable": True, "arguments": arguments})
            self.both(self.url, 2, "queue.conflict", f"queue {name}", *named)
            self.node.api("DELETE", f"/queues/{self.vhost}/{name}")

    def test_an_exchange_of_another_kind_is_a_conflict(self):
        self.node.api("PUT", f"/exchanges/{self.vhost}/processed_images", {"type": "topic", "durable": True})
        self.both(self.url, 2, "queue.conflict", "exchange processed_images", "type", "topic", "fanout")


class Ear(Listener):
    """A TLS server that writes down what it hears."""

    def __init__(self, case, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.heard = b""
        super().__init__(case)

    def handle(self, client):
        with self.context.wrap_socket(client, server_side=True) as secure:
            self.heard += secure.recv(1000)


class OverTls(AmqpCase):
    def setUp(self):
        super().setUp()
        self.tls_url = f"{self.node.tls_url}/{self.vhost}"
        self.upload("a.jpg", support.PHOTO.read_bytes())
        self.event = self.write("event.json", support.event("a.jpg"))

    def test_with_its_authority_a_broker_is_trusted(self):
        self.listen()
        trust = {"MINIATURA_AMQP_CA": str(authority.file)}
        done = self.run_it("publish", self.event, "--to", self.tls_url, **trust)
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertIn(f"amqps://127.0.0.1:{self.node.tls_port}/", done.out)
        worker = self.worker(url=self.tls_url, **trust)
        self.assertEqual(json.loads(self.queues.take("completions", 1)[0][1])["stored"], 1)
        self.assertEqual(worker.stop(), 0)

    def test_a_broker_may_have_a_name_or_an_address(self):
        trust = {"MINIATURA_AMQP_CA": str(authority.file)}
        for host in ("127.0.0.1", "localhost"):
            done = self.run_it("publish", self.event, "--to", self.tls_url.replace("127.0.0.1", host), **trust)
            self.assertEqual((done.code, done.err), (0, ""), host)

    def test_a_large_message_comes_whole(self):
        self.declare()
        self.worker("--message-bytes", 16 << 20, url=self.tls_url, MINIATURA_AMQP_CA=str(authority.file))
        body = b"{" + b" " * 5_000_000
        self.queues.publish(body)
        (properties, dead), = self.queues.take(DEAD, 1)
        self.assertEqual((properties.headers["x-miniatura-code"], dead == body), ("event.malformed", True))

    def test_strangers_are_not_trusted_and_hear_nothing(self):
        other = servers.Authority(self.dir / "other", "another authority")
        for what, pair, trust in (("of another authority", other.signed("stranger"), authority.file),
                                  ("of himself", authority.self_signed("himself"), authority.file),
                                  ("of another name", authority.signed("name", "DNS:elsewhere"), authority.file),
                                  ("with a name that begins alike", authority.signed("alike", "DNS:127.0.0.1.evil"), authority.file),
                                  ("of another address", authority.signed("address", "IP:127.0.0.2"), authority.file),
                                  ("expired", authority.signed("expired", days=-1), authority.file),
                                  ("unknown to the system", authority.signed("unknown"), None)):
            with self.subTest(what):
                ear = Ear(self, *pair)
                url = f"amqps://tests:never-shown@127.0.0.1:{ear.port}"
                env = {"MINIATURA_AMQP_CA": str(trust) if trust else None}
                self.assert_error(self.run_it("publish", self.event, "--to", url, **env), 75, "network.untrusted",
                                  f"127.0.0.1:{ear.port}", f"trusted is {trust or ''}")
                self.assertEqual(ear.heard, b"")

    def test_authorities_that_cannot_be_read_are_a_wrong_setting(self):
        for path in (self.dir / "absent.pem", self.write("garbage.pem", "no certificate")):
            done = self.run_it("publish", self.event, "--to", self.tls_url, MINIATURA_AMQP_CA=str(path))
            self.assert_error(done, 2, "config.invalid", "MINIATURA_AMQP_CA", path)


class OddBrokers(AmqpCase):
    """What listens there and is no broker."""

    def test_who_speaks_another_language_or_none_is_unavailable(self):
        event = self.write("event.json", support.event("a.jpg"))

        class Talker(Listener):
            def __init__(self, case, says):
                self.says = says
                super().__init__(case)

            def handle(self, client):
                client.recv(100)
                client.sendall(self.says)

        for says in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"AMQP\x01\x01\x00\x0a", b"\x01\x00\x00\xff\xff\xff\xff" * 10,
                     bytes(range(256)) * 10):
            with self.subTest(says[:8]):
                talker = Talker(self, says)
                done = self.run_it("publish", event, "--to", f"amqp://127.0.0.1:{talker.port}")
                self.assert_error(done, 75, "queue.unavailable", f"127.0.0.1:{talker.port}")

    def test_nobody_there(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        event = self.write("event.json", support.event("a.jpg"))
        self.assert_error(self.run_it("publish", event, "--to", f"amqp://127.0.0.1:{port}"), 75, "queue.unavailable", port)
        self.assert_error(self.run_it("publish", event, "--to", "amqp://no.such.host.invalid"), 75, "queue.unavailable",
                          "no.such.host.invalid")


class Publish(AmqpCase):
    def test_what_cannot_be_worked_on_is_refused_by_name_and_the_rest_is_sent(self):
        good = json.dumps(support.event("a.jpg"))
        lines = self.write("lines.ndjson", f"{good}\njunk\n{good}\n")
        done = self.publish(lines, self.write("odd.json", '{"a":1}'), self.dir / "absent.json", self.write("e.json", good))
        self.assertEqual(done.code, 1)
        errors = done.error_lines()
        self.assertEqual(len(errors), 3, done.err)
        for error, words in zip(errors, (("event.malformed", "lines.ndjson:2"), ("event.unsupported", "odd.json"),
                                         ("file.unreadable", "absent.json"))):
            for word in words:
                self.assertIn(word, error)
        self.assertIn("3 published to", done.out)
        self.assertIn("3 refused", done.out)
        self.assertEqual([body for _, body in self.queues.take(WORK)], [good.encode()] * 3)

    def test_what_is_sent_is_kept_and_says_when_it_was(self):
        self.publish(self.write("e.json", support.event("a.jpg")))
        (properties, _), = self.queues.take(WORK, 1)
        self.assertEqual((properties.delivery_mode, properties.content_type), (2, "application/json"))
        self.assertRegex(properties.message_id, "^[0-9a-f]{32}$")
        self.assertGreater(properties.timestamp, 1_600_000_000)

    def test_many_are_confirmed_and_counted(self):
        lines = "".join(json.dumps(support.event(f"{n}.jpg")) + "\n" for n in range(1_000))
        done = self.publish("--json", self.write("many.ndjson", lines))
        self.assertEqual((done.code, done.json_lines()), (0, [{"published": 1_000, "unconfirmed": 0, "refused": 0}]))
        wait_for(lambda: self.queues.depth(WORK) == 1_000)

    def test_standard_input_is_sent_line_by_line(self):
        lines = "".join(json.dumps(support.event(f"{n}.jpg")) + "\n" for n in range(3))
        done = self.run_it("publish", "-", stdin=lines, MINIATURA_QUEUE=self.url)
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual(len(self.queues.take(WORK)), 3)

    def test_a_dry_run_touches_no_queue(self):
        event = self.write("e.json", support.event("a.jpg"))
        done = self.run_it("publish", "--dry-run", event, self.write("bad.json", "junk"))
        self.assertEqual(done.code, 1)
        self.assertEqual(done.json_lines(), [{"delivery": str(event), "bytes": event.stat().st_size, "events": 1,
                                              "exchange": "miniatura", "routing_key": WORK}])
        self.assertIn("bad.json", done.err)

    def test_more_than_a_worker_takes_is_refused(self):
        large = support.event("a.jpg")
        large["padding"] = "x" * (1 << 20)
        done = self.publish(self.write("large.json", large))
        self.assertEqual(done.code, 1)
        self.assertIn("event.too_large", done.err)
        self.assertEqual(self.queues.take(WORK), [])


if __name__ == "__main__":
    support.main("rabbitmq-server", "pika", "openssl")
