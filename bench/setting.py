"""Where and with what it was measured, and how its tables are written into README.md."""
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import time

from contenders import EXECUTABLE, PEER, ROOT

README = ROOT / "bench/README.md"


def first_line(*command, pattern=r".*"):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return re.search(pattern, (done.stdout + done.stderr).strip().splitlines()[0]).group(0)


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    return (f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores of {model}, Linux {platform.release()}, load "
            f"{os.getloadavg()[0]:.1f} at the start")


def peer_versions():
    packages = json.loads((PEER / "package-lock.json").read_text())["packages"]
    vips = json.loads(subprocess.run(
        ["node", "-e", "console.log(JSON.stringify(require('sharp').versions))"], cwd=PEER, capture_output=True, text=True,
        check=True).stdout)["vips"]
    return (f"sharp {packages['node_modules/sharp']['version']} (libvips {vips}), Node {first_line('node', '--version')}, "
            f"@aws-sdk/client-s3 {packages['node_modules/@aws-sdk/client-s3']['version']}")


def command_line_versions():
    return (f"{first_line('vipsthumbnail', '--version', pattern=r'vips-[0-9.]+')}, "
            f"{first_line('gm', 'version', pattern=r'GraphicsMagick [0-9.]+')}")


def our_version():
    return first_line(EXECUTABLE, "--version") + " (release)"


def median(values):
    return statistics.median(values)


def spread(values, digits=1):
    """median (least to most)"""
    values = list(values)
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def verdict(value, goal, digits=2):
    return f"{value:.{digits}f}, goal {goal:.{digits}f}: {'met' if value <= goal else '**not met**'}"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def write_between_markers(name, text, readme=README):
    """What stands between <!-- name:begin … --> and <!-- name:end --> becomes `text`."""
    page = pathlib.Path(readme).read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {name}:begin[^>]*-->\n).*?(<!-- {name}:end -->)", re.S)
    if not pattern.search(page):
        raise SystemExit(f"{readme}: no markers of {name}")
    pathlib.Path(readme).write_text(pattern.sub(lambda match: match[1] + "\n" + text.strip() + "\n\n" + match[2], page),
                                    encoding="utf-8")
