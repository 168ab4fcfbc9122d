"""An object of more than 2 GiB comes through in fixed memory, and as fast as it is read: no faster."""
import os
import pathlib
import random
import subprocess
import time

import support
from proxies import Listener, read_head
from s3_case import S3Case

BLOCK = random.Random(1).randbytes((4 << 20) + 1)
PATTERN = BLOCK * 2
IS_SANITIZED = any(name in support.EXECUTABLE.read_bytes() for name in (b"__asan_init", b"__tsan_init"))
LARGE_BYTES = (64 << 20 if IS_SANITIZED else 2 << 30) + 4097
GROWTH_MAX_KIB = 16 << 10
BUFFERS_MAX_BYTES = 32 << 20  # of both kernels' sockets, the pipe and the executable: what may be on its way
STILL_S = 0.5


class Source(Listener):
    """An S3 with one object, made as it goes: the same block again and again."""

    def __init__(self, case, size):
        self.size, self.sent, self.requests = size, 0, 0
        self.block = os.memfd_create("block")
        os.write(self.block, BLOCK)
        case.addCleanup(os.close, self.block)
        super().__init__(case)
        self.variables = support.s3_variables(f"http://127.0.0.1:{self.port}", "example")

    def handle(self, client):
        while read_head(client.makefile("rb"))[0]:
            self.requests += 1
            client.sendall(f'HTTP/1.1 200 OK\r\nContent-Length: {self.size}\r\nETag: "0"\r\n\r\n'.encode())
            while self.sent < self.size:
                at = self.sent % len(BLOCK)
                self.sent += os.sendfile(client.fileno(), self.block, at, min(len(BLOCK) - at, self.size - self.sent))


class Reader:
    """Takes what the executable writes, and compares it with what it should be."""

    def __init__(self, case, source):
        self.case, self.taken = case, 0
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [support.EXECUTABLE, "s3", "get", "s3://photos/large", "-o", "-"], env={**case.env, **source.variables},
            cwd=case.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=support.die_with_parent)
        case.addCleanup(self.stop)

    def take(self, until):
        while self.taken < until:
            piece = os.read(self.process.stdout.fileno(), min(1 << 20, until - self.taken))
            if not piece or not PATTERN.startswith(piece, self.taken % len(BLOCK)):
                self.case.fail(f"after {self.taken} bytes: {len(piece)} that are not those that were sent")
            self.taken += len(piece)

    def peak_kib(self):
        """Of the executable alone: ru_maxrss would count what it was before it became that."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])

    def finish(self):
        rest, err = self.process.communicate(timeout=support.TIMEOUT_S)
        self.case.assertEqual((rest, self.process.returncode, err), (b"", 0, b""))

    def stop(self):
        self.process.kill()
        self.process.communicate()


class Large(S3Case):
    def peak_of(self, size):
        """Measured while there is something left to write, so that it is still there."""
        source = Source(self, size)
        reader = Reader(self, source)
        reader.take(size - (1 << 18))
        peak = reader.peak_kib()
        reader.take(size)
        reader.finish()
        self.assertEqual(source.requests, 1)
        return peak

    def test_memory_does_not_grow_with_the_object(self):
        small, large = self.peak_of(1 << 20), self.peak_of(LARGE_BYTES)
        if not IS_SANITIZED:
            self.assertLess(large - small, GROWTH_MAX_KIB, f"KiB: {small}, {large}")

    def test_while_nobody_reads_nothing_is_fetched(self):
        source = Source(self, LARGE_BYTES)
        reader = Reader(self, source)
        reader.take(1 << 20)
        until, seen, since = time.monotonic() + support.TIMEOUT_S, -1, 0.0
        while time.monotonic() < until and (seen != source.sent or time.monotonic() - since < STILL_S):
            if seen != source.sent:
                seen, since = source.sent, time.monotonic()
            time.sleep(0.02)
        self.assertEqual(seen, source.sent, "it fetches on and on")
        self.assertLess(seen - reader.taken, BUFFERS_MAX_BYTES)
        reader.take(64 << 20)
        self.assertGreaterEqual(source.sent, 64 << 20)


if __name__ == "__main__":
    support.main()
