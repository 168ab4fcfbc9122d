"""What the journal's commands cost on a large file: prints a Markdown table.

    python3 -B bench/journal.py --program build/release/miniatura [--rows N] [--runs N]
"""
import argparse
import json
import os
import pathlib
import random
import resource
import sqlite3
import statistics
import subprocess
import tempfile
import time

COMMANDS = (("list",), ("list", "--failed"), ("list", "--limit", "1000"), ("list", "--bucket", "none"), ("stats",))
EVENT = {"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                      "s3": {"bucket": {"name": "photos"}, "object": {"key": "gone.jpg"}}}]}
SOURCE = {"source_format": "jpeg", "source_width": 4000, "source_height": 3000, "source_bytes": 2_000_000,
          "source_orientation": 6, "source_colour_space": "rgb", "source_icc_profile": "Display P3",
          "source_camera_make": "Apple", "source_camera_model": "iPhone 15 Pro",
          "source_capture_time": "2026-10-01T12:00:00+02:00"}
ETAG = "d41d8cd98f00b204e9800998ecf8427e"


def event_row(i, rows, chance):
    row = {"id": i, "time": f"2026-10-{1 + 28 * i // (rows + 1):02}T{i % 24:02}:{i % 60:02}:00.{i % 1000:03}Z",
           "door": "lambda", "bucket": "photos", "key": f"uploads/2026/10/{i:08}.jpg", "version": "", "etag": ETAG,
           "outcome": "stored", "reason": None, "error_code": None, "error_message": None, "attempt": 1,
           "duration_ms": chance.expovariate(0.01), "download_ms": 1.0, "decode_ms": 30.0, "render_ms": 60.0,
           "upload_ms": 3.0, **SOURCE}
    if i % 10 == 0:
        row.update(outcome="failed", error_code="image.corrupt", error_message="JPEG breaks off after 12345 bytes",
                   **dict.fromkeys(SOURCE))
    return row


def fill(program, path, rows):
    """A journal as the program makes it, with so many events, a tenth of them failed, the others of two thumbnails."""
    for bucket in ("photos", "thumbs"):
        (path.parent / "store" / bucket).mkdir(parents=True)
    subprocess.run([program, "replay", "--store", f"file://{path.parent}/store", "--journal", path, "-"], check=True,
                   input=json.dumps(EVENT).encode(), stdout=subprocess.DEVNULL,
                   env={**os.environ, "MINIATURA_DEST": "s3://thumbs/"})
    chance = random.Random(1)
    events = [event_row(i, rows, chance) for i in range(1, rows + 1)]
    names = tuple(events[0])
    thumbnails = [(event["id"], preset, "thumbs", f"{event['key']}/{preset}.jpg", 600, 400, 30_000, "jpeg", ETAG)
                  for event in events if event["outcome"] == "stored" for preset in ("small", "card")]
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM events")
        database.executemany(f"INSERT INTO events ({','.join(names)}) VALUES ({','.join('?' * len(names))})",
                             [tuple(event.values()) for event in events])
        database.executemany(f"INSERT INTO thumbnails VALUES ({','.join('?' * 9)})", thumbnails)
    database.close()


def cost(command):
    """(wall ms, CPU ms) of a run, start included."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", required=True)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--runs", type=int, default=10)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "journal.db")
        fill(given.program, path, given.rows)
        print(f"{given.rows:,} events, {path.stat().st_size / 1e6:.0f} MB; {given.runs} runs each.\n")
        print("| median (max), the start included | wall ms | CPU ms |\n|---|---|---|")
        for command in (("--version",), *(("journal", *command, "--journal", path) for command in COMMANDS)):
            runs = [cost([given.program, *command]) for _ in range(given.runs + 1)][1:]  # one to warm up
            cells = [f"{statistics.median(values):.0f} ({max(values):.0f})" for values in zip(*runs)]
            print(f"| `{' '.join(map(str, command[:-2] if len(command) > 1 else command))}` | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
