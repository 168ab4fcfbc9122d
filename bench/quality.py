"""Fidelity: our thumbnails and sharp's against a full decode with Lanczos in the same (gamma) light.

Each photograph is cut, without loss, to sides that divide by 48 and rendered at each ratio. First resizing alone (PNG);
then as JPEG at equal bytes: ours of three qualities, whose mean counts, sharp's between the two qualities whose files are
just smaller and just larger, in proportion. The metrics look at a megapixel from the middle. Then synthetic charts (charts.py).
"""
import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import sys
import tempfile

import contenders
import pictures
import setting
from contenders import TOOLS

sys.path.insert(0, str(TOOLS / "python"))
import charts  # noqa: E402
import metrics  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from rendering import reference_of, rendered, servers  # noqa: E402

RATIOS = (1.3, 1.99, 2, 2.01, 3, 4, 5.3, 7.9, 8, 8.1, 16)
PHOTOS_BY_DEFAULT = 15
SIDE_OF_METRICS = 1000
QUALITIES = (75, 80, 85)
SHARPS_QUALITIES = range(min(QUALITIES) - 12, max(QUALITIES) + 11)
WAYS = ("lossless", "equal bytes")
BETTER = {1: "more is better", -1: "less is better"}


def cut(photo):
    """The photograph without metadata (no turning, no profile), its sides divisible by 48: most ratios are exact."""
    width, height = photo.width // 48 * 48, photo.height // 48 * 48
    return pictures.made(f"{photo.name}.cut.jpg", lambda out: [
        "jpegtran", "-copy", "none", "-crop", f"{width}x{height}+0+0", "-outfile", out, photo.path])


def middle(picture):
    top, left = (max(0, (side - SIDE_OF_METRICS) // 2) for side in picture.shape[:2])
    return np.ascontiguousarray(picture[top:top + SIDE_OF_METRICS, left:left + SIDE_OF_METRICS])


def same_size(picture, reference, who):
    if picture.shape != reference.shape:
        raise contenders.Failed(f"{who}: {picture.shape}, wanted {reference.shape}")
    return middle(picture)


def sharps_at(size_bytes, made, whole):
    """sharp's metrics at so many bytes; `made` are its files of all qualities, the smallest first."""
    after = next((at for at, one in enumerate(made) if one[1] >= size_bytes), 0)
    if after == 0:
        raise contenders.Failed(f"no quality of sharp's makes {size_bytes} bytes of {whole.shape}")
    (small, small_bytes), (large, large_bytes) = made[after - 1], made[after]
    part = (size_bytes - small_bytes) / (large_bytes - small_bytes)
    below, above = (metrics.measure(middle(whole), same_size(one, whole, "sharp")) for one in (small, large))
    return {name: below[name] + part * (above[name] - below[name]) for name in below}


def mean_of(measured):
    return {name: sum(one[name] for one in measured) / len(measured) for name in measured[0]}


def at_equal_bytes(box, file, folder, whole):
    """{"ours": {metric: mean over QUALITIES}, "sharp": …}"""
    def presets(qualities):
        return ",".join(f"q{quality}={box}:jpeg:fill:q{quality}" for quality in qualities)

    engine, peer = servers()
    ours = rendered(engine, "render", presets(QUALITIES), file, folder).values()
    made = sorted(rendered(peer, "cascade", presets(SHARPS_QUALITIES), file, folder).values(), key=lambda one: one[1])
    return {"ours": mean_of([metrics.measure(middle(whole), same_size(picture, whole, "ours")) for picture, _ in ours]),
            "sharp": mean_of([sharps_at(size_bytes, made, whole) for _, size_bytes in ours])}


def measure_cell(file, ratio, ways):
    """{"lossless": {"ours": {metric: value}, "sharp": …}, "equal bytes": …}, as `ways` says, of one photograph at one ratio."""
    with Image.open(file) as image:
        image = image.convert("RGB")
    size = tuple(round(side / ratio) for side in image.size)
    box = f"{size[0]}x{size[1]}"
    whole = reference_of(image, size)
    reference = middle(whole)
    engine, peer = servers()
    cell = {way: {} for way in ways}
    with tempfile.TemporaryDirectory(prefix="miniatura-quality-") as folder:
        for name, who, way in (("ours", engine, "render"), ("sharp", peer, "separate")):
            picture, _ = rendered(who, way, f"w={box}:png:fill", file, folder)["w"]
            cell["lossless"][name] = metrics.measure(reference, same_size(picture, whole, name))
        if "equal bytes" in ways:
            cell["equal bytes"] = at_equal_bytes(box, file, folder, whole)
    return cell


def in_parallel(work, argument_lists):
    """Arguments to what `work` says of them; a process a core, each with servers of its own."""
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        waiting = {pool.submit(work, *arguments): arguments for arguments in argument_lists}
        for number, done in enumerate(concurrent.futures.as_completed(waiting), 1):
            arguments = waiting[done]
            named = ", ".join(pathlib.Path(str(argument)).name for argument in arguments[:2])
            contenders.progress(f"{work.__name__} {number} of {len(waiting)}: {named}")
            yield arguments, done.result()


def measure(photos, ratios, ways):
    """(photo, ratio) to its cell."""
    files = {cut(photo): photo.name for photo in photos}
    cells = in_parallel(measure_cell, [(file, ratio, ways) for file in files for ratio in ratios])
    return {(files[file], ratio): cell for (file, ratio, _), cell in cells}


def row_of(cells, what, metric, ratio):
    """(median of ours, of sharp's, worst cell's photo, how much worse it is)"""
    here = {photo: cell[what] for (photo, at), cell in cells.items() if at == ratio}
    worst = max(here, key=lambda photo: metrics.worse_by(metric, here[photo]["ours"][metric], here[photo]["sharp"][metric]))
    pair = here[worst]
    return (setting.median(cell["ours"][metric] for cell in here.values()),
            setting.median(cell["sharp"][metric] for cell in here.values()),
            worst, metrics.worse_by(metric, pair["ours"][metric], pair["sharp"][metric]))


def passes(metric, ours, sharps, worst):
    # A difference that the printed digits do not show is none.
    return metrics.worse_by(metric, ours, sharps) <= 1e-3 and worst <= metrics.WORSE_MAX


def print_cells(cells, ratios, ways):
    for what in ways:
        rows, failed = [], 0
        for ratio in ratios:
            row = [f"1:{ratio:g}"]
            for metric in metrics.METRICS:
                ours, sharps, photo, worst = row_of(cells, what, metric, ratio)
                fine = passes(metric, ours, sharps, worst)
                failed += not fine
                digits = 5 if metric == "SSIMULACRA" else 2
                row.append(f"{ours:.{digits}f} / {sharps:.{digits}f}; {100 * worst:+.1f} % "
                           + ("PASS" if fine else f"**FAIL** ({photo})"))
            rows.append(row)
        total = len(ratios) * len(metrics.METRICS)
        print(f"{what.capitalize()}, ours / sharp's, medians of {len({photo for photo, _ in cells})} photographs; the cell "
              f"that is worst for us (+: worse than sharp's): {total - failed} of {total} PASS\n")
        print(setting.table(["ratio", *(f"{name} ({BETTER[direction]})"
                                        for name, (_, direction) in metrics.METRICS.items())], rows))


def chosen(corpus, name_part, every):
    photos = [photo for photo in pictures.all_of(corpus)
              if photo.kind == "jpeg" and 5.9 <= photo.megapixels <= 17 and name_part in photo.name]
    if every or len(photos) <= PHOTOS_BY_DEFAULT:
        return photos
    return photos[::math.ceil(len(photos) / PHOTOS_BY_DEFAULT)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--corpus", default=pictures.DEFAULT_CORPUS, help="photographs (%(default)s)")
    arguments.add_argument("--photo", default="", help="only photographs with this in their name")
    arguments.add_argument("--ratio", type=float, action="append", help="this one alone; may be given again")
    arguments.add_argument("--all", action="store_true", help=f"all photographs in place of {PHOTOS_BY_DEFAULT}")
    arguments.add_argument("--lossless", action="store_true", help="photographs resized alone, and no charts")
    arguments.add_argument("--charts", action="store_true", help="the synthetic charts alone")
    arguments.add_argument("--json", type=pathlib.Path, help="keep the numbers there")
    given = arguments.parse_args()

    ratios = given.ratio or RATIOS
    print(f"Measured on {setting.machine()}; {setting.our_version()}; {setting.peer_versions()}; metrics: "
          + "; ".join(f"{name} ({whose})" for name, (whose, _) in metrics.METRICS.items())
          + f"; {metrics.versions()}.\n", flush=True)
    cells = {}
    if not given.charts:
        ways = WAYS[:1] if given.lossless else WAYS
        cells = measure(chosen(given.corpus, given.photo, given.all), ratios, ways)
        print_cells(cells, ratios, ways)
    if not given.lossless:
        seen = {ratio: found for (ratio,), found in in_parallel(charts.measure_at, [(ratio,) for ratio in ratios])}
        charts.print_table({ratio: seen[ratio] for ratio in ratios})
    if given.json:
        given.json.write_text(json.dumps({
            "better": {name: BETTER[direction] for name, (_, direction) in metrics.METRICS.items()},
            "cells": [{"photo": photo, "ratio": ratio, **cell} for (photo, ratio), cell in cells.items()]}))


if __name__ == "__main__":
    main()
