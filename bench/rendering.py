"""Thumbnails as arrays: ours, sharp's, and the reference that both are held against."""
import functools
import pathlib

import contenders
import numpy as np
from PIL import Image


@functools.cache
def servers():
    """Of this process, for as long as it lives."""
    return contenders.ours(), contenders.sharp()


def lanczos(channel, size):
    return channel.convert("F").resize(size, Image.Resampling.LANCZOS)


def reference_of(image, size):
    """Full decode, Lanczos of three lobes in floating point, rounded once."""
    channels = [np.asarray(lanczos(channel, size)) for channel in image.split()]
    return np.clip(np.rint(np.stack(channels, axis=-1)), 0, 255).astype(np.uint8)


def rendered(who, way, presets, file, folder):
    """Preset to (array, bytes)."""
    sizes = who.ask(way, 1, presets, file, folder)["bytes"]
    found = {}
    for path in pathlib.Path(folder).iterdir():
        with Image.open(path) as image:
            found[path.stem] = np.asarray(image.convert("RGBA" if image.mode == "RGBA" else "RGB")), sizes[path.stem]
        path.unlink()
    return found
