"""How large the package is, what of it is whose, and what a Node function brings along."""
import io
import pathlib
import re
import subprocess
import zipfile
import zlib

import link_map
from contenders import EXECUTABLE, PEER
from setting import table, verdict

ZIP_GOAL_MB = 7

# What each library is there for: nothing else needs it.
SERVES = {
    "JPEG": ("libjpeg",),
    "PNG": ("libpng16", "libdeflate"),
    "WebP": ("libwebp", "libwebpdemux", "libwebpmux", "libsharpyuv"),
    "TIFF": ("libtiff",),
    "GIF, BMP; around TIFF; the plain engine": ("libGraphicsMagick", "libGraphicsMagick++"),
    "HEIC": ("libde265",),
    "AVIF in": ("libdav1d",),
    "AVIF out": ("libaom",),
    "HEIC's and AVIF's container": ("libheif",),
    "PNG's and TIFF's deflate": ("libz",),
    "colour profiles": ("liblcms2",),
    "TLS, signatures": ("libssl", "libcrypto"),
    "HTTP": ("libcurl",),
    "S3's XML": ("libxml2",),
    "journal, inbox": ("libsqlite3",),
    "RabbitMQ": ("librabbitmq",),
    "metrics": ("libprometheus-cpp-core",),
    "walls around workers": ("libseccomp",),
    "text": ("libfmt",),
    "C and C++": ("libc", "libm-2.36", "libm", "libmvec", "libstdc++", "libgcc", "libgcc_eh"),
    "miniatura itself": (link_map.OURS,),
}


def purpose_of(library):
    found = [purpose for purpose, libraries in SERVES.items() if library in libraries]
    if not found:
        raise SystemExit(f"bench/package_size.py does not say what {library} is for")
    return found[0]


def needs_of(program):
    """(number, bytes) of the shared libraries that the dynamic linker loads for a program."""
    said = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False).stdout
    files = {pathlib.Path(path).resolve() for path in re.findall(r"(/\S+) \(0x", said)}
    return len(files), sum(file.stat().st_size for file in files)


def zipped_bytes(folder):
    """Of all files below it, as a function is handed to Lambda."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return packed.tell()


def node_program():
    return pathlib.Path(subprocess.run(["node", "-p", "process.execPath"], capture_output=True, text=True,
                                       check=True).stdout.strip())


def measure_sizes(package, archive, map_file):
    """Who to bytes of what is deployed; and of the package library to its bytes."""
    shares = link_map.shares(pathlib.Path(map_file).read_text(errors="replace"), link_map.Executable(package))
    node = node_program()
    libraries, library_bytes = needs_of(EXECUTABLE)
    node_libraries, node_library_bytes = needs_of(node)
    return {
        "package": {"bytes": package.stat().st_size, "zipped": archive.stat().st_size, "libraries": needs_of(package)[0],
                    "needs": 0},
        "dynamic": {"bytes": EXECUTABLE.stat().st_size, "zipped": len(zlib.compress(EXECUTABLE.read_bytes(), 9)),
                    "libraries": libraries, "needs": library_bytes},
        "node": {"bytes": sum(file.stat().st_size for file in PEER.rglob("*") if file.is_file()),
                 "zipped": zipped_bytes(PEER), "libraries": node_libraries,
                 "needs": node.stat().st_size + node_library_bytes},
        "shares": {library: vars(share) for library, share in shares.items()},
    }


def megabytes(count):
    return f"{count / 1e6:.2f}"


def print_sizes(sizes):
    package, dynamic, node, shares = (sizes[of] for of in ("package", "dynamic", "node", "shares"))
    rows = [
        ["the package", megabytes(package["bytes"]), verdict(package["zipped"] / 1e6, ZIP_GOAL_MB), "nothing"],
        ["the dynamic release build", megabytes(dynamic["bytes"]), megabytes(dynamic["zipped"]),
         f"{dynamic['libraries']} shared libraries, {megabytes(dynamic['needs'])} MB"],
        ["Node, sharp and AWS's SDK (node_modules and the handler)", megabytes(node["bytes"]), megabytes(node["zipped"]),
         f"node and {node['libraries']} shared libraries, {megabytes(node['needs'])} MB"],
        ["the package / Node's", f"{package['bytes'] / node['bytes']:.2f}", f"{package['zipped'] / node['zipped']:.2f}", ""],
    ]
    print(table(["what is deployed", "unpacked, MB", "zipped, MB", "what it needs besides"], rows))
    print_shares(shares, package["bytes"])


def print_shares(shares, total):
    purposes = {}
    for library in sorted(shares, key=lambda library: -shares[library]["zipped"]):
        purposes.setdefault(purpose_of(library), []).append(library)

    def row(name, libraries, *more):
        size, zipped = (sum(shares[library][what] for library in libraries) for what in ("size", "zipped"))
        return [name, *more, f"{size / 1e3:,.0f}", f"{zipped / 1e3:,.0f}"]

    rows = [row(purpose, libraries, ", ".join(libraries)) for purpose, libraries in purposes.items()]
    rows.sort(key=lambda cells: -int(cells[-1].replace(",", "")))
    rest = total - sum(share["size"] for share in shares.values())
    rows.append(["headers, alignment, relocations", "", f"{rest / 1e3:,.0f}", ""])
    print(table(["what it serves, and nothing else", "libraries", "kB in the file", "kB zipped by themselves"], rows))
    rows = [row(library, [library]) for libraries in purposes.values() for library in libraries]
    rows.sort(key=lambda cells: -int(cells[-1].replace(",", "")))
    print(table(["library", "kB in the file", "kB zipped by itself"], rows))
