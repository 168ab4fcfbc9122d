"""The package for arm64, under qemu: it starts, and makes thumbnails of each kind of picture.

In the long form (MINIATURA_LONG=1) alone: the cross build takes minutes. qemu has no seccomp and no Landlock: the walls of
`--isolation process` are tested where there is a processor for them.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import support

PACKAGE = support.ROOT / "dist/arm64/bootstrap"
PICTURES = [support.PHOTO, *(support.ROOT / "tests/images" / name for name in (
    "jpeg-progressive.jpg", "png-palette-8.png", "webp-lossy.webp", "tiff-lzw.tiff", "gif-plain.gif", "bmp-24.bmp", "heic-plain.heic",
    "avif-plain.avif"))]


def run_by(program, *arguments):
    return subprocess.run([*program, *arguments], capture_output=True, text=True, timeout=support.TIMEOUT_S,
                          env={"MINIATURA_JOURNAL": "none"})


def run(*arguments):
    return run_by([support.tool("qemu-aarch64-static"), PACKAGE], *arguments)


class Arm64(unittest.TestCase):
    def test_it_is_for_arm64_and_static(self):
        header = subprocess.run(["readelf", "-W", "-h", "-l", PACKAGE], capture_output=True, text=True, check=True).stdout
        self.assertIn("AArch64", header)
        self.assertNotIn("INTERP", header)

    def test_it_starts(self):
        self.assertRegex(run("--version").stdout, r"^miniatura \d")

    def test_pictures_of_each_kind_become_the_thumbnails_of_each_kind_that_they_become_here_byte_for_byte(self):
        presets = "a=64x64:jpeg,b=64x64:png,c=64x64:webp,d=64x64:avif"
        made = []
        for program in ([support.tool("qemu-aarch64-static"), PACKAGE], [support.EXECUTABLE]):
            with tempfile.TemporaryDirectory() as directory:
                done = run_by(program, "thumb", *PICTURES, "-o", directory, "--presets", presets)
                self.assertEqual(done.returncode, 0, done.stderr)
                made.append({path.name: path.read_bytes() for path in pathlib.Path(directory).iterdir()})
        self.assertEqual(len(made[0]), 4 * len(PICTURES))
        self.assertEqual([name for name in made[0] if made[0][name] != made[1].get(name)], [])


if __name__ == "__main__":
    if os.environ.get("MINIATURA_LONG") != "1":
        print("SKIPPED: the package for arm64 is built by infra/test.sh --all", flush=True)
        sys.exit(77)
    if not PACKAGE.exists():
        print(f"FAILED: no {PACKAGE} (infra/package.sh --arch arm64 makes it)", flush=True)
        sys.exit(1)
    support.main("qemu-aarch64-static")
