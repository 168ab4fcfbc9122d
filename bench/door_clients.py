"""Those who stand before the door: who posts as fast as he is answered, who is silent, who drips; and the disk alone."""
import contextlib
import http.client
import json
import os
import resource
import socket
import subprocess
import threading
import time

from contenders import ROOT

EVENT = ROOT / "tests/fixtures/events/minio-put-webhook.json"
DRIP_S = 1.0


class Disk:
    """4 KB appended and fdatasync, one after the other: what the disk does for one who waits for it."""

    def __init__(self, folder):
        self.file = os.open(folder / "disk", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def append_ms(self):
        start = time.perf_counter()
        os.write(self.file, b"x" * 4096)
        os.fdatasync(self.file)
        return (time.perf_counter() - start) * 1000

    def appends_per_second(self, seconds):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            self.append_ms()
            count += 1
        return count / (time.perf_counter() - start)

    def close(self):
        os.close(self.file)


def post_with_wrk(port, token, connections, seconds):
    """What doors.lua says; each connection posts again when it is answered."""
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", ROOT / "bench/doors.lua", f"http://127.0.0.1:{port}/events"],
        env={**os.environ, "BENCH_EVENT": str(EVENT), "BENCH_TOKEN": token}, capture_output=True, text=True, check=True)
    seen = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    assert seen["failed"] == 0, done.stdout
    return seen


class Poster:
    """One kept connection that posts."""

    def __init__(self, port, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method, path, body=None):
        self.connection.request(method, path, body, self.headers)
        response = self.connection.getresponse()
        text = response.read()
        assert response.status == 200, (response.status, text)
        return json.loads(text)

    def post(self, event):
        """The event's id."""
        return self.ask("POST", "/events", json.dumps(event))["id"]

    def state(self, event_id):
        return self.ask("GET", f"/events/{event_id}")["state"]

    def close(self):
        self.connection.close()


def ask_anew(port, method, path, body=None, token=""):
    """ms from a new connection to the whole answer."""
    start = time.perf_counter()
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request(method, path, body, {"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
    return (time.perf_counter() - start) * 1000


class Crowd:
    """Connections that were answered once and are silent since, and such as send a byte of a request a second."""

    def __init__(self, port, idle, slow):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.sockets, self.slow, self.ended = [], [], threading.Event()
        for _ in range(idle):
            self.sockets.append(socket.create_connection(("127.0.0.1", port)))
            self.sockets[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n")
        for each in self.sockets:
            assert each.recv(4096).startswith(b"HTTP/1.1 200")
        self.slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(slow)]
        self.thread = threading.Thread(target=self.drip, daemon=True)
        self.thread.start()

    def drip(self):
        for byte in b"POST /events HTTP/1.1\r\nHost: bench\r\nX-Long: " + b"x" * 1000:
            for each in self.slow:
                with contextlib.suppress(OSError):  # told by still_there()
                    each.send(bytes([byte]))
            if self.ended.wait(DRIP_S):
                return

    def still_there(self):
        """How many the server has not closed."""
        count = 0
        for each in self.sockets + self.slow:
            each.setblocking(False)
            try:
                count += each.recv(1) != b""
            except BlockingIOError:
                count += 1
            except OSError:
                pass
        return count

    def close(self):
        self.ended.set()
        self.thread.join()
        for each in self.sockets + self.slow:
            each.close()
