"""What is in the package: one static executable, the libraries and licences that are said to be in it, and no more."""
import hashlib
import importlib.util
import json
import os
import pathlib
import re
import stat
import subprocess
import sys
import tempfile
import unittest
import zipfile

import support

ARCH = "x86_64"
PACKAGE = pathlib.Path(os.environ.get("MINIATURA_PACKAGE") or support.ROOT / "dist/bootstrap")
DIST = PACKAGE.parent
ZIP_BYTES_MAX = 7_000_000

spec = importlib.util.spec_from_file_location("pack", support.ROOT / "infra/package/pack.py")
pack = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pack)


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, PACKAGE], capture_output=True, text=True, check=True).stdout


class Executable(unittest.TestCase):
    def test_it_needs_no_library_and_no_loader(self):
        self.assertNotIn("INTERP", readelf("-l"))
        self.assertNotIn("(NEEDED)", readelf("-d"))

    def test_it_is_hardened(self):
        self.assertRegex(readelf("-h"), r"Type:\s+DYN \(Position-Independent")
        self.assertRegex(readelf("-l"), r"GNU_STACK .* RW +0x")
        self.assertRegex(readelf("-l"), r"GNU_RELRO")
        self.assertRegex(readelf("-d"), r"FLAGS_1\).*NOW")

    def test_no_segment_can_be_written_and_executed(self):
        self.assertNotRegex(readelf("-l"), r"LOAD .* RWE")

    def test_it_tells_no_path_of_the_machine_that_built_it(self):
        told = re.findall(re.escape(str(support.ROOT).encode()) + rb"[\x20-\x7e]*", PACKAGE.read_bytes())
        self.assertEqual(told[:3], [])


class Zip(unittest.TestCase):
    def test_it_holds_the_executable_alone_and_whole(self):
        with zipfile.ZipFile(DIST / f"miniatura-lambda-{ARCH}.zip") as archive:
            self.assertIsNone(archive.testzip())
            (entry,) = archive.infolist()
            self.assertEqual(entry.filename, "bootstrap")
            self.assertEqual(entry.external_attr >> 16, stat.S_IFREG | 0o755)
            self.assertEqual(archive.read(entry), PACKAGE.read_bytes())

    def test_it_is_smaller_than_a_photograph(self):
        self.assertLessEqual((DIST / f"miniatura-lambda-{ARCH}.zip").stat().st_size, ZIP_BYTES_MAX)

    def test_other_programs_unpack_it(self):
        unzip = support.tool("unzip")
        if unzip is None:
            self.skipTest("no unzip")
        subprocess.run([unzip, "-tq", DIST / f"miniatura-lambda-{ARCH}.zip"], check=True, capture_output=True)


class Licences(unittest.TestCase):
    def setUp(self):
        self.document = json.loads((DIST / f"miniatura-{ARCH}.spdx.json").read_text())
        self.packages = {package["name"]: package for package in self.document["packages"]}

    def test_nothing_in_it_is_under_the_gpl(self):
        for name, package in self.packages.items():
            self.assertFalse(pack.is_strong_copyleft(package["licenseConcluded"]), f"{name}: {package['licenseConcluded']}")

    def test_the_gpl_is_known_when_seen(self):
        for licence in ("GPL-2.0-only", "MIT AND GPL-2.0-or-later", "(MIT OR AGPL-3.0-only)",
                        "GPL-3.0-or-later WITH Classpath-exception-2.0"):
            self.assertTrue(pack.is_strong_copyleft(licence), licence)
        for licence in ("LGPL-3.0-or-later", "GPL-3.0-or-later WITH GCC-exception-3.1", "Apache-2.0"):
            self.assertFalse(pack.is_strong_copyleft(licence), licence)

    def test_encoders_under_the_gpl_are_not_there_whatever_the_list_says(self):
        self.assertIsNone(re.search(rb"x265|x264|HEVC encoder", PACKAGE.read_bytes()))

    def test_the_list_names_what_the_executable_is_made_of(self):
        self.assertEqual(set(self.packages), {"miniatura", *pack.components()})
        for name, package in self.packages.items():
            self.assertTrue(package["versionInfo"], name)
        linked = {name for name, (origin, *_) in pack.components().items() if origin in ("source", "binary")}
        self.assertLessEqual({"openssl", "curl", "libxml2", "graphicsmagick", "sqlite", "libheif", "dav1d"}, linked)

    def test_the_list_is_of_this_executable(self):
        digest = hashlib.sha256(PACKAGE.read_bytes()).hexdigest()
        self.assertEqual(self.packages["miniatura"]["checksums"], [{"algorithm": "SHA256", "checksumValue": digest}])

    def test_the_list_is_spdx(self):
        self.assertEqual(self.document["spdxVersion"], "SPDX-2.3")
        identifiers = [self.document["SPDXID"], *(package["SPDXID"] for package in self.document["packages"])]
        self.assertEqual(len(identifiers), len(set(identifiers)))
        for identifier in identifiers:
            self.assertRegex(identifier, r"^SPDXRef-[A-Za-z0-9.-]+$")
        related = {relation["relatedSpdxElement"] for relation in self.document["relationships"]}
        self.assertEqual(related, set(identifiers) - {"SPDXRef-DOCUMENT"})

    def test_a_library_of_the_builders_own_is_not_said_to_be_debians(self):
        self.assertNotIn("externalRefs", pack.whence("source", "libheif", "own-0123456789abcdef"))
        self.assertEqual(pack.whence("source", "libheif", "1.15.1-1")["externalRefs"][0]["referenceLocator"],
                         "pkg:deb/debian/libheif@1.15.1-1?arch=source")

    def test_each_licence_ships(self):
        text = (DIST / f"licences-{ARCH}.txt").read_text()
        for name, package in self.packages.items():
            if name != "miniatura":
                self.assertIn(f"\n{name} {package['versionInfo']}: {package['licenseConcluded']}\n", text)


class Map(unittest.TestCase):
    """What the packing reads of the linker's map."""

    def test_a_library_counts_when_a_member_of_it_is_linked(self):
        with tempfile.NamedTemporaryFile("w", suffix=".map") as link_map:
            link_map.write("Archive member included to satisfy reference by file (symbol)\n\n"
                           "/usr/lib/liba.a(one.o)\n                              main.o (one)\n\n"
                           "Discarded input sections\n\nLOAD /usr/lib/libb.a\n .text /usr/lib/libb.a(two.o)\n")
            link_map.flush()
            self.assertEqual(pack.archives_of(link_map.name), ["/usr/lib/liba.a"])


if __name__ == "__main__":
    if not PACKAGE.exists():
        print(f"SKIPPED: no {PACKAGE} (infra/package.sh makes it)", flush=True)
        sys.exit(1 if os.environ.get("CI") == "true" else 77)
    unittest.main(verbosity=2)
