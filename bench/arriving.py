"""What does it bring to decode a picture while it arrives, and not to fetch what is not needed? Events of one picture each, on
a MinIO of its own behind a line of so many megabytes a second, whose bytes are counted.

    python3 -B bench/arriving.py --program build/release/miniatura FILE…      (after infra/setup.sh minio boto3)
"""
import argparse
import asyncio
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("MINIATURA_SOURCE_DIR", str(ROOT))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import support  # noqa: E402

RATES_MB_S = (5, 20, 80)
PORTION = 16384


class CountedLine(threading.Thread):
    """A line to `port` on this machine that carries `rate` bytes a second back, and counts them."""

    def __init__(self, port, rate):
        super().__init__(daemon=True)
        self.target, self.rate, self.carried = port, rate, 0
        self.loop, self.listening = asyncio.new_event_loop(), threading.Event()
        self.start()
        self.listening.wait(support.TIMEOUT_S)

    def run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.connect, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self.listening.set()
        self.loop.run_forever()

    async def connect(self, reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", self.target, limit=PORTION)
        await asyncio.gather(self.carry(reader, back, None), self.carry(there, writer, self.rate), return_exceptions=True)
        writer.close()
        back.close()

    async def carry(self, source, sink, rate):
        due = self.loop.time()
        while chunk := await source.read(PORTION):
            if rate:
                due = max(due, self.loop.time() - 0.01) + len(chunk) / rate
                await asyncio.sleep(max(0.0, due - self.loop.time()))
                self.carried += len(chunk)
            sink.write(chunk)
            await sink.drain()
        sink.close()


def event_ms(program, env, key):
    """(whole, decode and render) of one event, as its log line has them."""
    done = subprocess.run([program, "replay", "--isolation", "none", "-"], input=json.dumps(support.event(key)), text=True,
                          capture_output=True, check=True, env={**env, "MINIATURA_LOG_LEVEL": "info"})
    line = next(json.loads(line) for line in done.stderr.splitlines() if '"timings"' in line)
    timings = line["events"][0]["timings"]
    return timings["total"]["wall_ms"], timings["decode"]["wall_ms"] + timings["render"]["wall_ms"]


def run(case, program, files, rounds, presets):
    client, variables = support.start_minio(case)
    port = int(variables["AWS_ENDPOINT_URL_S3"].rpartition(":")[2])
    base = {**variables, "PATH": os.environ["PATH"], "HOME": str(case.dir), "MINIATURA_DEST": "s3://thumbs/",
            "MINIATURA_PRESETS": presets, "MINIATURA_JOURNAL": "none"}
    print(f"Presets `{presets}`.\n\n| picture, MB | line, MB/s | fetched | event, ms | download, then the rest, ms | saved |\n"
          "|---|---|---|---|---|---|")
    for file in map(pathlib.Path, files):
        body = file.read_bytes()
        for rate in RATES_MB_S:
            wholes, fetched, alone = [], [], []
            for round_ in range(rounds):
                key = f"{rate}-{round_}-{file.name}"
                client.put("photos", key, body)
                client.put("photos", "alone-" + key, body)
                _, rest = event_ms(program, base, "alone-" + key)
                alone.append(rest)
                line = CountedLine(port, rate * 1e6)
                whole, _ = event_ms(program, {**base, "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{line.port}"}, key)
                wholes.append(whole)
                fetched.append(min(line.carried / len(body), 1))
            event, after = statistics.median(wholes), len(body) / rate / 1e3 + statistics.median(alone)
            print(f"| {file.name}, {len(body) / 1e6:.1f} | {rate} | {statistics.median(fetched):.0%} | {event:.0f} | {after:.0f} | "
                  f"{after - event:.0f} ms |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--presets", default="small=256x256")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    case = unittest.TestCase()  # what it started is stopped at the end, whatever happens
    case.dir = pathlib.Path(tempfile.mkdtemp(prefix="miniatura-bench-"))
    case.addCleanup(shutil.rmtree, case.dir)
    try:
        run(case, arguments.program, arguments.files, arguments.rounds, arguments.presets)
    finally:
        case.doCleanups()


if __name__ == "__main__":
    main()
