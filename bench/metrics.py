"""How far a picture is from its reference: PSNR, SSIMULACRA 1 and 2, butteraugli; and how far it lies beside it.

Pictures are arrays of numpy, rows by columns by (red, green, blue), of 8 bits.
"""
import math
import pathlib
import subprocess
import tempfile

import numpy as np
import ssimulacra2
from PIL import Image

# Name to (whose, +1: more is better, -1: less is better).
METRICS = {
    "PSNR": ("dB over red, green and blue, numpy", 1),
    "SSIMULACRA": ("libjxl-devtools' ssimulacra_main", -1),
    "SSIMULACRA2": ("ssimulacra2 of PyPI", 1),
    "butteraugli": ("libjxl-devtools' butteraugli_main, largest difference", -1),
    "butteraugli 3-norm": ("the same, its 3-norm", -1),
}
WORSE_MAX = 0.03  # of a single cell


def versions():
    jxl = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libjxl-devtools"], capture_output=True, text=True,
                         check=False).stdout or "unknown"
    package = next((pathlib.Path(ssimulacra2.__file__).parents[1]).glob("ssimulacra2-*.dist-info")).name.split("-")[1]
    return f"libjxl-devtools {jxl.split('-')[0]}, ssimulacra2 {package.removesuffix('.dist')}"


def psnr(reference, picture):
    error = np.mean((reference.astype(np.float64) - picture) ** 2)
    return 99.0 if error == 0 else 10 * math.log10(255 ** 2 / error)


def said(program, *files):
    return subprocess.run([program, *files], capture_output=True, text=True, check=True).stdout.split()


def measure(reference, picture):
    """Metric to its value."""
    with tempfile.TemporaryDirectory(prefix="miniatura-quality-") as folder:
        files = [f"{folder}/reference.png", f"{folder}/picture.png"]
        for file, pixels in zip(files, (reference, picture)):
            Image.fromarray(pixels).save(file, compress_level=1)
        largest, _, norm = said("butteraugli_main", *files)
        return {
            "PSNR": psnr(reference, picture),
            "SSIMULACRA": float(said("ssimulacra_main", *files)[0]),
            "SSIMULACRA2": float(ssimulacra2.compute_ssimulacra2(*files)),
            "butteraugli": float(largest),
            "butteraugli 3-norm": float(norm),
        }


def worse_by(metric, ours, sharps):
    """0.03: 3 % worse; below 0: better."""
    _, direction = METRICS[metric]
    if ours == sharps:
        return 0.0
    return direction * (sharps - ours) / max(abs(sharps), 1e-9)


# Where a picture lies.

def to_ycbcr(picture):
    red, green, blue = np.moveaxis(picture[..., :3].astype(np.float64), -1, 0)
    brightness = 0.299 * red + 0.587 * green + 0.114 * blue
    return {"Y": brightness, "Cb": 0.564 * (blue - brightness), "Cr": 0.713 * (red - brightness)}


def shift(reference, picture):
    """(right, down) in pixels: how far `picture` lies beside `reference`; both are single channels.

    Least squares over the first order of Taylor: picture(x) = reference(x - shift).
    """
    down, right = np.gradient(reference.astype(np.float64))
    inside = (slice(4, -4), slice(4, -4))
    down, right = down[inside].ravel(), right[inside].ravel()
    difference = (picture.astype(np.float64) - reference)[inside].ravel()
    normal = np.array([[right @ right, right @ down], [right @ down, down @ down]])
    solved = np.linalg.lstsq(normal, -np.array([right @ difference, down @ difference]), rcond=None)[0]
    return float(solved[0]), float(solved[1])
