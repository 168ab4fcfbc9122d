"""Whose each byte of a static executable is: what the linker's map says of it.

Ours are linked as one program (LTO), so a source of ours has no bytes of its own; a library that was built by itself has.
"""
import bisect
import dataclasses
import pathlib
import re
import struct
import zlib

OURS = "miniatura"
# "NAME ADDRESS SIZE FILE"; a long name has a line of its own before.
PIECE = re.compile(r"^(?: (\S+))?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S.*)$")
NAME_ALONE = re.compile(r"^ (\S+)$")
NOT_LOADED = re.compile(r"\.(debug|comment|gnu\.lto|bss|tbss)|COMMON")


@dataclasses.dataclass(frozen=True)
class Piece:
    address: int
    size: int
    library: str


def library_of(file):
    """libheif of "/usr/lib/libheif.a(box.cc.o)"; OURS of what LTO made."""
    archive = re.search(r"([^/ ]+)\.a(\([^)]*\))?$", file)
    if archive:
        return OURS if archive[1].startswith("libminiatura_") else archive[1]
    return OURS if ".ltrans" in file else "libc"  # crt1.o and its like


def pieces_of(map_text):
    """[Piece] in the order of their addresses: what is loaded of which library. Dropped sections have the address 0."""
    found, name = [], None
    for line in map_text.splitlines():
        match = PIECE.match(line)
        if match:
            address, size = int(match[2], 16), int(match[3], 16)
            if address and size and not NOT_LOADED.match(match[1] or name or ""):
                found.append(Piece(address, size, library_of(match[4])))
        alone = NAME_ALONE.match(line)
        name = alone[1] if alone else None
    return sorted(found, key=lambda piece: piece.address)


class Executable:
    """An ELF file of 64 bits, by the addresses that it is loaded at."""

    def __init__(self, path):
        self.content = pathlib.Path(path).read_bytes()
        assert self.content[:5] == b"\x7fELF\x02", f"{path} is no ELF file of 64 bits"
        start, size, count = (*struct.unpack_from("<Q", self.content, 32), *struct.unpack_from("<HH", self.content, 54))
        headers = [struct.unpack_from("<IIQQQQ", self.content, start + at * size) for at in range(count)]
        self.loaded = [(address, offset, length) for kind, _, offset, address, _, length in headers if kind == 1]

    def bytes_at(self, address, size):
        """None where the file holds none (it is zeros)."""
        for begin, offset, length in self.loaded:
            if begin <= address and address + size <= begin + length:
                return self.content[address - begin + offset:address - begin + offset + size]
        return None


@dataclasses.dataclass
class Share:
    """A library's: bytes in the file, and deflated by themselves."""
    size: int
    zipped: int


def shares(map_text, executable):
    """Library to its Share."""
    parts = {}
    for piece in pieces_of(map_text):
        content = executable.bytes_at(piece.address, piece.size)
        if content is not None:
            parts.setdefault(piece.library, []).append(content)
    return {library: Share(sum(map(len, of)), len(zlib.compress(b"".join(of), 9))) for library, of in parts.items()}


class Libraries:
    """Address to library, many times."""

    def __init__(self, map_text):
        self.pieces = pieces_of(map_text)
        self.starts = [piece.address for piece in self.pieces]

    def at(self, address):
        """None where nobody's."""
        at = bisect.bisect_right(self.starts, address) - 1
        if at < 0 or address >= self.pieces[at].address + self.pieces[at].size:
            return None
        return self.pieces[at].library
