"""Files that want something else than to be a picture: each is a final error or a thumbnail, within limits of memory and CPU
that the kernel holds, and nothing is started, connected to or left behind. Without isolation: by what is not there."""
import json
import re
import resource
import struct
import subprocess
import zlib

import support

MEMORY_BYTES = 1536 << 20
CPU_S = 60
ZEROS = zlib.compress(bytes(100 << 20), 9)  # 100 MB in 100 KB


def png(width, height, bits=8, colour=2, *chunks):
    rows = zlib.compress(bytes(1 << 20))
    return (b"\x89PNG\r\n\x1a\n" + support.png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
            + b"".join(chunks) + support.png_chunk(b"IDAT", rows) + support.png_chunk(b"IEND", b""))


def jpeg(width, height, start=0xC0):
    return (b"\xff\xd8\xff" + bytes([start]) + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\x01\x11\x00\x02\x11\x00\x03\x11\x00"
            + b"\xff\xda" + struct.pack(">H", 12) + b"\x03\x01\x00\x02\x00\x03\x00\x00\x3f\x00" + bytes(4096) + b"\xff\xd9")


def gif(width, height, frames):
    frame = b"\x2c" + struct.pack("<HHHH", 0, 0, 1, 1) + b"\x00\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\x00\x00" + bytes(6) + frame * frames + b"\x3b"


def tiff_loop():
    return b"II*\x00\x08\x00\x00\x00" + struct.pack("<HHHII", 1, 330, 4, 1, 8) + struct.pack("<I", 8)


def scans(count):
    """A progressive JPEG that begins so many times to tell of one coefficient."""
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, 4000, 4000, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + frame + (b"\xff\xda" + struct.pack(">H", 8) + b"\x01\x01\x00\x00\x00\x00" + b"\x00") * count + b"\xff\xd9"


def box(kind, body):
    return struct.pack(">I", 8 + len(body)) + kind + body


def avif(width, height):
    size = box(b"ispe", struct.pack(">III", 0, width, height))
    known = box(b"ipma", struct.pack(">IIHBB", 0, 1, 1, 1, 1))
    meta = bytes(4) + box(b"pitm", struct.pack(">IH", 0, 1)) + box(b"iprp", box(b"ipco", size) + known)
    return box(b"ftyp", b"avif\0\0\0\0mif1avif") + box(b"meta", meta)


def exif_loop():
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0x8769, 4, 1, 8) + struct.pack("<I", 8)
    photo = support.PHOTO.read_bytes()
    return photo[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif + photo[2:]


PICTURE = support.png(64, 64, support.quarters)
TEXT_BOMB, PROFILE_BOMB = (support.png_chunk(kind, b"name\0\0" + ZEROS) for kind in (b"zTXt", b"iCCP"))
FILES = {
    "postscript.jpg": b"%!PS\n(touch made) run showpage\n",
    "document.jpg": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF",
    "script.png": b'<?xml version="1.0"?><image><read filename="/etc/passwd"/><write filename="made"/></image>',
    "drawing.jpg": b"push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 'https://127.0.0.1/x.png'\npop graphic-context",
    "vector.png": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:1/x"/></svg>',
    "address.jpg": b"url:http://127.0.0.1/x.png",
    "@list.jpg": b"@/etc/passwd", "empty.jpg": b"", "zeros.jpg": bytes(65536), "only-soi.jpg": b"\xff\xd8",
    "bits.png": png(20_000, 20_000, 1, 0), "deep.png": png(8000, 8000, 16, 6), "wide.jpg": jpeg(65_500, 65_500),
    "progressive.jpg": jpeg(16_000, 16_000, 0xC2), "lossless.jpg": jpeg(64, 64, 0xC3), "flat.jpg": jpeg(64, 0),
    "text-bomb.png": PICTURE[:33] + TEXT_BOMB + PICTURE[33:], "profile-bomb.png": PICTURE[:33] + PROFILE_BOMB + PICTURE[33:],
    "screen.gif": gif(65_535, 65_535, 1), "frames.gif": gif(8, 8, 20_000), "loop.tiff": tiff_loop(),
    "scans.jpg": scans(20_000), "huge.avif": avif(17_000, 17_000), "exif-loop.jpg": exif_loop(),
    "half.jpg": support.PHOTO.read_bytes()[:9000],
}
# What is harmless once it is not followed.
STORED = {"text-bomb.png", "profile-bomb.png", "exif-loop.jpg"}


def within_limits():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))


class Hostile(support.Case):
    def test_each_is_a_final_error_or_a_thumbnail_and_nothing_else_happens(self):
        (self.dir / "temporary").mkdir()
        for name, body in FILES.items():
            (self.dir / name).write_bytes(body)
        env = {**self.env, "TMPDIR": str(self.dir / "temporary"), "MINIATURA_PRESETS": "small=64x64",
               "ASAN_OPTIONS": self.env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        trace = self.dir / "temporary.trace"
        done = subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=execve,execveat,socket,connect,openat,creat,unlink",
                               support.EXECUTABLE, "thumb", *FILES, "-o", "out", "--jobs", "1", "--json"],
                              env=env, cwd=self.dir, capture_output=True, check=False, timeout=support.TIMEOUT_S,
                              preexec_fn=None if support.is_sanitized() else within_limits)
        self.assertEqual(done.returncode, 1, done.stderr)
        lines = support.Done(done.returncode, done.stdout.decode(), "").json_lines()
        self.assertEqual([line["file"] for line in lines], list(FILES))
        for line in lines:
            with self.subTest(line["file"]):
                self.assertEqual(line["outcome"], "stored" if line["file"] in STORED else "failed", line)
                if line["outcome"] == "failed":
                    self.assertIn(line["error"]["code"], ("image.corrupt", "image.unsupported", "image.too_large"), line)
        self.assertEqual({path.stem for path in (self.dir / "out").iterdir()},
                         {f"{name.rpartition('.')[0]}.small" for name in STORED})
        self.assertEqual(list((self.dir / "temporary").iterdir()), [])
        self.assertFalse((self.dir / "made").exists())
        calls = trace.read_text()
        # Itself alone, and maybe by way of a program of its name (package_suite_test.py).
        started = re.findall(r'execve(?:at)?\([^"]*"([^"]*)"', calls)
        self.assertEqual({path.rpartition("/")[2] for path in started}, {support.EXECUTABLE.name})
        self.assertNotRegex(calls, r"\b(socket|connect)\(")
        for path in re.findall(r'openat\([^"]*"([^"]*)"[^)]*O_CREAT', calls):
            self.assertTrue(path.startswith("out/"), path)

    def test_as_events_they_end_for_good_one_by_one_and_the_last_is_served(self):
        for name, body in {**FILES, "last.png": PICTURE}.items():
            (self.store / "photos" / name).write_bytes(body)
        names = [*FILES, "last.png"]
        events = self.write("events.jsonl", "".join(json.dumps(support.event(name)) + "\n" for name in names))
        for isolation in ("process", "none"):
            done = self.run_it("replay", events, "--isolation", isolation, MINIATURA_DEST=f"s3://thumbs/{isolation}/")
            self.assertEqual(done.code, 1, done.err)
            for name, reply in zip(names, done.json_lines(), strict=True):
                with self.subTest(name):
                    wanted = ("stored" if name in (*STORED, "last.png") else "skipped" if name == "empty.jpg" else "failed")
                    self.assertEqual(reply[wanted], 1, reply)


if __name__ == "__main__":
    support.main()
