"""Makes the pictures of this folder: python3 make.py, with Pillow 13 and numpy; heif-enc, avifenc, gm and tiffcp of Debian 12.

Each shows four quarters (red and green above, blue and yellow below) unless its name says otherwise.
"""
import io
import pathlib
import struct
import subprocess
import tempfile

import numpy
from PIL import Image, TiffImagePlugin

HERE = pathlib.Path(__file__).resolve().parent
RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 30), (30, 30, 220), (230, 220, 40)
WIDTH, HEIGHT = 96, 64


def quarters(width=WIDTH, height=HEIGHT):
    pixels = numpy.zeros((height, width, 3), numpy.uint8)
    middle, half = (width + 1) // 2, (height + 1) // 2
    pixels[:half, :middle], pixels[:half, middle:] = RED, GREEN
    pixels[half:, :middle], pixels[half:, middle:] = BLUE, YELLOW
    return Image.fromarray(pixels)


def see_through(image):
    """The left half is transparent; what colour is hidden there must not show."""
    image = image.convert("RGBA")
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (0, 0, image.width // 2, image.height))
    image.putalpha(alpha)
    return image


def in_cmyk(image):
    """Ink as the plain formula has it: cyan is what red lacks, no black."""
    return Image.merge("CMYK", [*(channel.point(lambda v: 255 - v) for channel in image.split()),
                                Image.new("L", image.size, 0)])


def jpegs():
    whole = quarters()
    for name, subsampling in (("444", "4:4:4"), ("422", "4:2:2"), ("420", "4:2:0"), ("411", "4:1:1")):
        if name == "411":
            run("gm", "convert", "-sampling-factor", "4x1,1x1,1x1", "-quality", "95", png(whole), HERE / "jpeg-411.jpg")
        else:
            whole.save(HERE / f"jpeg-{name}.jpg", quality=95, subsampling=subsampling)
    run("gm", "convert", "-sampling-factor", "1x2,1x1,1x1", "-quality", "95", png(whole), HERE / "jpeg-440.jpg")
    quarters(97, 65).save(HERE / "jpeg-odd.jpg", quality=95, subsampling="4:2:0")
    whole.save(HERE / "jpeg-progressive.jpg", quality=95, progressive=True)
    whole.convert("L").save(HERE / "jpeg-grey.jpg", quality=95)
    in_cmyk(whole).save(HERE / "jpeg-cmyk.jpg", quality=95)
    # Pillow has no YCCK: its planes as if they were inks, and the Adobe marker says what they are. They are made of
    # cyan, magenta and yellow as if of red, green and blue, and inverted beforehand, as Pillow inverts inks.
    planes = whole.point(lambda v: 255 - v).convert("YCbCr").split()
    inverted = [plane.point(lambda v: 255 - v) for plane in planes]
    data = io.BytesIO()
    Image.merge("CMYK", [*inverted, Image.new("L", whole.size, 0)]).save(data, "JPEG", quality=95)
    raw = bytearray(data.getvalue())
    adobe = raw.index(b"Adobe")
    raw[adobe + 11] = 2
    (HERE / "jpeg-ycck.jpg").write_bytes(raw)
    # Without the marker inks are stored as they are.
    straight = io.BytesIO()
    in_cmyk(whole).point(lambda v: 255 - v).save(straight, "JPEG", quality=95)
    raw = straight.getvalue()
    begin = raw.index(b"\xff\xee")
    (HERE / "jpeg-cmyk-no-marker.jpg").write_bytes(raw[:begin] + raw[begin + 16:])


def gifs():
    whole = quarters()
    whole.convert("P", palette=Image.Palette.ADAPTIVE).save(HERE / "gif-plain.gif")
    whole.convert("P", palette=Image.Palette.ADAPTIVE).save(HERE / "gif-interlaced.gif", interlace=1)
    see_through(whole).save(HERE / "gif-transparent.gif")
    others = [Image.new("RGB", whole.size, colour) for colour in ((0, 0, 0), (255, 255, 255))]
    whole.save(HERE / "gif-animated.gif", save_all=True, append_images=others, duration=100, disposal=2, loop=0)


def tiffs():
    whole = quarters()
    for name, compression in (("none", None), ("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate"),
                              ("packbits", "packbits"), ("jpeg", "jpeg")):
        more = {"quality": 95} if compression == "jpeg" else {}
        whole.save(HERE / f"tiff-{name}.tiff", compression=compression, **more)
    whole.convert("L").save(HERE / "tiff-grey.tiff", compression="tiff_lzw")
    whole.convert("P", palette=Image.Palette.ADAPTIVE).save(HERE / "tiff-palette.tiff")
    whole.convert("1", dither=Image.Dither.NONE).save(HERE / "tiff-fax.tiff", compression="group4")
    in_cmyk(whole).save(HERE / "tiff-cmyk.tiff", compression="tiff_lzw")
    see_through(whole).save(HERE / "tiff-alpha.tiff", compression="tiff_lzw")
    whole.save(HERE / "tiff-pages.tiff", save_all=True, compression="tiff_lzw",
               append_images=[Image.new("RGB", (40, 30), (0, 0, 0)) for _ in range(3)])
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for orientation in range(1, 9):
        info[274] = orientation
        whole.save(HERE / f"tiff-orientation-{orientation}.tiff", compression="tiff_lzw", tiffinfo=info)
    plain = png(whole)
    stripped = HERE / "tiff-none.tiff"
    run("tiffcp", "-t", "-w", "16", "-l", "16", "-c", "lzw", stripped, HERE / "tiff-tiles.tiff")
    run("tiffcp", "-t", "-w", "128", "-l", "128", "-c", "jpeg:r:95", stripped, HERE / "tiff-tiles-jpeg.tiff")
    run("tiffcp", "-B", "-p", "separate", "-c", "lzw", stripped, HERE / "tiff-planes-big-endian.tiff")
    run("gm", "convert", plain, "-depth", "16", "-compress", "LZW", HERE / "tiff-16.tiff")


def bmps():
    whole = quarters()
    whole.save(HERE / "bmp-24.bmp")
    whole.convert("P", palette=Image.Palette.ADAPTIVE).save(HERE / "bmp-8.bmp")
    whole.convert("P", palette=Image.Palette.ADAPTIVE, colors=4).save(HERE / "bmp-few.bmp")
    see_through(whole).save(HERE / "bmp-32.bmp")
    run("gm", "convert", png(whole), "-type", "Palette", "-compress", "RLE", HERE / "bmp-rle.bmp")


def heifs():
    plain, alpha = png(quarters()), png(see_through(quarters()))
    odd = png(quarters(97, 65))
    large = png(quarters(200, 130))
    for kind, more in (("heic", []), ("avif", ["-A"])):
        run("heif-enc", *more, "-q", "95", plain, "-o", HERE / f"{kind}-plain.{kind}")
        run("heif-enc", *more, "-q", "95", odd, "-o", HERE / f"{kind}-odd.{kind}")
        run("heif-enc", *more, "-q", "95", alpha, "-o", HERE / f"{kind}-alpha.{kind}")
        run("heif-enc", *more, "-q", "95", large, plain, "-o", HERE / f"{kind}-two.{kind}")
    run("heif-enc", "-q", "95", deep(), "-b", "10", "-o", HERE / "heic-10.heic")
    # An EXIF orientation that the container does not repeat: readers of HEIF go by the container alone.
    exif = Image.Exif()
    exif[274] = 6
    turned = pathlib.Path(tempfile.mkdtemp()) / "turned.jpg"
    quarters().save(turned, quality=95, exif=exif.tobytes())
    run("heif-enc", "-q", "90", turned, "-o", HERE / "heic-exif-6.heic")
    rotate = {3: 2, 5: 1, 6: 3, 7: 3, 8: 1}  # quarters, counter-clockwise; then
    mirror = {2: 1, 4: 0, 5: 0, 7: 0}  # 0: top and bottom change places, 1: left and right
    for orientation in range(2, 9):
        turns = [box(b"irot", bytes([rotate[orientation]]))] if orientation in rotate else []
        turns += [box(b"imir", bytes([mirror[orientation]]))] if orientation in mirror else []
        (HERE / f"heic-orientation-{orientation}.heic").write_bytes(
            with_properties((HERE / "heic-exif-6.heic").read_bytes(), turns))
    # By another hand: libavif, by its own program and within Pillow.
    run("avifenc", "-d", "10", "-y", "444", "--min", "0", "--max", "5", deep(), HERE / "avif-10.avif")
    whole = quarters()
    cells = [quarters(200, 130).crop((x, y, x + 100, y + 65)) for y in (0, 65) for x in (0, 100)]
    run("avifenc", "--grid", "2x2", "-y", "444", "--min", "0", "--max", "5", *map(png, cells), HERE / "avif-grid.avif")
    whole.save(HERE / "avif-animated.avif", save_all=True, quality=90,
               append_images=[Image.new("RGB", whole.size, (0, 0, 0))])
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[274] = orientation
        whole.save(HERE / f"avif-orientation-{orientation}.avif", quality=90, exif=exif.tobytes())


def box(kind, body):
    return struct.pack(">I", len(body) + 8) + kind + body


def boxes(data):
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8:at + size]
        at += size


def with_properties(heic, properties):
    """heif-enc's file with further properties of item 1, its picture."""
    added = sum(map(len, properties)) + len(properties)

    def edited(kind, body):
        if kind == b"meta":
            return body[:4] + b"".join(box(k, edited(k, b)) for k, b in boxes(body[4:]))
        if kind == b"iprp":
            return b"".join(box(k, edited(k, b)) for k, b in boxes(body))
        if kind == b"ipco":
            return body + b"".join(properties)
        if kind == b"ipma":  # version 0: items; id, how many, indices
            before, count, rest = body[:10], body[10], body[11:]
            assert before[4:10] == struct.pack(">IH", 1, 1), before
            new = bytes(0x80 | last + 1 for last in range(PROPERTIES, PROPERTIES + len(properties)))
            return before + bytes([count + len(properties)]) + rest[:count] + new + rest[count:]
        if kind == b"iloc":  # version 0 or 1, one extent each, all numbers of 4 bytes, as heif-enc writes them
            version, sizes, items = body[0], body[4:6], struct.unpack_from(">H", body, 6)[0]
            assert sizes == b"\x44\x40", sizes
            body = bytearray(body)
            step = 18 if version == 0 else 20
            for item in range(items):
                at = 8 + item * step + step - 8
                struct.pack_into(">I", body, at, struct.unpack_from(">I", body, at)[0] + added)
            return bytes(body)
        return body

    (kind, ipco), = [(k, b) for k, b in boxes(dict(boxes(dict(boxes(heic))[b"meta"][4:]))[b"iprp"]) if k == b"ipco"]
    global PROPERTIES
    PROPERTIES = len(list(boxes(ipco)))
    return b"".join(box(k, edited(k, b)) for k, b in boxes(heic))


def deep():
    """16 bits a channel: a slope that 8 bits would cut into steps."""
    path = HERE / "png-16-slope.png"
    across = numpy.linspace(0x4000, 0x5000, 256)
    rows = numpy.tile(across, (64, 1)).astype(">u2")
    raw = b"".join(b"\0" + numpy.repeat(row, 3).astype(">u2").tobytes() for row in rows)
    write_png(path, 256, 64, 16, 2, raw)
    return path


def write_png(path, width, height, bits, colour, raw):
    import zlib
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def webps():
    whole = quarters()
    whole.save(HERE / "webp-lossy.webp", quality=95)
    whole.save(HERE / "webp-lossless.webp", lossless=True)
    see_through(whole).save(HERE / "webp-alpha.webp", lossless=True, exact=True)
    others = [Image.new("RGB", whole.size, colour) for colour in ((0, 0, 0), (255, 255, 255))]
    whole.save(HERE / "webp-animated.webp", save_all=True, append_images=others, duration=100, quality=95)


def pngs():
    deep()
    whole = quarters()
    for bits, colour in ((1, 2), (2, 4), (4, 16), (8, 200)):
        whole.convert("P", palette=Image.Palette.ADAPTIVE, colors=min(colour, 4)).save(
            HERE / f"png-palette-{bits}.png", bits=bits)
    run("gm", "convert", png(whole), "-interlace", "Line", HERE / "png-interlaced.png")


def png(image):
    path = pathlib.Path(tempfile.mkdtemp()) / "picture.png"
    image.save(path)
    return path


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


# D50 from the chromaticities of the primaries, adapted by Bradford: as ICC profiles of monitors have them.
DISPLAY_P3 = ((0.515102, 0.241182, -0.001045), (0.291965, 0.692236, 0.041881), (0.157154, 0.066582, 0.784378))
ADOBE_RGB = ((0.609741, 0.311111, 0.019470), (0.205276, 0.625671, 0.060867), (0.149185, 0.063217, 0.744568))
SRGB = ((0.436066, 0.222488, 0.013916), (0.385147, 0.716873, 0.097076), (0.143066, 0.060608, 0.714096))
D50 = (0.964203, 1.0, 0.824905)


def icc(kind, space, connection, tags):
    """A profile of version 2 (ICC.1:2001-04)."""
    table, body = struct.pack(">I", len(tags)), b""
    begin = 128 + 4 + 12 * len(tags)
    for name, data in tags:
        table += struct.pack(">4sII", name, begin + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">II", begin + len(body), 0) + bytes([2, 0x40, 0, 0]) + kind + space + connection
    header += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + xyz(D50)[8:]
    return header + bytes(128 - len(header)) + table + body


def xyz(values):
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in values))


def gamma(value):
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256)) + bytes(2)


def srgb_curve():
    steps = [v / 1023 for v in range(1024)]
    light = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in steps]
    return b"curv" + bytes(4) + struct.pack(">I1024H", 1024, *(round(v * 65535) for v in light))


def monitor(primaries, curve):
    tags = [(name + b"XYZ", xyz(values)) for name, values in zip((b"r", b"g", b"b"), primaries)]
    tags += [(name + b"TRC", curve) for name in (b"r", b"g", b"b")]
    return icc(b"mntr", b"RGB ", b"XYZ ", [(b"wtpt", xyz(D50)), *tags])


def press():
    """Inks that let some light through: a table of 7 steps an ink."""
    steps = 7
    inks = numpy.stack(numpy.meshgrid(*[numpy.linspace(0, 1, steps)] * 4, indexing="ij"), -1).reshape(-1, 4)
    takes = numpy.array([[0.95, 0.10, 0.02, 0.96], [0.30, 0.92, 0.06, 0.96], [0.08, 0.35, 0.90, 0.96]])
    light = numpy.prod(1 - inks[:, None, :] * takes, axis=2)
    values = light @ numpy.array(SRGB) / numpy.array(D50)
    root = numpy.where(values > 216 / 24389, numpy.cbrt(values), (24389 / 27 * values + 16) / 116)
    lab = numpy.stack([116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])], -1)
    coded = numpy.clip(numpy.round(lab * [2.55, 1, 1] + [0, 128, 128]), 0, 255).astype(numpy.uint8)
    straight = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, steps, 0]) + struct.pack(">9i", *(65536, 0, 0, 0, 65536, 0, 0, 0, 65536))
    return icc(b"prtr", b"CMYK", b"Lab ",
               [(b"wtpt", xyz(D50)), (b"A2B0", table + straight * 4 + coded.tobytes() + straight * 3)])


def profiles():
    return {"srgb": monitor(SRGB, srgb_curve()), "p3": monitor(DISPLAY_P3, srgb_curve()),
            "adobe": monitor(ADOBE_RGB, gamma(563 / 256)),
            "grey": icc(b"mntr", b"GRAY", b"XYZ ", [(b"wtpt", xyz(D50)), (b"kTRC", gamma(1.8))]), "press": press()}


def colours():
    """The numbers of the quarters, by other profiles than sRGB: NAME.icc says what they stand for."""
    known = profiles()
    for name, profile in known.items():
        (HERE / f"{name}.icc").write_bytes(profile)
    whole = quarters()
    for name in ("p3", "adobe"):
        whole.save(HERE / f"{name}.jpg", quality=95, icc_profile=known[name])
        whole.save(HERE / f"{name}.png", icc_profile=known[name])
        whole.save(HERE / f"{name}.webp", lossless=True, icc_profile=known[name])
        whole.save(HERE / f"{name}.tiff", compression="tiff_lzw", icc_profile=known[name])
        whole.save(HERE / f"{name}.avif", quality=95, subsampling="4:4:4", icc_profile=known[name])
        run("heif-enc", "-q", "95", HERE / f"{name}.png", "-o", HERE / f"{name}.heic")
    whole.convert("L").save(HERE / "grey.jpg", quality=95, icc_profile=known["grey"])
    whole.convert("L").save(HERE / "grey.png", icc_profile=known["grey"])
    in_cmyk(whole).save(HERE / "press.jpg", quality=95, icc_profile=known["press"])
    in_cmyk(whole).save(HERE / "press.tiff", compression="tiff_lzw", icc_profile=known["press"])
    # Told by numbers, without a profile: primaries 12, Display P3.
    run("avifenc", "--cicp", "12/13/6", "-y", "444", "--min", "0", "--max", "5", png(whole), HERE / "p3-numbers.avif")


if __name__ == "__main__":
    for make in (jpegs, gifs, tiffs, bmps, heifs, webps, pngs, colours):
        make()
