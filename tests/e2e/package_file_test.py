"""The package as a file: static, hardened as Debian's own are, for any processor of its kind."""
import pathlib
import platform
import re
import struct
import subprocess
import unittest
import zipfile

import sandbox
import support

MACHINES = {"Advanced Micro Devices X86-64": "x86_64", "AArch64": "arm64"}
# The first of its kind, of 2003: SSE2, and nothing since. And one of 2008, which knows SSE4 but no AVX.
OLD_PROCESSORS = ("qemu64,-sse3,-cx16", "Nehalem")
SSSE3_AND_NO_CARE = b"int main(void) { __asm__(\"pabsb %xmm0, %xmm0\"); return 0; }"


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, sandbox.PACKAGE], capture_output=True, text=True, check=True).stdout


def architecture():
    return MACHINES[re.search(r"Machine:\s+(.*)", readelf("-h"))[1]]


def zip_path():
    """Beside it, or beside its folder (dist/arm64/bootstrap)."""
    name = f"miniatura-lambda-{architecture()}.zip"
    beside, above = sandbox.PACKAGE.parent / name, sandbox.PACKAGE.parent.parent / name
    return beside if beside.exists() else above


def link_map():
    return support.ROOT / f"build/package-{architecture()}/miniatura.map"


class TheFile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bytes = sandbox.PACKAGE.read_bytes()
        cls.segments = readelf("-l")

    def test_needs_nothing_of_the_system(self):
        self.assertNotIn("INTERP", self.segments)
        self.assertNotRegex(readelf("-d"), r"NEEDED|RPATH|RUNPATH|TEXTREL")
        told = subprocess.run(["ldd", sandbox.PACKAGE], capture_output=True, text=True, check=False)
        self.assertRegex(told.stdout + told.stderr, "statically linked|not a dynamic executable")

    def test_is_anywhere_in_memory(self):
        self.assertRegex(readelf("-h"), r"Type:\s+DYN")
        self.assertRegex(readelf("-d"), r"FLAGS_1.*PIE")

    def test_cannot_be_written_where_it_is_code_or_where_it_finds_its_functions(self):
        stack, = re.findall(r"GNU_STACK.* (R\S*|RW E?)\s+0x", self.segments)
        self.assertEqual(stack.strip(), "RW")
        loaded = re.findall(r"^\s+LOAD(?:\s+0x\w+){5} ([RWE ]{3})", self.segments, re.MULTILINE)
        self.assertIn("R E", loaded)
        self.assertFalse([flags for flags in loaded if "W" in flags and "E" in flags], loaded)
        self.assertIn("GNU_RELRO", self.segments)
        self.assertRegex(readelf("-d"), r"BIND_NOW|FLAGS_1.*NOW")

    def test_guards_its_stack(self):
        if architecture() != "x86_64":
            self.skipTest("canaries are told by x86's way to load them")
        # mov %fs:0x28, register: at the begin of every function that has an array. glibc alone has 300.
        loads = len(re.findall(rb"\x64[\x48\x4c]\x8b[\x04\x0c\x14\x1c\x24\x2c\x34\x3c]\x25\x28\x00\x00\x00", self.bytes))
        self.assertGreater(loads, 2000)

    def test_knows_the_room_of_what_it_copies_to(self):
        if not link_map().exists():
            self.skipTest(f"no {link_map()}: the names of functions are not in the file")
        guarded = set(re.findall(r"libc\.a\((\w+)_chk\.o\)", link_map().read_text(errors="replace")))
        self.assertLessEqual({"read", "snprintf", "strcpy", "vsnprintf"}, guarded)

    def test_tells_nothing_of_where_it_was_made(self):
        self.assertNotRegex(readelf("-S"), r"\.(symtab|debug_\w+)\b")
        for folder in (support.ROOT, f"{pathlib.Path.home()}/", ".tools/package", "build/package"):
            self.assertNotIn(str(folder).encode(), self.bytes)


class AnyProcessor(unittest.TestCase):
    """What newer processors can is asked for at run time: on an old one all formats are read and written."""

    def setUp(self):
        self.shared = support.Case()
        self.shared.setUp()
        self.addCleanup(self.shared.doCleanups)
        if (architecture(), platform.machine()) != ("x86_64", "x86_64"):
            self.skipTest("these are x86's")
        self.emulator = support.tool("qemu-x86_64-static")
        if not self.emulator:
            self.skipTest("no qemu-user-static (infra/setup.sh brings it)")

    def run_on(self, processor, *words):
        return subprocess.run([self.emulator, "-cpu", processor, *map(str, words)], capture_output=True, text=True,
                              timeout=support.TIMEOUT_S, check=False)

    def test_an_old_one_is_good_enough(self):
        images = support.ROOT / "tests/images"
        control = self.shared.dir / "control"
        subprocess.run(["cc", "-static", "-x", "c", "-", "-o", control], input=SSSE3_AND_NO_CARE, check=True)
        self.assertEqual(self.run_on(OLD_PROCESSORS[0], control).returncode, -4, "SIGILL: what is shown here can fail")
        presets = ",".join(f"{kind}{side}={side}x{side}:{kind}" for kind in ("jpeg", "png", "webp", "avif")
                           for side in (16, 40))
        for processor in OLD_PROCESSORS:
            for name in ("jpeg-420.jpg", "jpeg-progressive.jpg", "png-interlaced.png", "webp-lossy.webp", "webp-lossless.webp",
                         "gif-plain.gif", "bmp-24.bmp", "tiff-jpeg.tiff", "heic-plain.heic", "heic-10.heic", "avif-plain.avif",
                         "avif-10.avif"):
                with self.subTest(name, processor=processor):
                    done = self.run_on(processor, sandbox.PACKAGE, "thumb", images / name, "--presets", presets, "-o",
                                       f"{self.shared.dir}/")
                    self.assertEqual(done.returncode, 0, done.stderr)


class TheZip(unittest.TestCase):
    """The rest of it is in package_contents_test.py."""

    def setUp(self):
        if not zip_path().exists():
            self.skipTest(f"no {zip_path()}")

    def test_has_the_architecture_in_its_name_for_a_wrong_one_can_say_nothing(self):
        """The kernel refuses it before a word of ours is run ("exec format error", as Lambda has it)."""
        with zipfile.ZipFile(zip_path()) as archive:
            machine, = struct.unpack("<H", archive.read("bootstrap")[18:20])
        self.assertEqual({62: "x86_64", 183: "arm64"}[machine], zip_path().stem.rpartition("-")[2])


if __name__ == "__main__":
    sandbox.skip_without_package()
    support.main("readelf", "ldd", "cc")
