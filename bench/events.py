"""What whole events cost: download, thumbnails, upload, ours and a Node function's (sharp, AWS's SDK v3) in turn.

All under a Runtime API of the same kind, on the same MinIO, the same picture under a key of its own for each event.
Besides: a start, from exec to the first poll.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

import contenders
import pictures
import setting
from contenders import EXECUTABLE, PACKAGE, PEER, ROOT
from engine import FIVE
from runtime_api import Function
from setting import median, spread, table, verdict

os.environ.setdefault("MINIATURA_SOURCE_DIR", str(ROOT))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import support  # noqa: E402

OURS, PLAIN, CASCADE = "miniatura", "Node, a pipeline a preset", "Node, one decode"
STATIC = "miniatura, the package"  # where it was made (bench/run package)
PROGRAMS = {OURS: EXECUTABLE, **({STATIC: PACKAGE} if PACKAGE.exists() else {})}
NAMES = (*PROGRAMS, PLAIN, CASCADE)
STEPS = ("download", "decode", "render", "upload")
FIRST_POLL_GOAL = 1 / 10
PEAK_GOAL = 1 / 5


@dataclasses.dataclass
class Work:
    name: str
    kind: str  # large: baseline; progressive: the same picture
    presets: str
    cpu_goals: dict  # who is compared with, to the ratio's goal
    wall_goal: float = None


ONE = "w=256x256:jpeg"
WORKS = [
    Work("baseline, one preset", "large", ONE, {PLAIN: 0.35}, 0.45),
    Work("baseline, five presets", "large", FIVE, {PLAIN: 0.20, CASCADE: 0.40}),
    Work("progressive, one preset", "progressive", ONE, {PLAIN: 0.20}),
    Work("progressive, five presets", "progressive", FIVE, {PLAIN: 0.10}),
]


class Bench:
    """MinIO, a directory, and the environment to use them; all ended by `close`."""

    def __init__(self):
        self.case = unittest.TestCase()  # what it started is stopped at the end, whatever happens
        self.case.dir = self.dir = pathlib.Path(tempfile.mkdtemp(prefix="miniatura-events-"))
        self.case.addCleanup(shutil.rmtree, self.dir)
        self.close = self.case.doCleanups
        try:
            self.client, variables = support.start_minio(self.case)
        except BaseException:
            self.close()
            raise
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.dir), "AWS_EC2_METADATA_DISABLED": "true",
                    "MINIATURA_LOG_LEVEL": "info", **variables}

    def start(self, name, number, presets=ONE):
        """A function that stores into a bucket of its own."""
        bucket = f"to-{number}-{NAMES.index(name)}"
        log = self.dir / f"{bucket}.log"
        if name in PROGRAMS:
            return Function(name, [PROGRAMS[name], "lambda"], {
                **self.env, "MINIATURA_DEST": f"s3://{bucket}/", "MINIATURA_PRESETS": presets,
                "MINIATURA_JOURNAL": str(self.dir / f"{bucket}.db")}, log), bucket
        way = "parallel" if name == PLAIN else "cascade"
        return Function(name, ["node", PEER / "handler.mjs", way],
                        {**self.env, "PEER_PRESETS": presets, "PEER_BUCKET": bucket}, log), bucket


def measure_starts(bench, runs):
    """Who to (ms, VmHWM in kB) at the first poll, a pair a run."""
    seen = {OURS: [], PLAIN: []}
    for number in range(runs + 1):
        for name in seen:
            function, _ = bench.start(name, "start")
            seen[name].append((function.first_poll_ms, function.peak_kb()))
            function.stop()
    return {name: pairs[1:] for name, pairs in seen.items()}  # the first brings files into the page cache


def print_starts(seen):
    rows = [[name, spread(ms for ms, _ in pairs), spread(kb / 1024 for _, kb in pairs)] for name, pairs in seen.items()]
    ratio, memory = (median([our[at] / their[at] for our, their in zip(seen[OURS], seen[PLAIN])]) for at in (0, 1))
    rows.append(["ours / theirs", verdict(ratio, FIRST_POLL_GOAL), f"{memory:.2f}"])
    print(table([f"from exec to the first poll, median of {len(seen[OURS])} (least to most)", "ms", "VmHWM, MiB"], rows))


def measure_events(bench, number, work, picture, count):
    """Who to {"wall_ms": [...], "cpu_ms": [...], "peak_kb": …}; ours has its steps, too."""
    body = picture.path.read_bytes()
    keys = [f"{number}/{i:03}.jpg" for i in range(count + 1)]
    for key in keys:
        bench.client.put("photos", key, body)
    functions, seen = {}, {}
    try:
        for name in NAMES:
            function, bucket = bench.start(name, number, work.presets)
            functions[name] = function
            bench.client.make_bucket(bucket)
            seen[name] = {"wall_ms": [], "cpu_ms": [], "bucket": bucket}
        for turn, key in enumerate(keys):
            event = json.dumps(support.event(key, size=len(body))).encode()
            for name in list(functions)[::1 if turn % 2 else -1]:
                wall_ms, cpu_ms = functions[name].invoke(event)
                seen[name]["wall_ms"].append(wall_ms)
                seen[name]["cpu_ms"].append(cpu_ms)
        for name, of in seen.items():
            stored, wanted = len(bench.client.keys(of.pop("bucket"))), len(keys) * (work.presets.count(",") + 1)
            assert stored == wanted, f"{name} stored {stored} thumbnails, not {wanted}"
            of["wall_ms"], of["cpu_ms"] = of["wall_ms"][1:], of["cpu_ms"][1:]  # less the first: it warms up
            of["peak_kb"] = functions[name].peak_kb()
    finally:
        for function in functions.values():
            function.stop()
    seen[OURS]["steps"] = steps_of(functions[OURS].log)
    return seen


def steps_of(log):
    """Step to its CPU ms, medians."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith('{"level"')]
    timings = [line["events"][0]["timings"] for line in lines if line.get("stored") == 1][1:]
    return {step: median([timing[step]["cpu_ms"] for timing in timings]) for step in STEPS}


def ratio(seen, name, kind):
    return median([our / their for our, their in zip(seen[OURS][kind], seen[name][kind])])


def print_events(results):
    rows = []
    for work in WORKS:
        seen = results.get(work.name)
        if not seen:
            continue
        for name, of in seen.items():
            row = [f"{work.name}: {name}", spread(of["cpu_ms"]), spread(of["wall_ms"]), f"{of['peak_kb'] / 1024:.0f}"]
            if name in PROGRAMS:
                row += ["", "", ""]
            else:
                goal = work.cpu_goals.get(name)
                cpu, wall, peak = ratio(seen, name, "cpu_ms"), ratio(seen, name, "wall_ms"), seen[OURS]["peak_kb"] / of["peak_kb"]
                row += [verdict(cpu, goal) if goal else f"{cpu:.2f}",
                        verdict(wall, work.wall_goal) if work.wall_goal and name == PLAIN else f"{wall:.2f}",
                        verdict(peak, PEAK_GOAL) if name == PLAIN else f"{peak:.2f}"]
            rows.append(row)
    print(table(["event", "CPU, ms", "wall, ms", "VmHWM, MiB", "CPU, ours / theirs", "wall", "VmHWM"], rows))
    rows = [[name, *(f"{seen[OURS]['steps'][step]:.1f}" for step in STEPS)] for name, seen in results.items()]
    print("Ours by steps, CPU of the thread in ms:\n")
    print(table(["event", *STEPS], rows))


def megabytes(picture):
    return f"{picture.path.stat().st_size / 1e6:.1f} MB"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--corpus", default=pictures.DEFAULT_CORPUS, help="photographs (%(default)s)")
    arguments.add_argument("--photo", default="", help="a photograph with this in its name")
    arguments.add_argument("--events", type=int, default=15, help="of each (%(default)s)")
    arguments.add_argument("--starts", type=int, default=15, help="of each (%(default)s)")
    arguments.add_argument("--json", type=pathlib.Path, help="keep the numbers there")
    given = arguments.parse_args()

    photo = pictures.plain_one(pictures.of_works(given.corpus, given.photo)["large"])
    chosen = {"large": photo, "progressive": pictures.as_progressive(photo)}
    print(f"Measured on {setting.machine()}; {setting.our_version()}; {setting.peer_versions()}; {given.events} events of each "
          f"after one to warm up; {photo.name} of {photo.megapixels:.1f} megapixels, {megabytes(photo)} as a baseline and "
          f"{megabytes(chosen['progressive'])} as a progressive JPEG.\n", flush=True)
    bench = Bench()
    try:
        starts = measure_starts(bench, given.starts)
        print_starts(starts)
        results = {}
        for number, work in enumerate(WORKS):
            results[work.name] = measure_events(bench, number, work, chosen[work.kind], given.events)
            contenders.progress(f"events, {work.name}: " + ", ".join(
                f"{name} {median(of['cpu_ms']):.1f}" for name, of in results[work.name].items()) + " ms")
        print_events(results)
    finally:
        bench.close()
    if given.json:
        given.json.write_text(json.dumps({"starts": starts, "events": results}))


if __name__ == "__main__":
    main()
