"""What `miniatura serve` takes, how it stands a crowd, and what its work costs, jobs beside each other: on a directory store,
so that no S3 is measured.
"""
import argparse
import contextlib
import json
import pathlib
import statistics
import time

import pictures
import setting
from contenders import progress
from door_clients import DRIP_S, EVENT, Crowd, Disk, ask_anew, post_with_wrk
from door_place import Place, serving
from door_work import measure_backlog, measure_fairness, measure_ways, print_backlog, print_fairness, print_ways
from setting import median, table, verdict

CONNECTIONS = (1, 8, 64)
CROWD_GOAL_MS = 100
DISK = "4 KB + fdatasync"


def measure_accepting(seconds):
    """Of a bucket without a rule: working on an event, which goes on meanwhile, costs next to nothing."""
    seen = []
    for connections in CONNECTIONS:
        with Place() as place, contextlib.closing(Disk(place.dir)) as disk:
            floor = [disk.appends_per_second(seconds / 3)]
            serve = place.serve(2)
            posts = post_with_wrk(serve.port, serving.TOKEN, connections, seconds)
            left = serve.metrics()["miniatura_inbox_depth"]
            serve.stop()  # what is left of its work would use the disk
            floor.append(disk.appends_per_second(seconds / 3))
        seen.append({"connections": connections, "floor": floor, "left": left, **posts})
        progress(f"doors, {connections} connections: {posts['posts'] / posts['seconds']:.0f} a second")
    return seen


def print_accepting(seen):
    rows = []
    for of in seen:
        rate, floor = of["posts"] / of["seconds"], statistics.mean(of["floor"])
        rows.append([of["connections"], f"{rate:.0f}", f"{of['p50_ms']:.2f}", f"{of['p99_ms']:.2f}",
                     f"{of['floor'][0]:.0f}, {of['floor'][1]:.0f}", f"{rate / floor:.2f}",
                     f"{(of['posts'] - of['left']) / of['posts']:.0%}"])
    print(table([f"connections that post {EVENT.stat().st_size} bytes", "answered 200, a second", "p50, ms", "p99, ms",
                 "4 KB + fdatasync a second, before and after", "ratio", "worked on meanwhile"], rows))


def measure_crowd(idle, slow, asks):
    """Without and with it: ask to its times, the disk's own between them; and how many of the crowd the server kept."""
    seen, body = {}, EVENT.read_bytes()
    with Place() as place, contextlib.closing(Disk(place.dir)) as disk:
        serve = place.serve(2)
        for is_there in (False, True):
            with contextlib.ExitStack() as stack:
                crowd = stack.enter_context(contextlib.closing(Crowd(serve.port, idle * is_there, slow * is_there)))
                times = {"GET /healthz": [], "POST /events": [], DISK: []}
                for _ in range(asks):
                    times["GET /healthz"].append(ask_anew(serve.port, "GET", "/healthz"))
                    times["POST /events"].append(ask_anew(serve.port, "POST", "/events", body, serving.TOKEN))
                    times[DISK].append(disk.append_ms())
                    time.sleep(0.02)
                seen["with" if is_there else "without"] = {"ms": times, "kept": crowd.still_there()}
    progress(f"doors, a crowd: {seen['with']['kept']} of {idle + slow} connections kept")
    return seen


def print_crowd(seen, idle, slow):
    rows = []
    for name, of in seen.items():
        for ask, ms in of["ms"].items():
            rows.append([f"{ask}, {name} the crowd", f"{median(ms):.2f}", f"{sorted(ms)[len(ms) * 99 // 100]:.2f}",
                         f"{max(ms):.2f}" if ask == DISK else verdict(max(ms), CROWD_GOAL_MS)])
    print(table([f"{len(ms)} of each, on new connections", "p50, ms", "p99, ms", "max, ms"], rows))
    print(f"The crowd: {idle} connections that are silent after a request, {slow} that send a byte each {DRIP_S:g} s; the server "
          f"kept {seen['with']['kept']} of them.\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--corpus", default=pictures.DEFAULT_CORPUS, help="photographs (%(default)s)")
    arguments.add_argument("--events", type=int, default=80, help="of jobs and processes (%(default)s)")
    arguments.add_argument("--rounds", type=int, default=3, help="of these (%(default)s)")
    arguments.add_argument("--seconds", type=int, default=5, help="of posting at each number of connections (%(default)s)")
    arguments.add_argument("--quick-ones", type=int, default=200, help="beside a slow one (%(default)s)")
    arguments.add_argument("--backlog", type=int, default=2000, help="(%(default)s)")
    arguments.add_argument("--idle", type=int, default=1000, help="silent connections (%(default)s)")
    arguments.add_argument("--slow", type=int, default=50, help="dripping ones (%(default)s)")
    arguments.add_argument("--json", type=pathlib.Path, help="keep the numbers there")
    given = arguments.parse_args()

    print(f"Measured on {setting.machine()}; {setting.our_version()}; "
          f"{setting.first_line('wrk', '-v', pattern=r'wrk [^ ]+')}; {given.rounds} rounds.\n", flush=True)
    accepting = measure_accepting(given.seconds)
    print_accepting(accepting)
    crowd = measure_crowd(given.idle, given.slow, 200)
    print_crowd(crowd, given.idle, given.slow)
    ways = measure_ways(given.corpus, given.events, given.rounds)
    print_ways(ways, given.events)
    fairness = measure_fairness(given.corpus, given.quick_ones)
    print_fairness(fairness, given.quick_ones)
    backlog = measure_backlog((20, given.backlog), 20)
    print_backlog(backlog)
    if given.json:
        given.json.write_text(json.dumps({"accepting": accepting, "crowd": crowd, "ways": ways, "fairness": fairness,
                                          "backlog": backlog}))


if __name__ == "__main__":
    main()
