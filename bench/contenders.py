"""Who is measured: servers that do a round on request, and whole processes; and what a round of theirs costs."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
TOOLS = ROOT / ".tools/bench"
ENGINE = ROOT / "build/release/bench_engine"
EXECUTABLE = ROOT / "build/release/miniatura"
PACKAGE = ROOT / "dist/bootstrap"  # of infra/package.sh
PEER = TOOLS / "peer"
# One thread each, whatever the library.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "VIPS_CONCURRENCY": "1"}


class Failed(Exception):
    """A contender said no: its own words."""


class Server:
    """A program that answers each line with a line of JSON; engine.cc says which."""

    def __init__(self, *command):
        self.name = pathlib.Path(command[-1]).name
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **ONE_THREAD})

    def ask(self, *words):
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"{self.name} ended with {self.process.wait()} at {words}")
        reply = json.loads(line)
        if "error" in reply:
            raise Failed(f"{self.name}: {reply['error']}")
        return reply

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def ours():
    return Server(ENGINE)


def sharp():
    return Server("node", PEER / "engine.mjs")


def process_cpu_ms(command):
    """The CPU of a whole process."""
    with subprocess.Popen([str(word) for word in command], env={**os.environ, **ONE_THREAD}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed(f"{command[0]} ended with {process.returncode}: {said.decode(errors='replace')[-300:]}")
    return (usage.ru_utime + usage.ru_stime) * 1000


class CommandLine:
    """vipsthumbnail or gm, a process a picture; what a picture of a few pixels takes is taken off."""

    def __init__(self, name, command):
        self.name, self.command = name, command
        with tempfile.NamedTemporaryFile(suffix=".jpg") as tiny:
            subprocess.run(["gm", "convert", "-size", "8x8", "xc:gray", tiny.name], check=True)
            self.empty_ms = statistics.median(process_cpu_ms(command(tiny.name, 8)) for _ in range(7))

    def round_ms(self, file, side):
        return process_cpu_ms(self.command(file, side)) - self.empty_ms


def command_lines():
    return [
        CommandLine("vipsthumbnail", lambda file, side: [
            "vipsthumbnail", file, "--size", f"{side}x{side}>", "-o", f"{TOOLS}/vips.jpg[Q=80]"]),
        CommandLine("gm", lambda file, side: [
            "gm", "convert", "-size", f"{side}x{side}", file, "-auto-orient", "-resize", f"{side}x{side}>", "-quality", "80",
            "jpeg:/dev/null"]),
    ]


def progress(text):
    print(text, file=sys.stderr, flush=True)
