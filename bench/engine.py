"""What an engine costs: decode, resize and encode, in one thread, from memory, ours and sharp's in turn.

Each round of one is followed by a round of the others on the same picture; a picture's ratio is the median of its
rounds' ratios, a work's that of its pictures. Printed as Markdown; `--json FILE` keeps the numbers.
"""
import argparse
import dataclasses
import json
import pathlib

import contenders
import pictures
import setting
from setting import median, spread, table, verdict

FIVE = ",".join(f"w{side}={side}x{side}:jpeg" for side in (128, 256, 512, 1024, 1600))
FLOOR = "libheif"  # in place of sharp, which cannot read HEIC


@dataclasses.dataclass
class Work:
    name: str
    kind: str  # of pictures.of_works
    presets: str
    goals: dict  # way of the peer's, or FLOOR, to the ratio's goal; None: for the record
    side: int = 0  # of the one preset; 0: several, which a command line does not do at once
    title: str = ""


def one(name, kind, side, goal, title):
    return Work(name, kind, f"w={side}x{side}:jpeg", {"separate": goal}, side, f"{title} to {side}")


WORKS = [
    one("jpeg-256", "jpeg", 256, 0.55, "JPEG, 6 to 13 MP,"),
    one("jpeg-720", "jpeg", 720, 0.75, "JPEG, 6 to 13 MP,"),
    one("jpeg-1600", "jpeg", 1600, 0.60, "JPEG, 6 to 13 MP,"),
    Work("jpeg-five", "jpeg", FIVE, {"separate": 0.30, "clone": 0.60, "cascade": None}, 0, "JPEG, 6 to 13 MP, to five"),
    one("progressive-256", "progressive", 256, 0.20, "progressive JPEG, 12 MP,"),
    one("png-256", "png", 256, 0.90, "PNG 2048x1536 RGBA"),
    one("webp-256", "webp", 256, 0.90, "WebP, 3 MP,"),
    Work("heic-256", "heic", "w=256x256:jpeg", {FLOOR: 1.1}, 0, "HEIC, 12 MP, to 256"),
]
PEAK_GOAL = 1 / 5


def measure_picture(work, picture, servers, lines, rounds):
    """Contender to its CPU ms, a number a round; and the bytes of ours and sharp's thumbnails."""
    engine, peer = servers

    def once(who):
        if who == "ours":
            return engine.ask("render", 1, work.presets, picture.path)
        if who == FLOOR:
            return engine.ask("heif", 1, picture.path)
        return peer.ask(who, 1, work.presets, picture.path)

    names = ["ours", *work.goals]
    byte_counts = {name: sum(once(name)["bytes"].values()) for name in names}  # warms up, too
    seen = {name: [] for name in names}
    used_lines = [line for line in lines if work.side]
    for line in used_lines:
        line.round_ms(picture.path, work.side)
        seen[line.name] = []
    for number in range(rounds):
        for name in names if number % 2 == 0 else names[::-1]:
            seen[name].append(once(name)["cpu_ms"][0])
        for line in used_lines:
            seen[line.name].append(line.round_ms(picture.path, work.side))
    return {"cpu_ms": seen, "bytes": byte_counts}


def measure(work, found, lines, rounds):
    """Picture's name to what measure_picture says."""
    with contenders.ours() as engine, contenders.sharp() as peer:
        result = {}
        for picture in found[work.kind]:
            result[picture.name] = measure_picture(work, picture, (engine, peer), lines, rounds)
            seen = result[picture.name]["cpu_ms"]
            contenders.progress(f"{work.name} {picture.name}: " + ", ".join(
                f"{name} {median(values):.1f}" for name, values in seen.items()) + " ms")
        return result


def ratios(result, way):
    """A number a picture: the median of ours over theirs, round by round."""
    return [median([our / their for our, their in zip(of["cpu_ms"]["ours"], of["cpu_ms"][way])]) for of in result.values()]


def round_spread(result):
    """How far the rounds of one picture lie apart, least to most over the median, as the median of all pictures."""
    return median([(max(values) - min(values)) / median(values) for of in result.values()
                   for values in of["cpu_ms"].values() if median(values) > 0])


def medians_of(result, name):
    return [median(of["cpu_ms"][name]) for of in result.values() if name in of["cpu_ms"]]


def rows_of(work, result):
    for way, goal in work.goals.items():
        values = ratios(result, way)
        theirs = f"libheif's decoding {median(medians_of(result, way)):.1f}" if way == FLOOR else (
            f"{way} {median(medians_of(result, way)):.1f}" if not work.side else f"{median(medians_of(result, way)):.1f}")
        sizes = "" if way == FLOOR else f"{median([of['bytes']['ours'] / of['bytes'][way] for of in result.values()]):.2f}"
        others = [f"{median(seen):.1f}" if (seen := medians_of(result, name)) else "" for name in ("vipsthumbnail", "gm")]
        yield [f"{work.title} ({len(result)})", f"{median(medians_of(result, 'ours')):.1f}", theirs, *others,
               f"{spread(values, 2)}", verdict(median(values), goal) if goal else "", sizes]


def print_table(results):
    print(table(["work (pictures)", "ours, ms", "sharp, ms", "vipsthumbnail, ms", "gm, ms",
                 "ours / sharp, median (over the pictures)", "goal", "bytes, ours / sharp"],
                [row for work in WORKS if work.name in results for row in rows_of(work, results[work.name])]))
    print("CPU of the process, median of the pictures' medians. From least to most, the rounds of one contender on one "
          f"picture lie {median([round_spread(result) for result in results.values()]):.0%} of their median apart.\n")


def measure_peak(found):
    """Picture's name to (ours, sharp's) VmHWM in kB, of processes that make one thumbnail of the file, as each reads it."""
    peaks = {}
    for picture in found["large"]:
        with contenders.ours() as engine, contenders.sharp() as peer:
            peaks[picture.name] = (engine.ask("stream", 1, "w=1600x1600:jpeg", picture.path)["peak_kb"],
                                   peer.ask("stream", 1, "w=1600x1600:jpeg", picture.path)["peak_kb"])
    return peaks


def print_peak(peaks):
    ratio = median([our / their for our, their in peaks.values()])
    print(table(["peak memory (VmHWM) of a process that makes one", "ours, MiB", "sharp, MiB", "ours / sharp"],
                [[f"JPEG, 12 MP, to 1600 ({len(peaks)})", *(spread(kb / 1024 for kb in side) for side in zip(*peaks.values())),
                  verdict(ratio, PEAK_GOAL)]]))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--corpus", default=pictures.DEFAULT_CORPUS, help="photographs (%(default)s)")
    arguments.add_argument("--rounds", type=int, default=7, help="of each (%(default)s)")
    arguments.add_argument("--work", action="append", choices=[*(work.name for work in WORKS), "peak"],
                           help="this one alone; may be given again")
    arguments.add_argument("--photo", default="", help="only photographs with this in their name")
    arguments.add_argument("--quick", action="store_true", help="without vipsthumbnail and gm")
    arguments.add_argument("--json", type=pathlib.Path, help="keep the numbers there")
    given = arguments.parse_args()

    found = pictures.of_works(given.corpus, given.photo)
    lines = [] if given.quick else contenders.command_lines()
    print(f"Measured on {setting.machine()}; {setting.our_version()}; {setting.peer_versions()}; "
          f"{setting.command_line_versions()}; {given.rounds} rounds of each after one to warm up, quality 80.\n", flush=True)
    wanted = [work for work in WORKS if not given.work or work.name in given.work]
    results = {work.name: measure(work, found, lines, given.rounds) for work in wanted}
    if results:
        print_table(results)
    peaks = measure_peak(found) if not given.work or "peak" in given.work else {}
    if peaks:
        print_peak(peaks)
    if given.json:
        given.json.write_text(json.dumps({"works": results, "peaks": peaks}))


if __name__ == "__main__":
    main()
