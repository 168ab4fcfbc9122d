"""What walled-in workers cost: `replay` with --isolation process and none in turn, of one event, and of many; prints a
Markdown table. An event's cost is the difference of the two, so that a start is not in it.

    python3 -B bench/isolation.py --program build/release/miniatura [--events N] [--runs N]
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

PHOTOS = pathlib.Path(__file__).resolve().parents[1] / "infra/demo/photos"
PICTURES = (("start and one event", "sunset.webp", 0), ("an event, a WebP of 0.2 MB", "sunset.webp", 1),
            ("an event, a JPEG of 13 megapixels, 1.9 MB", "cairn.jpg", 1))
ISOLATIONS = ("none", "process")


def event(key):
    return json.dumps({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                                    "s3": {"bucket": {"name": "photos"}, "object": {"key": key}}}]}) + "\n"


def cost(program, directory, isolation, picture, count):
    """(wall ms, CPU ms) of a run on so many events of the picture, workers included."""
    thumbs = directory / "thumbs"
    shutil.rmtree(thumbs, ignore_errors=True)
    thumbs.mkdir()
    keys = [f"{i}{pathlib.Path(picture).suffix}" for i in range(count)]
    for key in keys:
        shutil.copy(PHOTOS / picture, directory / "photos" / key)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([program, "replay", "--isolation", isolation, "-"], check=True, stdout=subprocess.DEVNULL,
                   input="".join(map(event, keys)).encode(),
                   env={**os.environ, "MINIATURA_STORE": f"file://{directory}", "MINIATURA_JOURNAL": "none",
                        "MINIATURA_DEST": "s3://thumbs/", "MINIATURA_PRESETS": "small=256x256:jpeg,card=600x400:webp:cover"})
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--program", required=True)
    options.add_argument("--events", type=int, default=10)
    options.add_argument("--runs", type=int, default=20)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        (directory / "photos").mkdir()
        print(f"{given.runs} runs of each, in turn; events in runs of {given.events}; medians.\n")
        print("| | none, wall ms | process, wall ms | none, CPU ms | process, CPU ms |\n|---|---|---|---|---|")
        for what, picture, is_event in PICTURES:
            seen = {isolation: [] for isolation in ISOLATIONS}
            for _ in range(given.runs):
                for isolation in ISOLATIONS:
                    one = cost(given.program, directory, isolation, picture, 1)
                    if is_event:
                        many = cost(given.program, directory, isolation, picture, 1 + given.events)
                        one = [(m - o) / given.events for m, o in zip(many, one)]
                    seen[isolation].append(one)
            medians = [statistics.median(run[kind] for run in seen[isolation]) for kind in (0, 1) for isolation in ISOLATIONS]
            print(f"| {what} | " + " | ".join(f"{value:.1f}" for value in medians) + " |")


if __name__ == "__main__":
    main()
