"""Makes of the linked executable what is deployed: bootstrap, the zip, the SBOM (SPDX 2.3) and the licences.

    pack.py --executable FILE --map FILE --work DIR --arch ARCH --version V --epoch SECONDS --out DIR

What is in the executable is read from the linker's map, not from a list: a library that components.txt does not name is
an error, one that it names and nobody needs too. So is a licence that would bind who deploys the file (GPL, AGPL).
"""
import argparse
import datetime
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import urllib.parse
import zlib

HERE = pathlib.Path(__file__).resolve().parent
# The runtime libraries' exception lets what they are linked into be under any licence.
FREED_BY = "GCC-exception-3.1"


def components():
    """{name: (from, Debian package, licence)}, in their order."""
    found = {}
    for line in (HERE / "components.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, origin, package, licence = [column.strip() for column in line.split("|")][:4]
            found[name] = (origin, package, licence)
    return found


def is_strong_copyleft(licence):
    """Whether an SPDX expression asks for the GPL or AGPL, with no exception that frees what is linked."""
    return any(re.match(r"A?GPL-", part) and not part.endswith(f" WITH {FREED_BY}")
               for part in re.split(r" (?:AND|OR) |[()]", licence))


def archives_of(link_map):
    """Of which static libraries at least one member is in the executable."""
    text = pathlib.Path(link_map).read_text(errors="replace")
    head = text[:text.index("\nDiscarded input sections")]
    return sorted({match.group(1) for match in re.finditer(r"^(\S+\.a)\([^)]*\)$", head, re.MULTILINE)})


def compiler_component(path):
    name = pathlib.Path(path).name
    return {"libstdc++.a": "libstdc++", "libgcc.a": "libgcc", "libgcc_eh.a": "libgcc"}.get(name, "glibc")


def linked_components(archives, work):
    """The names of the components that these archives belong to."""
    sysroot = work / "sysroot"
    stages = {line.rsplit("-", 1)[0]: work / line for line in (sysroot / "stages").read_text().split()}
    linked = set()
    for archive in archives:
        path = pathlib.Path(archive)
        if path.name.startswith("libminiatura_"):
            continue
        if not path.is_relative_to(sysroot):
            linked.add(compiler_component(archive))
            continue
        owners = [name for name, stage in stages.items() if (stage / path.relative_to(sysroot)).exists()]
        if not owners:
            sys.exit(f"package: {path.name} is linked, and components.txt does not say whose it is")
        linked.add(owners[0])
    return linked, stages


def compiler_package(package, arch):
    """(version, licence's text) of what came with the compiler."""
    names = [f"{package}-arm64-cross"] if arch == "arm64" else [package]
    shown = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", *names], capture_output=True, text=True, check=True)
    return shown.stdout, pathlib.Path(f"/usr/share/doc/{names[0]}/copyright").read_text(errors="replace")


def contents(options):
    """[(name, origin, Debian package, licence, version, licence's text)] of what the executable is made of."""
    archives = archives_of(options.map)
    linked, stages = linked_components(archives, options.work)
    found = []
    for name, (origin, package, licence) in components().items():
        if origin not in ("headers",) and name not in linked:
            sys.exit(f"package: nothing of {name} is linked, and components.txt names it")
        if is_strong_copyleft(licence):
            sys.exit(f"package: {name} is under {licence}: it must not be linked")
        if origin == "compiler":
            version, text = compiler_package(package, options.arch)
        else:
            version = (stages[name] / "version").read_text().strip()
            text = (stages[name] / "copyright").read_text(errors="replace")
        found.append((name, origin, package, licence, version, text))
    unnamed = linked - {row[0] for row in found}
    if unnamed:
        sys.exit(f"package: linked, and not in components.txt: {', '.join(sorted(unnamed))}")
    return found


def purl(origin, package, version):
    kind = "?arch=source" if origin == "source" else ""
    return f"pkg:deb/debian/{package}@{urllib.parse.quote(version, safe='.-~')}{kind}"


def whence(origin, package, version):
    if version.startswith("own-"):  # package.sh --with
        return {"sourceInfo": "a source of the builder's own"}
    return {"sourceInfo": f"Debian's {'source ' if origin == 'source' else ''}package {package}",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": purl(origin, package, version)}]}


def spdx(options, rows, digest):
    created = datetime.datetime.fromtimestamp(options.epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def package(identifier, name, version, licence, **more):
        return {"SPDXID": identifier, "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
                "filesAnalyzed": False, "licenseConcluded": licence, "licenseDeclared": licence,
                "copyrightText": "NOASSERTION", **more}

    identifiers = {row[0]: "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", row[0].replace("+", "x")) for row in rows}
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"miniatura-{options.version}-{options.arch}",
        "documentNamespace": f"urn:miniatura:{options.version}:{options.arch}:sha256:{digest}",
        "creationInfo": {"created": created, "creators": ["Tool: miniatura-infra-package"]},
        "packages": [
            package("SPDXRef-miniatura", "miniatura", options.version, "Apache-2.0",
                    checksums=[{"algorithm": "SHA256", "checksumValue": digest}], primaryPackagePurpose="APPLICATION"),
            *(package(identifiers[name], name, version, licence,
                      primaryPackagePurpose="LIBRARY", **whence(origin, deb, version))
              for name, origin, deb, licence, version, _ in rows)],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-miniatura"},
            *({"spdxElementId": "SPDXRef-miniatura", "relationshipType": "STATIC_LINK" if origin != "headers" else "CONTAINS",
               "relatedSpdxElement": identifiers[name]} for name, origin, *_ in rows)],
    }


def licences(options, rows):
    """Ours, then a chapter a component, as Debian tells of it."""
    chapters = [(HERE.parent.parent / "LICENSE").read_text()]
    chapters += [f"{name} {version}: {licence}\n\n{text}" for name, _, _, licence, version, text in rows]
    rule = "\n" + "=" * 100 + "\n"
    return (f"miniatura {options.version}, and what its static executable is made of. The LGPL's libraries can be replaced by your\n"
            "own: the README's \"The package\" says how.\n") + rule + rule.join(chapters)


def deflated(content):
    """As small as deflate makes it: libdeflate's best. The gzip around it is taken off."""
    packed = subprocess.run(["libdeflate-gzip", "-12", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout
    assert packed[:3] == b"\x1f\x8b\x08" and packed[3] == 0, "a plain gzip header"
    return packed[10:-8]


def zipped(name, content):
    """One executable file in a zip, the same bytes for the same content: no time, no owner."""
    body, crc = deflated(content), zlib.crc32(content)
    path, dos_date = name.encode(), 0x21  # 1980-01-01
    common = struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, dos_date, crc, len(body), len(content), len(path), 0)
    local = b"PK\x03\x04" + common + path
    mode = 0o100755 << 16
    central = b"PK\x01\x02" + struct.pack("<H", 3 << 8 | 20) + common + struct.pack("<HHHLL", 0, 0, 0, mode, 0) + path
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1, 1, len(central), len(local) + len(body), 0)
    return local + body + central + end


def write(path, content, mode=0o644):
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    partial.chmod(mode)
    partial.replace(path)


def main():
    parser = argparse.ArgumentParser()
    for name in ("--executable", "--map", "--work", "--out"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    for name in ("--arch", "--version"):
        parser.add_argument(name, required=True)
    parser.add_argument("--epoch", type=int, required=True)
    options = parser.parse_args()
    executable = options.executable.read_bytes()
    rows = contents(options)
    place = options.out if options.arch == "x86_64" else options.out / options.arch
    archive = zipped("bootstrap", executable)
    document = spdx(options, rows, hashlib.sha256(executable).hexdigest())
    write(place / "bootstrap", executable, 0o755)
    write(options.out / f"miniatura-lambda-{options.arch}.zip", archive)
    write(options.out / f"miniatura-{options.arch}.spdx.json", (json.dumps(document, indent=1) + "\n").encode())
    write(options.out / f"licences-{options.arch}.txt", licences(options, rows).encode())
    print(f"package: {place / 'bootstrap'}: {len(executable):,} bytes; "
          f"{options.out / f'miniatura-lambda-{options.arch}.zip'}: {len(archive):,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
