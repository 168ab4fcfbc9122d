"""What bench/run measures the package with: programs that start others, and the reader of the linker's map."""
import json
import struct
import subprocess
import sys
import unittest

import support

sys.path.insert(0, str(support.ROOT / "bench"))
import link_map  # noqa: E402

START, FLOOR = (support.EXECUTABLE.parent / name for name in ("bench_start", "bench_floor"))


class Start(support.Case):
    def ask(self, *requests):
        text = "".join("\t".join(map(str, request)) + "\n" for request in requests)
        done = subprocess.run([START], input=text, capture_output=True, text=True, timeout=support.TIMEOUT_S, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_a_program_is_measured_to_its_first_poll_while_it_waits(self):
        log = self.dir / "log"
        for words in ([FLOOR], ["HOME=/", f"MINIATURA_JOURNAL={self.dir}/journal.db", "MINIATURA_DEST=s3://thumbs/",
                                "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", support.EXECUTABLE, "lambda"]):
            reply, = self.ask(("poll", log, *words))
            self.assertEqual(set(reply), {"ms", "cpu_ms", "minor_faults", "major_faults", "peak_kb", "anonymous_kb"}, reply)
            self.assertTrue(reply["ms"] > 0 and reply["cpu_ms"] > 0 and reply["minor_faults"] > 0, reply)
            self.assertGreater(reply["peak_kb"], 100)
            self.assertLess(reply["anonymous_kb"], reply["peak_kb"])

    def test_a_program_is_measured_to_its_end_with_its_own_variables_and_its_words_in_the_log(self):
        log = self.dir / "log"
        reply, = self.ask(("exit", log, "ONE=a=b", "/usr/bin/env"))
        self.assertEqual(set(reply), {"ms", "cpu_ms", "minor_faults", "major_faults"}, reply)
        self.assertEqual(log.read_text(), "ONE=a=b\n")
        self.ask(("exit", log, "/bin/sh", "-c", "echo said >&2"))
        self.assertEqual(log.read_text(), "said\n")

    def test_what_neither_polls_nor_ends_well_is_an_error_and_the_next_request_is_answered(self):
        log = self.dir / "log"
        replies = self.ask(("poll", log, "/bin/true"), ("exit", log, "/bin/false"), ("exit", log, self.dir / "none"), ("exit", log),
                           ("wait", log, "/bin/true"), ("exit", self.dir / "none/log", "/bin/true"), ("exit", log, FLOOR))
        self.assertEqual([list(reply) for reply in replies[:-1]], [["error"]] * 6)
        self.assertIn("no poll", replies[0]["error"])
        self.assertIn("ms", replies[-1])


MAP = """
Discarded input sections

 .text          0x0000000000000000       0x10 /usr/lib/libz.a(dropped.o)

Linker script and memory map

LOAD /usr/lib/libz.a
.text           0x0000000000001000       0x30
 *(.text)
 .text          0x0000000000001000       0x10 /usr/lib/libz.a(inflate.o)
                0x0000000000001000                inflate
 *fill*         0x0000000000001010        0x8
 .text._ZN9miniatura1fEv
                0x0000000000001018        0x8 /tmp/ccX.ltrans0.ltrans.o
 .text          0x0000000000001020        0x4 libminiatura_runtime.a(json.cc.o)
 .text          0x0000000000001024        0x0 /usr/lib/libm.a(nothing.o)
 .text          0x0000000000001024        0x4 /usr/lib/crt1.o
 .bss           0x0000000000002000     0x1000 /usr/lib/libz.a(inflate.o)
 .bss._ZN9miniatura1gE
                0x0000000000003000        0x8 /tmp/ccX.ltrans0.ltrans.o
 .debug_info    0x0000000000000010       0x10 /usr/lib/libz.a(inflate.o)
"""


class LinkMap(unittest.TestCase):
    def test_a_piece_is_its_librarys_and_what_is_not_in_the_file_is_nobodys(self):
        self.assertEqual([(piece.address, piece.size, piece.library) for piece in link_map.pieces_of(MAP)],
                         [(0x1000, 0x10, "libz"), (0x1018, 8, link_map.OURS), (0x1020, 4, link_map.OURS), (0x1024, 4, "libc")])

    def test_an_address_is_its_pieces(self):
        libraries = link_map.Libraries(MAP)
        found = {0xfff: None, 0x1000: "libz", 0x100f: "libz", 0x1010: None, 0x1018: link_map.OURS, 0x1027: "libc", 0x1028: None}
        self.assertEqual({address: libraries.at(address) for address in found}, found)


class Shares(support.Case):
    def test_bytes_are_counted_where_the_file_holds_them(self):
        # One segment: what lies at 0x1000 in memory lies at 64 + 56 in the file.
        offset, content = 120, bytes(16) + b"ABCDEFGH" * 3
        header = b"\x7fELF\x02".ljust(32, b"\0") + struct.pack("<QQIHHHHHH", 64, 0, 0, 64, 56, 1, 0, 0, 0)
        segment = struct.pack("<IIQQQQQQ", 1, 5, offset, 0x1000, 0, len(content), 0x3000, 4096)
        path = self.dir / "program"
        path.write_bytes(header + segment + content)
        executable = link_map.Executable(path)
        self.assertEqual(executable.bytes_at(0x1018, 8), b"ABCDEFGH")
        self.assertIsNone(executable.bytes_at(0x1020, 16))
        shares = link_map.shares(MAP, executable)
        self.assertEqual({library: share.size for library, share in shares.items()}, {"libz": 16, link_map.OURS: 12, "libc": 4})
        self.assertLess(shares["libz"].zipped, 16)


if __name__ == "__main__":
    unittest.main(verbosity=2)
