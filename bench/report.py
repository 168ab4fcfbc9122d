"""All that is measured here, written into README.md between its markers, with plots: what bench/run does without a part."""
import argparse
import json
import pathlib
import subprocess
import sys

import engine
import events
import pictures
import plots
import setting
from contenders import ROOT, TOOLS
from setting import median

PARTS = ("package", "engine", "events", "doors", "quality")
FOLDER = ROOT / "bench/plots"


def run(part, options):
    """(what it printed, the numbers it kept)"""
    kept = TOOLS / f"{part}.json"
    command = [sys.executable, "-B", str(ROOT / f"bench/{part}.py"), "--json", str(kept), *options]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return text, json.loads(kept.read_text())


def engine_plots(numbers):
    rows = []
    for work in engine.WORKS:
        result = numbers["works"][work.name]
        for way, goal in work.goals.items():
            values = engine.ratios(result, way)
            against = "" if work.side else f" (against {way})"
            rows.append((work.title + against, median(values), min(values), max(values), goal))
    return {"engine": plots.ratio_bars("CPU of decode + resize + encode, ours / sharp's: shorter is better", rows)}


def events_plots(numbers):
    names = [events.OURS, events.PLAIN, events.CASCADE]
    groups = [(name, [median(seen[who]["cpu_ms"]) for who in names]) for name, seen in numbers["events"].items()]
    return {"events": plots.grouped_bars("CPU of a whole event: less is better", groups, names, "ms")}


def quality_plots(numbers):
    cells = numbers["cells"]
    ratios = sorted({cell["ratio"] for cell in cells})

    def curve(what, who, metric):
        return [median([cell[what][who][metric] for cell in cells if cell["ratio"] == ratio]) for ratio in ratios]

    rows = [(what, [(f"{metric}, {better}", [f"{ratio:g}" for ratio in ratios],
                     [curve(what, who, metric) for who in ("ours", "sharp")]) for metric, better in numbers["better"].items()])
            for what in ("lossless", "equal bytes")]
    return {"quality": plots.small_multiples("How near to a full decode with Lanczos, by ratio; medians of the photographs", rows,
                                             ["ours", "sharp"])}


PLOTS = {"package": lambda _: {}, "engine": engine_plots, "events": events_plots, "doors": lambda _: {},
         "quality": quality_plots}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--corpus", default=pictures.DEFAULT_CORPUS, help="photographs (%(default)s)")
    arguments.add_argument("--part", action="append", choices=PARTS, help="this one alone; may be given again")
    given = arguments.parse_args()

    corpus = pathlib.Path(given.corpus).resolve()
    FOLDER.mkdir(exist_ok=True)
    for part in given.part or PARTS:
        text, numbers = run(part, ["--corpus", str(corpus)])
        for name, svg in PLOTS[part](numbers).items():
            (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")
            text = text.rstrip() + f"\n\n![{name}](plots/{name}.svg)\n"
        setting.write_between_markers(part, f"Pictures: `{corpus.name}`. {text}")


if __name__ == "__main__":
    main()
