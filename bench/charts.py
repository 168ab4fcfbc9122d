"""Synthetic charts, each for one fault: moiré, pictures that come to lie beside themselves, ringing, halos.

Numbers are levels of 255, or pixels of the thumbnail.
"""
import pathlib
import tempfile

import metrics
import numpy as np
import setting
from PIL import Image
from rendering import reference_of, rendered, servers

SIZE = (2304, 1536)  # divides by 48
INVISIBLE = 1.0  # level: one step of 8 bits
SHIFT_MAX = 0.1  # pixels


def grid():
    return np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)


def zone_plate():
    """Rings that become finer outwards, to one cycle in two pixels at the middle of the right edge."""
    x, y = grid()
    x, y = x - SIZE[0] / 2, y - SIZE[1] / 2
    return 127.5 + 100 * np.cos(np.pi * 0.5 / (SIZE[0] / 2) * (x * x + y * y))


def stripes(ratio, across):
    """Three quarters of a cycle to a pixel of the thumbnail: to be grey there."""
    x, y = grid()
    return 127.5 + 100 * np.cos(2 * np.pi * 0.75 / ratio * (x if across else y))


def blobs():
    """Coloured, soft: what shows where each channel lies."""
    x, y = grid()
    return np.stack([127.5 + 60 * np.sin(x / period + phase) * np.cos(y / (period * 0.9) + phase)
                     for period, phase in ((23, 0.3), (31, 1.1), (41, 2.3))], axis=-1)


def step():
    """Dark to light, at an angle so that the edge crosses all positions in a pixel."""
    x, y = grid()
    return np.clip(127.5 + 80 * ((x - SIZE[0] / 2) + 0.1 * (y - SIZE[1] / 2)), 64, 192)


def disc():
    """Red and opaque on green that is wholly transparent."""
    x, y = grid()
    inside = np.hypot(x - SIZE[0] / 2, y - SIZE[1] / 2) < SIZE[1] / 3
    picture = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    picture[...] = (0, 255, 0, 0)
    picture[inside] = (255, 0, 0, 255)
    return picture


def image_of(levels):
    if levels.ndim == 2:
        levels = np.repeat(levels[..., None], 3, axis=-1)
    return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


# What is measured on them; each takes the thumbnail and the reference.

def inner(values):
    return values[4:-4, 4:-4]


def beyond(ratio):
    """A mask of the thumbnail's pixels where the zone plate is too fine for it by a quarter and more."""
    def rms(picture, _):
        height, width = picture.shape[:2]
        x, y = np.meshgrid((np.arange(width) + 0.5) / width - 0.5, (np.arange(height) + 0.5) / height - 0.5)
        cycles = 0.5 / (SIZE[0] / 2) * np.hypot(x * SIZE[0], y * SIZE[1])  # a pixel of the source
        # Over half a cycle the plate itself is an alias.
        seen = inner(picture[..., 1].astype(float))[inner((cycles > 1.25 * 0.5 / ratio) & (cycles < 0.45))]
        return float(np.sqrt(np.mean((seen - 127.5) ** 2))) if seen.size else 0.0
    return rms


def unevenness(picture, _):
    return float(np.std(inner(picture[..., 1].astype(float))))


def shift_of(name):
    def largest(picture, reference):
        return max(map(abs, metrics.shift(metrics.to_ycbcr(reference)[name], metrics.to_ycbcr(picture)[name])))
    return largest


def overshoot(picture, _):
    seen = inner(picture[..., 1].astype(float))
    return float(max(seen.max() - 192, 64 - seen.min(), 0))


def halo(picture, _):
    """How much of another colour than the disc's shows at the edge, as it would on a black ground."""
    alpha = picture[..., 3:].astype(float) / 255
    return float((np.abs(picture[..., :3].astype(float) - (255, 0, 0)) * alpha).max())


def no_worse(ours, sharps):
    return ours <= max(sharps * (1 + metrics.WORSE_MAX), INVISIBLE)


def lies_right(ours, _):
    return ours <= SHIFT_MAX


def charts_at(ratio):
    """(array, what is measured on its thumbnail), the latter (name, measure, whether ours is fine)."""
    if 1.25 * 0.5 / ratio < 0.45:
        yield zone_plate(), [("moiré, zone plate (RMS)", beyond(ratio), no_worse)]
    if 0.75 / ratio < 0.45:
        for way, across in (("upright", True), ("level", False)):
            yield stripes(ratio, across), [(f"moiré, stripes {way} (RMS)", unevenness, no_worse)]
    yield blobs(), [(f"shift of {name} (pixels)", shift_of(name), lies_right) for name in ("Y", "Cb", "Cr")]
    yield step(), [("ringing at an edge (levels)", overshoot, no_worse)]
    yield disc(), [("halo at an alpha edge (levels)", halo, no_worse)]


def write_chart(levels, folder):
    """What is coloured throughout is a JPEG, as photographs are: decoders take their short cuts there."""
    if levels.shape[2:] == (4,):
        file = folder / "chart.png"
        Image.fromarray(levels).save(file, compress_level=1)
    else:
        file = folder / "chart.jpg"
        image_of(levels).save(file, quality=97, subsampling="4:2:0")
    return file


def reference_for(file, size):
    with Image.open(file) as image:
        if image.mode != "RGBA":
            return reference_of(image.convert("RGB"), size)
        premultiplied = reference_of(image.convert("RGBa"), size)
    return np.asarray(Image.frombytes("RGBa", size, premultiplied.tobytes()).convert("RGBA"))


def measure_at(ratio):
    """Chart's name to (ours, sharp's, the reference's, whether ours is fine)."""
    size = tuple(round(side / ratio) for side in SIZE)
    preset = f"w={size[0]}x{size[1]}:png:fill"
    found = {}
    with tempfile.TemporaryDirectory(prefix="miniatura-charts-") as name:
        folder = pathlib.Path(name)
        (folder / "out").mkdir()
        for levels, measures in charts_at(ratio):
            file = write_chart(levels, folder)
            reference = reference_for(file, size)
            ours, sharps = (rendered(who, way, preset, file, folder / "out")["w"][0]
                            for who, way in zip(servers(), ("render", "separate")))
            for title, measure, fine in measures:
                values = measure(ours, reference), measure(sharps, reference)
                found[title] = (*values, measure(reference, reference), fine(*values))
    return found


def print_table(seen):
    """`seen`: ratio to what measure_at says of it."""
    names = list(dict.fromkeys(name for found in seen.values() for name in found))
    rows = []
    for name in names:
        cells = [" / ".join(f"{value:.2f}" for value in found[name][:3]) + ("" if found[name][3] else " **FAIL**")
                 if name in found else "" for found in seen.values()]
        rows.append([name, *cells])
    total = [one[3] for found in seen.values() for one in found.values()]
    print(f"Charts, ours / sharp's / the full decode's: {sum(total)} of {len(total)} PASS (moiré, ringing and halo: no more "
          f"than sharp's by 3 % or under {INVISIBLE:g} level; shift: at most {SHIFT_MAX} pixels)\n")
    print(setting.table(["chart", *(f"1:{ratio:g}" for ratio in seen)], rows))
