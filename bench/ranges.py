"""Would parallel ranges bring a large object sooner? One GET against four ranges of the same object at once, by curl, on a
MinIO of its own: straight, and over a line with 20 ms between question and answer whose connections start slowly as TCP's do
(ten segments, twice as much each round trip).

    python3 -B bench/ranges.py [--rounds N]          (after infra/setup.sh minio boto3)
"""
import argparse
import asyncio
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("MINIATURA_SOURCE_DIR", str(ROOT))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import servers  # noqa: E402
import support  # noqa: E402

SIZES = (("1 MB", 1_000_000), ("8 MB", 8_000_000), ("32 MB", 32_000_000), ("100 MB", 100_000_000))
ROUND_TRIP_S = 0.02
FIRST_WINDOW = 10 * 1460
PARTS = 4


class SlowLine(threading.Thread):
    """A line to `port` on this machine: half a round trip in each direction, and a window that doubles each round trip."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.target, self.port, self.loop = port, None, asyncio.new_event_loop()
        self.listening = threading.Event()
        self.start()
        self.listening.wait(support.TIMEOUT_S)

    def run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.connect, "127.0.0.1", 0, limit=1 << 20))
        self.port = server.sockets[0].getsockname()[1]
        self.listening.set()
        self.loop.run_forever()

    async def connect(self, reader, writer):
        await asyncio.sleep(ROUND_TRIP_S)  # the handshake
        there, back = await asyncio.open_connection("127.0.0.1", self.target, limit=1 << 20)
        await asyncio.gather(self.carry(reader, back), self.carry(there, writer), return_exceptions=True)

    async def carry(self, source, sink):
        window, left, renewed = FIRST_WINDOW, FIRST_WINDOW, self.loop.time()
        while chunk := await source.read(min(left, 1 << 18)):
            self.loop.call_later(ROUND_TRIP_S / 2, sink.write, chunk)
            left -= len(chunk)
            if left <= 0:
                await asyncio.sleep(max(0.0, renewed + ROUND_TRIP_S - self.loop.time()))
                window, renewed = min(2 * window, 1 << 24), self.loop.time()
                left = window
        self.loop.call_later(ROUND_TRIP_S / 2, sink.close)


def seconds(url, size, parts, scratch):
    each = -(-size // parts)
    arguments = []
    for part in range(parts):
        arguments += ["-r", f"{part * each}-{min(size, (part + 1) * each) - 1}", "-o", f"{scratch}/{part}", "-s", "-f", url, "--next"]
    start = time.perf_counter()
    subprocess.run(["curl", "-q", "--parallel", "--parallel-immediate", *arguments[:-1]], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    case = unittest.TestCase()  # what it started is stopped at the end, whatever happens
    case.dir = pathlib.Path(tempfile.mkdtemp(prefix="miniatura-bench-"))
    case.addCleanup(shutil.rmtree, case.dir)
    try:
        run(case, arguments.rounds)
    finally:
        case.doCleanups()


def run(case, rounds):
    _, variables = support.start_minio(case)
    boto = servers.boto(case, variables)
    port = int(variables["AWS_ENDPOINT_URL_S3"].rpartition(":")[2])
    slow = {**variables, "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{SlowLine(port).port}"}
    print(f"| line, object | one GET, ms | {PARTS} ranges, ms | ranges / one |\n|---|---|---|---|")
    for line, client in (("straight", boto), ("20 ms", servers.boto(case, slow))):
        for label, size in SIZES:
            boto.put_object(Bucket="photos", Key="k", Body=b"x" * size)
            url = client.generate_presigned_url("get_object", {"Bucket": "photos", "Key": "k"})
            seen = [[seconds(url, size, parts, case.dir) for parts in (1, PARTS)] for _ in range(rounds)]
            one, some = (1e3 * statistics.median(column) for column in zip(*seen))
            print(f"| {line}, {label} | {one:.0f} | {some:.0f} | {some / one:.2f} |", flush=True)


if __name__ == "__main__":
    main()
