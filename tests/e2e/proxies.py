"""What may stand between the executable and a server: a line that breaks, and a proxy that writes down what it sees."""
import random
import socket
import struct
import threading
import time
import typing
import urllib.parse

import support

CHUNK_BYTES = 65_536
REFUSAL = "<Error><Code>InternalError</Code><Message>of the line</Message><RequestId>1</RequestId></Error>"


class Fault(typing.NamedTuple):
    """What happens to one request; nothing, as it stands."""
    request_bytes: typing.Optional[int] = None  # so many of the request's body are taken, then the line is cut
    answer_bytes: typing.Optional[int] = None  # so many of the answer's body are given, then `how`; -1: not even headers
    how: str = "cut"  # or reset, or stall: it goes on after a while
    status: int = 0  # what is answered in place of the server's own answer
    asks: bool = True  # whether the server gets the request at all
    then: typing.Optional[typing.Callable] = None  # called before the line is cut


class Listener:
    """Accepts on 127.0.0.1, and handles each connection in a thread until it closes or the test ends."""

    def __init__(self, case):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.clients = []
        thread = threading.Thread(target=self.accept, daemon=True)
        thread.start()
        case.addCleanup(thread.join)
        case.addCleanup(self.close)

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            self.clients.append(client)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client:
            try:
                self.handle(client)
            except OSError:
                pass  # the other side has gone

    def handle(self, client):
        raise NotImplementedError

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for client in self.clients:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def read_head(reader):
    """The first line and the headers in lower case, and all of it as it came; (None, …) at the end."""
    raw, line = b"", None
    while line not in (b"\r\n", b""):
        line = reader.readline()
        raw += line
    lines = raw.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)}
    return (lines[0] if raw else None), headers, raw


class BadLine(Listener):
    """Before the server that listens at `url`; `fault_of(method, path)` says what happens to each request."""

    def __init__(self, case, url, fault_of):
        self.upstream, self.fault_of, self.requests = urllib.parse.urlsplit(url), fault_of, []
        super().__init__(case)
        self.url = f"http://127.0.0.1:{self.port}"

    def handle(self, client):
        reader = client.makefile("rb")
        while True:
            first, headers, head = read_head(reader)
            if first is None:
                return
            method, path, _ = first.split(" ")
            self.requests.append((method, path, headers))
            fault, length = self.fault_of(method, path), int(headers.get("content-length", 0))
            if fault.request_bytes is not None and fault.request_bytes < length:
                reader.read(fault.request_bytes)
                return
            body = reader.read(length)
            if not self.answer(client, method, head + body, fault):
                return

    def answer(self, client, method, request, fault):
        """Whether the connection stays."""
        if not fault.asks:
            return self.refuse(client, fault)
        with socket.create_connection((self.upstream.hostname, self.upstream.port), support.TIMEOUT_S) as server:
            server.sendall(request)
            reader = server.makefile("rb")
            _, headers, head = read_head(reader)
            length = 0 if method == "HEAD" else int(headers.get("content-length", 0))
            if fault.status:
                reader.read(length)
                return self.refuse(client, fault)
            if fault.answer_bytes == -1:
                return False
            client.sendall(head)
            return self.relay(client, reader, length, fault)

    @staticmethod
    def refuse(client, fault):
        client.sendall(f"HTTP/1.1 {fault.status} Refused\r\nContent-Type: application/xml\r\n"
                       f"Content-Length: {len(REFUSAL)}\r\n\r\n{REFUSAL}".encode())
        return True

    @staticmethod
    def relay(client, reader, length, fault):
        given = 0
        until = length if fault.answer_bytes is None else min(fault.answer_bytes, length)
        while given < until:
            piece = reader.read(min(CHUNK_BYTES, until - given))
            client.sendall(piece)
            given += len(piece)
        if given == length:
            return True
        if fault.then:
            reader.read(length - given)  # MinIO lets nobody write to an object that it is giving out
            fault.then()
            return False
        if fault.how == "stall":
            time.sleep(0.3)
            while given < length:
                piece = reader.read(min(CHUNK_BYTES, length - given))
                client.sendall(piece)
                given += len(piece)
            return True
        if fault.how == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


class Weather:
    """Faults by chance, from a seed; never so many in a row that who tries four times, without progress, gives up."""

    SHORT_BYTES, LONG_BYTES = 1 << 20, 3 << 20

    def __init__(self, seed):
        self.random, self.in_a_row = random.Random(seed), 0

    def __call__(self, method, path):
        if self.in_a_row >= 2:
            self.in_a_row = 0
            return Fault(answer_bytes=self.random.randrange(self.SHORT_BYTES, self.LONG_BYTES))
        self.in_a_row += 1
        kind = self.random.randrange(6)
        if kind == 0:
            return Fault(status=self.random.choice([500, 503]), asks=False)
        if kind == 1:
            return Fault(request_bytes=0, answer_bytes=-1)
        how = self.random.choice(["cut", "reset", "stall"])
        return Fault(answer_bytes=self.random.randrange(self.SHORT_BYTES), how=how)


class Proxy(Listener):
    """An HTTP proxy: forwards, opens tunnels, and writes down (method, target, headers)."""

    def __init__(self, case, status=0):
        self.requests, self.status = [], status
        super().__init__(case)
        self.url = f"http://127.0.0.1:{self.port}"

    def targets(self):
        return [(method, target) for method, target, _ in self.requests]

    def handle(self, client):
        reader = client.makefile("rb")
        first, headers, head = read_head(reader)
        if first is None:
            return
        method, target, _ = first.split(" ")
        self.requests.append((method, target, headers))
        if self.status:
            client.sendall(f"HTTP/1.1 {self.status} No\r\nContent-Length: 2\r\n\r\nNo".encode())
        elif method == "CONNECT":
            self.tunnel(client, target)
        else:
            self.forward(client, target, head, reader.read(int(headers.get("content-length", 0))))

    @staticmethod
    def forward(client, target, head, body):
        url = urllib.parse.urlsplit(target)
        path = target.partition("://")[2].partition("/")[2]
        head = head.replace(target.encode(), b"/" + path.encode(), 1).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        with socket.create_connection((url.hostname, url.port), support.TIMEOUT_S) as server:
            server.sendall(head + body)
            copy(server, client)

    @staticmethod
    def tunnel(client, target):
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port)), support.TIMEOUT_S) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            up = threading.Thread(target=copy, args=(client, server), daemon=True)
            up.start()
            copy(server, client)
            up.join()


def copy(source, sink):
    """Until the source ends; tells the sink so."""
    try:
        while piece := source.recv(CHUNK_BYTES):
            sink.sendall(piece)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
