"""Which pictures of a corpus are measured, and what is made of them where it has none."""
import dataclasses
import pathlib
import struct
import subprocess

from contenders import ROOT, TOOLS

DEFAULT_CORPUS = ROOT / "infra/demo/photos"


@dataclasses.dataclass
class Picture:
    path: pathlib.Path
    kind: str  # jpeg, progressive, png, webp, heic
    width: int
    height: int

    @property
    def megapixels(self):
        return self.width * self.height / 1e6

    @property
    def name(self):
        return self.path.stem


def jpeg_kind(body):
    """(kind, width, height) of a JPEG in colour, or None."""
    at = 2
    while at + 10 < len(body) and body[at] == 0xFF:
        marker, length = body[at + 1], struct.unpack(">H", body[at + 2:at + 4])[0]
        if marker in (0xC0, 0xC1, 0xC2):
            height, width, channels = struct.unpack(">HHB", body[at + 5:at + 10])
            return ("progressive" if marker == 0xC2 else "jpeg", width, height) if channels == 3 else None
        at += 2 + length
    return None


def look_at(path):
    """A Picture, or None: not one of those that are measured."""
    with open(path, "rb") as file:
        body = file.read(1 << 20)
    found = None
    if body[:2] == b"\xff\xd8":
        found = jpeg_kind(body)
    elif body[:8] == b"\x89PNG\r\n\x1a\n" and body[24:26] == b"\x08\x06":  # RGBA of 8 bits
        found = "png", *struct.unpack(">II", body[16:24])
    return Picture(path, *found) if found else None


def all_of(corpus):
    paths = sorted(path for path in pathlib.Path(corpus).rglob("*") if path.is_file())
    return [picture for picture in map(look_at, paths) if picture]


def made(name, command):
    """A file of the cache; `command(path)` makes it."""
    path = TOOLS / "pictures" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part-{path.name}")
        subprocess.run([str(word) for word in command(part)], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        part.rename(path)
    return path


def as_progressive(photo):
    return Picture(made(f"{photo.name}.progressive.jpg", lambda out: [
        "jpegtran", "-progressive", "-copy", "all", "-outfile", out, photo.path]), "progressive", photo.width, photo.height)


def as_webp(photo, width=2048, height=1536):
    pixels = made(f"{photo.name}.{width}.png", lambda out: [
        "gm", "convert", photo.path, "-auto-orient", "-resize", f"{width}x{height}!", f"png:{out}"])
    return Picture(made(f"{photo.name}.{width}.webp", lambda out: ["cwebp", "-q", "80", pixels, "-o", out]), "webp",
                   width, height)


def as_rgba(photo, width=2048, height=1536):
    pixels = made(f"{photo.name}.{width}.png", lambda out: [
        "gm", "convert", photo.path, "-auto-orient", "-resize", f"{width}x{height}!", f"png:{out}"])
    mask = made(f"mask.{width}.png", lambda out: ["gm", "convert", "-size", f"{width}x{height}", "gradient:black-white",
                                                  f"png:{out}"])
    return Picture(made(f"{photo.name}.rgba.png", lambda out: [
        "gm", "composite", "-compose", "CopyOpacity", mask, pixels, f"png32:{out}"]), "png", width, height)


def as_heic(photo):
    return Picture(made(f"{photo.name}.heic", lambda out: ["heif-enc", "-q", "60", photo.path, "-o", out]), "heic",
                   photo.width, photo.height)


def plain_one(photos):
    """The first without a colour profile, whose conversion would count; or the first."""
    return next((photo for photo in photos if b"ICC_PROFILE" not in photo.path.read_bytes()), photos[0])


def of_works(corpus, name_part=""):
    """Kind to pictures: what engine.py's works are done on."""
    pictures = [picture for picture in all_of(corpus) if name_part in picture.name]
    photos = [picture for picture in pictures if picture.kind == "jpeg" and 5.9 <= picture.megapixels <= 13.5]
    if not photos:
        raise SystemExit(f"{corpus}: no baseline JPEG of 6 to 13 megapixels" + (f" named {name_part}" if name_part else ""))
    large = [photo for photo in photos if photo.megapixels >= 11] or photos[:1]
    progressive = [picture for picture in pictures if picture.kind == "progressive" and 11 <= picture.megapixels <= 13.5]
    png = [picture for picture in pictures if (picture.kind, picture.width, picture.height) == ("png", 2048, 1536)]
    return {
        "jpeg": photos,
        "large": large,
        "progressive": progressive + [as_progressive(photo) for photo in large],
        "png": png + [as_rgba(photo) for photo in large[:2]],
        "webp": [as_webp(photo) for photo in large[:3]],
        "heic": [as_heic(photo) for photo in large[:1]],
    }
