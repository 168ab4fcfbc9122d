"""What happens behind the door: jobs and processes, a slow picture beside quick ones, a backlog."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import time

import pictures
from contenders import progress
from door_clients import Poster
from door_place import PRESETS, Place, deliveries, serving, support, wait_until_empty
from process_tree import Tree
from setting import median, spread, table, verdict

FLAT_GOAL = 1.10
FAIR_GOAL = 2.0
BACKLOG_GOAL = 1.10
# AVIFs of the whole picture, one after the other: some ten seconds of a core.
BIG_PRESETS = {f"big{i}": {"width": 4200, "height": 4200, "format": "avif", "quality": 84 + i} for i in range(6)}
QUICK_PRESETS = {"small": PRESETS["small"]}
BURST_CONNECTIONS = 32
WARM = [f"warm/{i}.jpg" for i in range(8)]


# Jobs and processes.

def different_photographs(folder, corpus, count):
    """As many files, each of other bytes: a number behind the picture's end."""
    paths = [picture.path for picture in pictures.all_of(corpus)]
    made = []
    for i in range(count):
        path = paths[i % len(paths)]
        made.append(folder / f"{i:04}{path.suffix}")
        made[-1].write_bytes(path.read_bytes() + i.to_bytes(4, "big"))
    return made


def replay(place, log):
    """Answers each line of an event with one."""
    with open(log, "wb") as errors:
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(support.EXECUTABLE), "replay", "--jobs", "1", "-"], env=place.env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=errors, text=True)

    def end():
        process.stdin.close()
        process.wait()
        process.stdout.close()

    place.addCleanup(end)
    return process


def by_replay(place, shares):
    """What by_serve() gives, of a `replay --jobs 1` for each list of keys."""
    runs = [replay(place, place.dir / f"replay{number}.log") for number in range(len(shares))]

    def feed(lists):
        for run, keys in zip(runs, lists):
            run.stdin.write("".join(json.dumps(support.event(key)) + "\n" for key in keys))
            run.stdin.flush()
        for run, keys in zip(runs, lists):
            for key in keys:
                reply = json.loads(run.stdout.readline())
                assert reply["stored"] == 1, (key, reply)

    feed([[key] for key in WARM[:len(runs)]])
    tree = Tree(*(run.pid for run in runs))
    before, start = tree.cpu_by_process(), time.perf_counter()
    feed(shares)
    return time.perf_counter() - start, tree.cpu_s_since(before), tree.peak_mib()


def by_serve(place, keys, processes, jobs):
    """(s from the first event's coming to the last one's end, CPU s of all processes, MiB), less what starts and warms up."""
    serves = [place.serve(jobs, name=f"serve{number}") for number in range(processes)]
    with contextlib.closing(Poster(serves[0].port, serving.TOKEN)) as poster:
        for key in WARM:
            poster.post(support.event(key))
        wait_until_empty(serves[0])
        tree = Tree(*(serve.process.pid for serve in serves))
        before = tree.cpu_by_process()
        ids = [poster.post(support.event(key)) for key in keys]
        wait_until_empty(serves[0])
        cpu_s, peak_mib = tree.cpu_s_since(before), tree.peak_mib()
    times = deliveries(place, ids)
    return (max(done for _, done in times) - min(came for came, _ in times)) / 1000, cpu_s, peak_mib


WAYS = {
    "`replay --jobs 1`": lambda place, keys: by_replay(place, [keys]),
    "two of these at once, half of the events each": lambda place, keys: by_replay(place, [keys[::2], keys[1::2]]),
    "`serve --jobs 1`": lambda place, keys: by_serve(place, keys, 1, 1),
    "`serve --jobs 2`": lambda place, keys: by_serve(place, keys, 1, 2),
    "`serve --jobs 4`": lambda place, keys: by_serve(place, keys, 1, 4),
    "2 processes of `serve --jobs 1`": lambda place, keys: by_serve(place, keys, 2, 1),
    "3 processes of `serve --jobs 1`": lambda place, keys: by_serve(place, keys, 3, 1),
}
FLAT = list(WAYS)[2:]  # compared with the first of them


def measure_ways(corpus, count, rounds):
    """Way to {"wall_s", "cpu_ms" (of an event), "peak_mib"}, a value a round; the ways in turn."""
    seen = {name: {"wall_s": [], "cpu_ms": [], "peak_mib": []} for name in WAYS}
    with tempfile.TemporaryDirectory(prefix="miniatura-doors-") as folder:
        photographs = different_photographs(pathlib.Path(folder), corpus, count)
        for number in range(rounds):
            for name, way in list(WAYS.items())[::-1 if number % 2 else 1]:
                with Place() as place:
                    for path in photographs:
                        place.link(path.name, path)
                    for key in WARM:
                        place.link(key, support.PHOTO)
                    wall_s, cpu_s, peak_mib = way(place, [path.name for path in photographs])
                for kind, value in (("wall_s", wall_s), ("cpu_ms", cpu_s * 1000 / count), ("peak_mib", peak_mib)):
                    seen[name][kind].append(value)
                progress(f"doors, {name}: {wall_s:.1f} s, {cpu_s * 1000 / count:.1f} ms of CPU an event")
    return seen


def print_ways(seen, count):
    rows = []
    for name, of in seen.items():
        ratio = median([ours / one for ours, one in zip(of["cpu_ms"], seen[FLAT[0]]["cpu_ms"])])
        rows.append([name, f"{median(of['wall_s']):.1f}", spread(of["cpu_ms"]),
                     verdict(ratio, FLAT_GOAL) if name in FLAT[1:] else f"{ratio:.2f}", f"{median(of['peak_mib']):.0f}"])
    print(table([f"{count} photographs, two presets", "wall, s", "CPU an event, ms", f"against {FLAT[0]}",
                 "peak, MiB"], rows))


# A slow picture beside quick ones.

def post_at_once(port, keys):
    """Over many connections: one alone posts no faster than two jobs work, and it would be its pace that is measured."""
    def post(key):
        with contextlib.closing(Poster(port, serving.TOKEN)) as poster:
            return poster.post(support.event(key))

    with concurrent.futures.ThreadPoolExecutor(BURST_CONNECTIONS) as pool:
        return list(pool.map(post, keys))


def post_and_wait(poster, key):
    event_id = poster.post(support.event(key))
    while poster.state(event_id) != "done":
        time.sleep(0.005)
    return event_id


def send(place, with_big, count, is_burst):
    """{"inbox_ms", "journal_ms"} of each of the quick ones, and the slow one's "big_s", 0 without."""
    serve = place.serve(2)
    with contextlib.closing(Poster(serve.port, serving.TOKEN)) as poster:
        for key in WARM:
            poster.post(support.event(key))
        serve.wait_until_empty()
        bigs = [poster.post(support.event("big/a.jpg"))] if with_big else []
        time.sleep(0.5)  # it is in hand
        keys = [f"quick/{i}.jpg" for i in range(count)]
        ids = post_at_once(serve.port, keys) if is_burst else [post_and_wait(poster, key) for key in keys]
        wait_until_empty(serve)
    times, slow = deliveries(place, ids), deliveries(place, bigs)
    last = max(done for _, done in times)
    assert all(done > last for _, done in slow), "the slow picture was done before the quick ones"
    with contextlib.closing(sqlite3.connect(place.dir / "journal.db")) as journal:
        durations = [ms for ms, in journal.execute("SELECT duration_ms FROM events WHERE key LIKE 'quick/%'")]
    return {"inbox_ms": [done - came for came, done in times], "journal_ms": durations,
            "big_s": sum(done - came for came, done in slow) / 1000}


def measure_fairness(corpus, count):
    largest = max(pictures.all_of(corpus), key=lambda picture: picture.megapixels)
    seen = {}
    for name, is_burst in (("one after the other", False), ("all at once", True)):
        seen[name] = {}
        for beside in ("alone", "beside it"):
            with Place({"big/": BIG_PRESETS, "": QUICK_PRESETS}, limits={"cpu_ms": 120_000, "decoded_bytes": 2 << 30}) as place:
                place.link("big/a.jpg", largest.path)
                for key in (*WARM, *(f"quick/{i}.jpg" for i in range(count))):
                    place.link(key, support.PHOTO)
                seen[name][beside] = send(place, beside != "alone", count, is_burst)
        progress(f"doors, quick ones {name}: a slow one of {seen[name]['beside it']['big_s']:.1f} s")
    return seen


def print_fairness(seen, count):
    rows = []
    for name, of in seen.items():
        alone, beside = of["alone"], of["beside it"]
        for what, kind in (("from its coming to done", "inbox_ms"), ("the journal's duration", "journal_ms")):
            ratio = median(beside[kind]) / median(alone[kind])
            rows.append([f"{name}: {what}", f"{median(alone[kind]):.1f}", f"{median(beside[kind]):.1f}",
                         verdict(ratio, FAIR_GOAL), f"{beside['big_s']:.1f}"])
    print(table([f"{count} quick pictures, `serve --jobs 2`", "alone, median ms", "beside a slow one, median ms", "ratio",
                 "the slow one took, s"], rows))


# A backlog.

def measure_backlog(counts, seconds):
    """A count of events to {"peak_mib", "depth" of the inbox then, "done"}."""
    seen = {}
    for count in counts:
        with Place() as place:
            for i in range(count):
                place.link(f"{i}.jpg", support.LARGE_PHOTO)
            serve = place.serve(4)
            with contextlib.closing(Poster(serve.port, serving.TOKEN)) as poster:
                start = time.monotonic()
                for i in range(count):
                    poster.post(support.event(f"{i}.jpg", size=os.path.getsize(support.LARGE_PHOTO)))
            depth_max = depth = serve.metrics()["miniatura_inbox_depth"]
            while depth > 0 and time.monotonic() < start + seconds:
                time.sleep(0.2)
                depth = serve.metrics()["miniatura_inbox_depth"]
            seen[count] = {"peak_mib": Tree(serve.process.pid).peak_mib(), "depth": depth_max, "done": count - depth}
        progress(f"doors, a backlog of {count}: {seen[count]['peak_mib']:.0f} MiB")
    return seen


def print_backlog(seen):
    least = seen[min(seen)]["peak_mib"]
    rows = [[f"{count:,}", f"{of['depth']:.0f}", f"{of['done']:.0f}", f"{of['peak_mib']:.0f}",
             verdict(of["peak_mib"] / least, BACKLOG_GOAL) if count != min(seen) else ""] for count, of in seen.items()]
    print(table(["events of 13 megapixels, `serve --jobs 4`", "waiting when all had come", "done", "peak of all processes, MiB",
                 f"against {min(seen)}"], rows))
