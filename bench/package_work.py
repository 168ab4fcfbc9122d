"""Whether the package works as fast as the dynamic build, whose libraries are Debian's own: `thumb` on a picture of each
format, whole processes in turn, less what a picture of a few pixels takes.
"""
import dataclasses
import tempfile

import contenders
import pictures
from contenders import EXECUTABLE
from engine import FIVE
from setting import median, spread, table, verdict

SLOWER_GOAL = 1.05
ONE = "x=256x256:jpeg"
CARD = "x=600x400"


@dataclasses.dataclass
class Work:
    name: str
    kind: str  # of pictures.of_works, or of MADE
    presets: str


# Of the pixels of the WebP that is measured: a suffix, and the command that makes it.
MADE = {
    "tiff": ("lzw.tif", lambda pixels, out: ["gm", "convert", pixels, "-compress", "LZW", f"tiff:{out}"]),
    "gif": ("gif", lambda pixels, out: ["gm", "convert", pixels, "-resize", "1024x768", f"gif:{out}"]),
    "bmp": ("bmp", lambda pixels, out: ["gm", "convert", pixels, f"bmp:{out}"]),
    "avif": ("avif", lambda pixels, out: ["heif-enc", "-A", "-q", "60", pixels, "-o", out]),
}

WORKS = [
    Work("JPEG, 12 MP, to 256", "large", ONE),
    Work("JPEG, 12 MP, to five", "large", FIVE),
    Work("progressive JPEG, 12 MP, to five", "progressive", FIVE),
    Work("PNG, 3 MP, to 256", "png", ONE),
    Work("WebP, 3 MP, to 256", "webp", ONE),
    Work("HEIC, 12 MP, to 256", "heic", ONE),
    Work("AVIF, 3 MP, to 256", "avif", ONE),
    Work("TIFF (LZW), 3 MP, to 256", "tiff", ONE),
    Work("GIF, 0.8 MP, to 256", "gif", ONE),
    Work("BMP, 3 MP, to 256", "bmp", ONE),
    Work("JPEG, 12 MP, to AVIF of 600x400", "large", f"{CARD}:avif"),
    Work("JPEG, 12 MP, to WebP of 600x400", "large", f"{CARD}:webp"),
    Work("JPEG, 12 MP, to PNG of 600x400", "large", f"{CARD}:png"),
]


def files_of(corpus):
    """Kind to a file."""
    found = pictures.of_works(corpus)
    photo = pictures.plain_one(found["large"])
    webp = pictures.as_webp(photo)
    pixels = webp.path.with_suffix(".png")
    files = {"large": photo.path, "progressive": pictures.as_progressive(photo).path, "png": found["png"][0].path,
             "webp": webp.path, "heic": pictures.as_heic(photo).path}
    for kind, (suffix, command) in MADE.items():
        files[kind] = pictures.made(f"{photo.name}.2048.{suffix}", lambda out, command=command: command(pixels, out))
    return files


def measure_work(package, corpus, rounds):
    """Work's name to (the package's CPU ms, the dynamic build's), a number a round."""
    files, programs, seen = files_of(corpus), (package, EXECUTABLE), {}
    with tempfile.TemporaryDirectory() as folder:
        def cost(program, file, presets):
            return contenders.process_cpu_ms([program, "thumb", "--jobs", "1", "--presets", presets, "-o", folder, file])

        tiny = pictures.made("tiny.jpg", lambda out: ["gm", "convert", "-size", "8x8", "xc:gray", f"jpeg:{out}"])
        start_ms = [median([cost(program, tiny, ONE) for _ in range(rounds)]) for program in programs]
        for work in WORKS:
            pairs = []
            for number in range(rounds + 1):
                order = (0, 1) if number % 2 else (1, 0)
                ms = {at: cost(programs[at], files[work.kind], work.presets) - start_ms[at] for at in order}
                pairs.append((ms[0], ms[1]))
            seen[work.name] = list(zip(*pairs[1:]))  # less the first: it warms up
            contenders.progress(f"package, {work.name}: {', '.join(f'{median(of):.1f}' for of in seen[work.name])} ms")
    return seen


def print_work(seen):
    rows = []
    for name, (ours, theirs) in seen.items():
        ratios = [our / their for our, their in zip(ours, theirs)]
        rows.append([name, f"{median(ours):.1f}", f"{median(theirs):.1f}", spread(ratios, 2), verdict(median(ratios), SLOWER_GOAL)])
    print(table(["`thumb` of one picture, less the start", "the package, CPU ms", "the dynamic release build, CPU ms",
                 "package / dynamic, median (least to most)", "goal"], rows))
