"""The measurements of bench/run.sh: start and idle memory, and what an event costs."""
import argparse
import json
import os
import pathlib
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("MINIATURA_SOURCE_DIR", str(ROOT))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import support  # noqa: E402

PHOTO = ROOT / "infra/demo/photos/cairn.jpg"
PRESETS = "small=256x256:jpeg,card=600x400:webp:cover"
STEPS = ("download", "decode", "render", "upload")
TIMEOUT_S = 60


# Start: from exec to the first GET /next, as the Runtime API sees it.

def first_poll(command, env):
    """(ms, VmHWM in kB) at the moment of the first poll; the process is killed then."""
    with socket.create_server(("127.0.0.1", 0)) as api:
        api.settimeout(TIMEOUT_S)
        address = f"127.0.0.1:{api.getsockname()[1]}"
        start = time.perf_counter()
        with subprocess.Popen(command, env={**env, "AWS_LAMBDA_RUNTIME_API": address}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                connection, _ = api.accept()
                request = connection.recv(65536)
                took_ms = (time.perf_counter() - start) * 1000
                if not request.startswith(b"GET /2018-06-01/runtime/invocation/next"):
                    raise AssertionError(f"{command}: the first request is {request[:80]!r}")
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                connection.close()
            finally:
                process.kill()
    return took_ms, int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def spread(values, unit):
    """median (min to max)"""
    return f"{statistics.median(values):.1f} {unit} ({min(values):.1f} to {max(values):.1f})"


def measure_start(ours, peer, env, runs):
    first_poll(ours, env), first_poll(peer, env)  # files come into the page cache
    ours_seen, peer_seen = [], []
    for _ in range(runs):  # one after the other, so that both see the same machine
        ours_seen.append(first_poll(ours, env))
        peer_seen.append(first_poll(peer, env))
    print("| from exec to the first poll, median (min to max) | time | memory (VmHWM) |\n|---|---|---|")
    for name, seen in (("miniatura", ours_seen), ("Node, sharp, AWS SDK", peer_seen)):
        print(f"| {name} | {spread([ms for ms, _ in seen], 'ms')} | {spread([kb / 1024 for _, kb in seen], 'MiB')} |")
    ratios = [statistics.median(column) for column in zip(*(
        (theirs[0] / our[0], theirs[1] / our[1]) for our, theirs in zip(ours_seen, peer_seen)))]
    print(f"| ratio, median of the {runs} pairs | {ratios[0]:.1f} | {ratios[1]:.1f} |\n")


# Events: the same picture under as many keys, one after the other in one process.

class Place:
    """Where the pictures are; `keys` of them, the first for warming up."""

    def __init__(self, name, env, peer_root, put):
        self.name, self.env, self.peer_root = name, env, peer_root
        self.put = put


def cpu_of(command, env, directory):
    """Runs it; (the whole process's CPU in ms, stdout, stderr)."""
    with open(directory / "out", "w+b") as out, open(directory / "err", "w+b") as err:
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(word) for word in command], env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    if process.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {process.returncode}: {texts[1][-500:]}")
    return (usage.ru_utime + usage.ru_stime) * 1000, *texts


def measure_ours(ours, place, keys, directory):
    """Per step lists of (wall, cpu) and the whole process's CPU per event, less what an empty run takes."""
    env = {**place.env, "MINIATURA_LOG_LEVEL": "info"}
    empty, events = directory / "empty.json", directory / "events.jsonl"
    empty.write_text('{"Records":[]}')
    events.write_text("".join(json.dumps(support.event(key, size=PHOTO.stat().st_size)) + "\n" for key in keys))
    idle_ms, _, _ = cpu_of([ours, "replay", empty], env, directory)
    total_ms, _, log = cpu_of([ours, "replay", events], env, directory)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{"level"')]
    timings = [line["events"][0]["timings"] for line in lines if line.get("stored") == 1]
    assert len(timings) == len(keys), f"{len(timings)} of {len(keys)} events were stored"
    return timings[1:], (total_ms - idle_ms) / len(keys)


def measure_peer(peer, place, keys, directory):
    _, out, _ = cpu_of([*peer, "events", place.peer_root, *keys], place.env, directory)
    return [json.loads(line) for line in out.splitlines()][1:]


def print_events(place, timings, process_cpu_ms, peer):
    def median(step, kind):
        return statistics.median(timing[step][kind] for timing in timings)

    print(f"| {place.name}, median | wall ms | CPU ms |\n|---|---|---|")
    for step in STEPS:
        print(f"| {step} | {median(step, 'wall_ms'):.1f} | {median(step, 'cpu_ms'):.1f} |")
    peer_wall, peer_cpu = (statistics.median(line[kind] for line in peer) for kind in ("wall_ms", "cpu_ms"))
    wall = median("total", "wall_ms")
    print(f"| **miniatura, the whole event** | {wall:.1f} | {process_cpu_ms:.1f} (process) |")
    print(f"| **Node, sharp, AWS SDK** | {peer_wall:.1f} | {peer_cpu:.1f} (process) |")
    print(f"| ratio | {peer_wall / wall:.1f} | {peer_cpu / process_cpu_ms:.1f} |\n")


def measure_events(ours, peer, place, count, directory):
    keys = [f"{i:03}.jpg" for i in range(count + 1)]
    body = PHOTO.read_bytes()
    for key in keys:
        place.put("photos", key, body)
    timings, process_cpu_ms = measure_ours(ours, place, keys, directory)
    print_events(place, timings, process_cpu_ms, measure_peer(peer, place, keys, directory))


def directory_place(env, directory):
    store = directory / "store"
    for bucket in ("photos", "thumbs", "peer"):
        (store / bucket).mkdir(parents=True)
    return Place("directory store", {**env, "MINIATURA_STORE": f"file://{store}"}, store,
                 lambda bucket, key, body: (store / bucket / key).write_bytes(body))


def first_line(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]


def print_setting(ours, peer, runs, events):
    packages = json.loads((pathlib.Path(peer).parent / "package-lock.json").read_text())["packages"]
    versions = ", ".join(f"{name} {packages['node_modules/' + name]['version']}"
                         for name in ("sharp", "@aws-sdk/client-s3"))
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    print(f"Measured on {time.strftime('%Y-%m-%d')}: {os.cpu_count()} cores of {model}, Linux {platform.release()}; "
          f"{first_line(ours, '--version')} (release, {os.path.getsize(ours) / 1e6:.1f} MB, dynamic); Node "
          f"{first_line('node', '--version')}, {versions}. {runs} starts of each, alternating; {events} events of each "
          f"after one to warm up, a 13-megapixel JPEG of {PHOTO.stat().st_size / 1e6:.1f} MB, presets `{PRESETS}`.\n")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--executable", required=True)
    arguments.add_argument("--peer", required=True)
    arguments.add_argument("--runs", type=int, default=20)
    arguments.add_argument("--events", type=int, default=20)
    given = arguments.parse_args()
    ours, peer = given.executable, [shutil.which("node"), given.peer]

    case = unittest.TestCase()  # what it started is stopped at the end, whatever happens
    case.dir = pathlib.Path(tempfile.mkdtemp(prefix="miniatura-bench-"))
    case.addCleanup(shutil.rmtree, case.dir)
    env = {"PATH": os.environ["PATH"], "HOME": str(case.dir), "MINIATURA_DEST": "s3://thumbs/",
           "MINIATURA_PRESETS": PRESETS, "MINIATURA_JOURNAL": str(case.dir / "journal.db"), "AWS_REGION": "us-east-1",
           "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    try:
        print_setting(ours, given.peer, given.runs, given.events)
        measure_start([ours, "lambda"], [*peer, "start"], env, given.runs)
        measure_events(ours, peer, directory_place(env, case.dir), given.events, case.dir)
        client, variables = support.start_minio(case)
        client.make_bucket("peer")
        measure_events(ours, peer, Place("MinIO on this machine", {**env, **variables}, "s3:", client.put),
                       given.events, case.dir)
    finally:
        case.doCleanups()


if __name__ == "__main__":
    main()
