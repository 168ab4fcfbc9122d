"""What the tests of `miniatura work` and `miniatura publish` share: one broker a file, workers as processes."""
import itertools
import json
import os
import pathlib
import signal
import subprocess

import rabbitmq
import support
from support import wait_for

numbers = itertools.count(1)


class Worker:
    """`miniatura work`, ours to stop; its log is one JSON object a line."""

    def __init__(self, case, url, *arguments, connected=True, **env):
        self.log = case.dir / f"work-{next(numbers)}.log"
        self.env = {name: value for name, value in {**case.env, "MINIATURA_QUEUE": url, **env}.items() if value is not None}
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [str(support.EXECUTABLE), "work", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, env=self.env, cwd=case.dir, preexec_fn=support.die_with_parent)
        case.addCleanup(self.kill)
        if connected:
            self.wait_for_line("connected to the broker")

    def lines(self):
        whole = self.log.read_text().split("\n")[:-1]
        return [json.loads(line) for line in whole if line.startswith("{")]

    def lines_of(self, message):
        return [line for line in self.lines() if line["message"].startswith(message)]

    def wait_for_line(self, message, count=1):
        def enough():
            found = self.lines_of(message)
            if len(found) >= count:
                return found
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}: {self.log.read_text()}")
            return None
        return wait_for(enough)

    def stop(self):
        """Asked to; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(support.TIMEOUT_S)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        support.assert_no_secrets(self.env, self.log.read_bytes())

    def render_workers(self):
        """Processes that it has started and that are alive."""
        return [int(stat.parent.name) for stat in pathlib.Path("/proc").glob("[0-9]*/stat")
                if parent_of(stat) == self.process.pid]


def parent_of(stat):
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


class AmqpCase(support.Case):
    """`node` is the file's broker; every test has a vhost of its own."""

    node = None

    def setUp(self):
        super().setUp()
        self.vhost = f"test-{next(numbers)}"
        self.node.add_vhost(self.vhost)
        # For the room; a broker that has just come back may refuse (500), and goes with the file anyway.
        self.addCleanup(lambda: self.node.process.poll() is None
                        and self.node.api("DELETE", f"/vhosts/{self.vhost}", raw=True))
        self.url = f"{self.node.url}/{self.vhost}"
        self.queues = rabbitmq.Client(self.node, self.vhost)
        self.addCleanup(self.queues.close)
        self.workers = []

    def worker(self, *arguments, **options):
        self.workers.append(Worker(self, options.pop("url", self.url), *arguments, **options))
        return self.workers[-1]

    def publish(self, *files, **env):
        return self.run_it("publish", *files, MINIATURA_QUEUE=self.url, **env)

    def declare(self):
        """The queues, without anybody who takes from them."""
        done = self.publish(self.write("none.json", {"Service": "Amazon S3", "Event": "s3:TestEvent"}))
        self.assertEqual(done.code, 0, done.err)
        self.assertEqual(len(self.queues.take(rabbitmq.WORK, 1)), 1)

    def listen(self):
        """A queue on what is done."""
        self.declare()
        self.queues.listen("completions")

    def assert_empty(self, *names):
        """Nothing waits there, and nobody has anything in hand that would come back: the workers are stopped for it."""
        for worker in self.workers:
            if worker.process.poll() is None:
                self.assertEqual(worker.stop(), 0, worker.log.read_text()[-2000:])
        self.assertEqual({name: self.queues.depth(name) for name in names}, dict.fromkeys(names, 0))
