"""A RabbitMQ node of the tests' own on loopback, and how they look into it: the management API, and pika as a second client.

It shares nothing with a broker that may run on this machine: name, ports, cookie, files and epmd are its own.

    rabbitmq.py COMMAND…    runs it with such a node, whose URL is in MINIATURA_TEST_BROKER
"""
import base64
import contextlib
import http.client
import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import tempfile
import time

import support

BIN = pathlib.Path("/usr/lib/rabbitmq/bin")  # the wrappers on the PATH change user and HOME
START_S = 120
WORK, THUMBNAIL, DEAD = "miniatura.work", "miniatura.work.thumbnail", "miniatura.dead"


class Node:
    """Up when it is made. `tls` is (authority's file, certificate, key)."""

    def __init__(self, case, tls=None):
        self.dir = case.dir / "rabbitmq"
        (self.dir / "home").mkdir(parents=True)
        self.password = secrets.token_hex(12)
        self.port, self.management, self.tls_port, self.epmd, distribution = support.free_ports(5)
        cookie = self.dir / "home/.erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        (self.dir / "plugins").write_text("[rabbitmq_management].\n")
        lines = [f"listeners.tcp.1 = 127.0.0.1:{self.port}", "management.tcp.ip = 127.0.0.1",
                 f"management.tcp.port = {self.management}", "log.console = true", "log.console.level = warning",
                 "default_user = tests", f"default_pass = {self.password}", "collect_statistics_interval = 1000",
                 # A machine that is nearly full is no reason to refuse what the tests send.
                 "disk_free_limit.absolute = 1MB"]
        if tls:
            lines += [f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}", f"ssl_options.cacertfile = {tls[0]}",
                      f"ssl_options.certfile = {tls[1]}", f"ssl_options.keyfile = {tls[2]}", "ssl_options.verify = verify_none"]
        (self.dir / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        self.env = {
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.dir / "home"), "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"miniatura-{self.port}@localhost", "RABBITMQ_DIST_PORT": str(distribution),
            "ERL_EPMD_PORT": str(self.epmd), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(self.dir / "mnesia"), "RABBITMQ_LOG_BASE": str(self.dir / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.dir / "rabbitmq.conf"), "RABBITMQ_PID_FILE": str(self.dir / "pid"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(self.dir / "flags"), "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.dir / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}"}
        self.process = None
        case.addCleanup(self.end)
        self.start()

    @property
    def url(self):
        return f"amqp://tests:{self.password}@127.0.0.1:{self.port}"

    @property
    def tls_url(self):
        return f"amqps://tests:{self.password}@127.0.0.1:{self.tls_port}"

    def start(self):
        with open(self.dir / "node.log", "ab") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [str(BIN / "rabbitmq-server")], env=self.env, cwd=self.dir, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=support.die_with_parent)
        until = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.api("GET", "/health/checks/virtual-hosts", raw=True)[0] == 200:
                    return
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"RabbitMQ did not start: {(self.dir / 'node.log').read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)

    def stop(self):
        self.end_group(signal.SIGTERM)

    def kill(self):
        self.end_group(signal.SIGKILL)

    def end_group(self, how):
        """The node is a shell and the virtual machine that it started, in a session of their own."""
        if self.process.poll() is not None:
            return
        os.killpg(self.process.pid, how)
        try:
            self.process.wait(support.TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        until = time.monotonic() + support.TIMEOUT_S
        while time.monotonic() < until:  # the shell goes before the node
            try:
                os.killpg(self.process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)

    def end(self):
        self.kill()
        epmd = next(pathlib.Path("/usr/lib/erlang").glob("erts-*/bin/epmd"), None) or "epmd"
        until = time.monotonic() + 15
        while time.monotonic() < until:  # it does not go while it believes that the node is there
            done = subprocess.run([str(epmd), "-port", str(self.epmd), "-kill"], env=self.env, capture_output=True, check=False)
            if b"Killed" in done.stdout or b"Cannot connect" in done.stdout + done.stderr:
                return
            time.sleep(0.2)

    def control(self, *words):
        """By rabbitmqctl."""
        program = next(pathlib.Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmqctl"))
        subprocess.run([str(program), *words], env=self.env, cwd=self.dir, check=True, capture_output=True,
                       timeout=support.TIMEOUT_S)

    # The management API.

    def api(self, method, path, body=None, raw=False):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.management, timeout=30)) as connection:
            token = base64.b64encode(f"tests:{self.password}".encode()).decode()
            connection.request(method, "/api" + path, json.dumps(body) if body is not None else None,
                               {"Authorization": f"Basic {token}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        if raw:
            return answer.status, text
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer.status} {text[:500]}")
        return json.loads(text) if text else None

    def add_vhost(self, name):
        self.api("PUT", f"/vhosts/{name}")
        self.api("PUT", f"/permissions/{name}/tests", {"configure": ".*", "write": ".*", "read": ".*"})

    def add_user(self, vhost, name, password, configure=".*", write=".*", read=".*"):
        self.api("PUT", f"/users/{name}", {"password": password, "tags": ""})
        self.api("PUT", f"/permissions/{vhost}/{name}", {"configure": configure, "write": write, "read": read})


def pika():
    sys.path.insert(0, str(support.ROOT / ".tools/python"))
    import pika as module  # pylint: disable=import-outside-toplevel  (where it is missing, the file is skipped)
    sys.path.pop(0)
    return module


class Client:
    """pika on a vhost. Connects when it is needed, and again when the broker was away."""

    def __init__(self, node, vhost):
        self.node, self.vhost, self.connection, self.channel = node, vhost, None, None

    def open(self):
        if self.channel is None or not self.channel.is_open or not self.is_alive():
            self.close()
            self.connection = pika().BlockingConnection(pika().ConnectionParameters(
                "127.0.0.1", self.node.port, self.vhost, pika().PlainCredentials("tests", self.node.password), heartbeat=0))
            self.channel = self.connection.channel()
            self.channel.confirm_delivery()
        return self.channel

    def is_alive(self):
        with contextlib.suppress(Exception):
            self.connection.process_data_events(0)
            return self.connection.is_open
        return False

    def close(self):
        with contextlib.suppress(Exception):  # the node may be gone
            self.connection.close()
        self.channel = None

    def publish(self, body, queue=WORK, exchange="miniatura", headers=None, **properties):
        """Confirmed, and in a queue."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.open().basic_publish(exchange, queue, body, pika().BasicProperties(delivery_mode=2, headers=headers, **properties),
                                  mandatory=True)

    def listen(self, queue, exchange="processed_images"):
        self.open().queue_declare(queue, durable=True)
        self.open().queue_bind(queue, exchange)

    def depth(self, queue):
        """Messages that wait in it, as the queue itself says."""
        return self.open().queue_declare(queue, passive=True).method.message_count

    def take(self, queue, count=None, timeout_s=support.TIMEOUT_S):
        """Takes `count` messages, waiting for them (or what is there): [(properties, body)]."""
        found = []
        until = time.monotonic() + timeout_s
        while count is None or len(found) < count:
            method, properties, body = self.open().basic_get(queue, auto_ack=True)
            if method:
                found.append((properties, body))
            elif count is None:
                break
            elif time.monotonic() > until:
                raise AssertionError(f"{queue}: {len(found)} of {count} messages came")
            else:
                time.sleep(0.05)
        return found


def main(command):
    class Once:
        """What a test case gives: a directory, and an end."""

        def __init__(self, stack):
            self.dir, self.stack = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="miniatura-"))), stack

        def addCleanup(self, function, *arguments):  # pylint: disable=invalid-name
            self.stack.callback(function, *arguments)

    support.skip_without("rabbitmq-server")
    with contextlib.ExitStack() as stack:
        node = Node(Once(stack))
        return subprocess.run(command, env={**os.environ, "MINIATURA_TEST_BROKER": node.url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
