"""From exec to the first poll of Lambda's Runtime API: the package, the dynamic build and a Node function in turn, under
bench_start, with programs that do nothing as the floor; and what of it is left: system calls, page faults, instructions.
"""
import collections
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys

import contenders
from contenders import EXECUTABLE, PEER, ROOT
from link_map import Libraries
from runtime_api import Function
from setting import median, spread, table, verdict

START, FLOOR = (ROOT / "build/release" / name for name in ("bench_start", "bench_floor"))
POLL_GOAL_MS, RATIO_GOAL, PEAK_GOAL_MB = 3, 1 / 100, 15
A_FLOOR, PACKAGE, DYNAMIC, NODE = "a static program that polls, no more", "the package", "the dynamic release build", "Node"
NOTHING, PACKAGE_VERSION, DYNAMIC_VERSION = "an empty static program", "the package, `--version`", "dynamic, `--version`"


@dataclasses.dataclass
class Starter:
    what: str  # poll, exit
    words: list


def starters(package):
    return {
        A_FLOOR: Starter("poll", [FLOOR]),
        PACKAGE: Starter("poll", [package, "lambda"]),
        DYNAMIC: Starter("poll", [EXECUTABLE, "lambda"]),
        NODE: Starter("poll", [shutil.which("node"), PEER / "handler.mjs", "parallel"]),
        NOTHING: Starter("exit", [FLOOR]),
        PACKAGE_VERSION: Starter("exit", [package, "--version"]),
        DYNAMIC_VERSION: Starter("exit", [EXECUTABLE, "--version"]),
    }


def variables(folder):
    """What a function has in Lambda; nobody is asked before the first event."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "MINIATURA_DEST": "s3://thumbs/",
            "MINIATURA_JOURNAL": f"{folder}/journal.db", "PEER_PRESETS": "w=256x256:jpeg", "PEER_BUCKET": "thumbs"}


def measure_starts(package, folder, runs):
    """Starter's name to [what bench_start says], one a run, all in turn."""
    wanted = starters(package)
    seen = {name: [] for name in wanted}
    environment = [f"{name}={value}" for name, value in variables(folder).items()]
    with contenders.Server(START) as server:
        for number in range(runs + 1):
            for name in list(wanted)[::1 if number % 2 else -1]:
                starter = wanted[name]
                seen[name].append(server.ask(starter.what, folder / "start.log", *environment, *starter.words))
    contenders.progress("package, starts: " + ", ".join(f"{name} {median([of['ms'] for of in runs_of[1:]]):.1f}"
                                                        for name, runs_of in seen.items()) + " ms")
    return {name: of[1:] for name, of in seen.items()}  # the first brings files into the page cache


def print_starts(seen):
    def row(name):
        of = seen[name]
        cells = [spread([run[what] for run in of], 2) for what in ("ms", "cpu_ms")]
        if "peak_kb" in of[0]:
            cells.append(spread([run["peak_kb"] / 1024 for run in of]))
            cells.append(f"{median([run['anonymous_kb'] / 1024 for run in of]):.1f}")
        return [name, *cells, f"{median([run['minor_faults'] for run in of]):.0f}"]

    head, memory = ["ms", "CPU, ms"], ["VmHWM, MiB", "of it anonymous, MiB"]
    ours, theirs = seen[PACKAGE], seen[NODE]
    ratios = {what: median([our[what] / their[what] for our, their in zip(ours, theirs)]) for what in ("ms", "cpu_ms", "peak_kb")}
    rows = [row(name) for name in (A_FLOOR, PACKAGE, DYNAMIC, NODE)]
    rows.append(["the package / Node", verdict(ratios["ms"], RATIO_GOAL, 4), f"{ratios['cpu_ms']:.4f}",
                 f"{ratios['peak_kb']:.2f}", "", ""])
    rows.append(["the package, against its goals", verdict(median([run["ms"] for run in ours]), POLL_GOAL_MS), "",
                 verdict(median([run["peak_kb"] * 1024 / 1e6 for run in ours]), PEAK_GOAL_MB) + " (MB)", "", ""])
    print(table([f"from exec to the first poll, median of {len(ours)} (least to most)", *head, *memory, "page faults"], rows))
    print(table(["from exec to the end", *head, "page faults"], [row(name) for name in (NOTHING, PACKAGE_VERSION, DYNAMIC_VERSION)]))


def system_calls(starter, folder):
    """Name to count, up to the first poll, of all threads."""
    trace = folder / "trace.txt"
    function = Function("strace", ["strace", "-f", "-qq", "-s", "64", "-o", trace, *starter.words], variables(folder),
                        folder / "strace.log")
    function.stop()
    calls = collections.Counter()
    for line in trace.read_text(errors="replace").splitlines():
        match = re.match(r"\d+ +(\w+)\(", line)
        if match:
            calls[match[1]] += 1
        if "/runtime/invocation/next" in line:
            return calls
    raise AssertionError(f"strace saw no poll: {trace}")


def instructions(package, map_file, folder):
    """Library to the instructions of `--version`; what is nobody's is valgrind's own or the kernel's page."""
    kept = folder / "callgrind.out"
    subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={kept}", "--compress-strings=no",
                    "--compress-pos=no", str(package), "--version"], check=True, capture_output=True)
    libraries = Libraries(pathlib.Path(map_file).read_text(errors="replace"))
    counts, library, is_inclusive = collections.Counter(), None, False
    for line in kept.read_text().splitlines():
        if line.startswith("fn="):
            address = re.match(r"fn=0x([0-9a-f]+)", line)
            library = libraries.at(int(address[1], 16)) if address else None
        elif line.startswith("calls="):
            is_inclusive = True  # the next line is the callee's cost, which stands with the callee
        elif re.match(r"\d+ \d+$", line):
            if not is_inclusive:
                counts[library or "nobody"] += int(line.split()[1])
            is_inclusive = False
    return counts


def measure_rest(package, map_file, folder):
    """What can be counted, whatever else the machine does; None where the tool is not there."""
    wanted = starters(package)
    rest = {"calls": None, "instructions": None}
    if shutil.which("strace"):
        rest["calls"] = {name: dict(system_calls(wanted[name], folder)) for name in (A_FLOOR, PACKAGE, DYNAMIC, NODE)}
    if shutil.which("valgrind"):
        rest["instructions"] = dict(instructions(package, map_file, folder))
    for name, counted in rest.items():
        if counted is None:
            print(f"package: no tool to count {name}", file=sys.stderr)
    return rest


def print_rest(rest):
    if rest["calls"]:
        rows = []
        for name, calls in rest["calls"].items():
            most = collections.Counter(calls).most_common(6)
            rows.append([name, sum(calls.values()), ", ".join(f"{call} {count}" for call, count in most)])
        print(table(["up to the first poll", "system calls", "the most"], rows))
    if rest["instructions"]:
        total = sum(rest["instructions"].values())
        rows = [[name, f"{count / 1e3:,.0f}", f"{count / total:.0%}"]
                for name, count in collections.Counter(rest["instructions"]).most_common() if count / total >= 0.01]
        print(table(["instructions of `--version`, in thousands", f"{total / 1e3:,.0f}", "100%"], rows))
