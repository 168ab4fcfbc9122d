"""The package, the static file that is deployed: its start, its size and its work, beside the dynamic release build and a
Node function's. Makes it first (infra/package.sh).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import pictures
import setting
from contenders import PACKAGE, ROOT
from package_size import measure_sizes, print_sizes
from package_start import measure_rest, measure_starts, print_rest, print_starts
from package_work import measure_work, print_work

MAP = ROOT / "build/package-x86_64/miniatura.map"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--corpus", default=pictures.DEFAULT_CORPUS, help="photographs (%(default)s)")
    arguments.add_argument("--starts", type=int, default=40, help="of each (%(default)s)")
    arguments.add_argument("--rounds", type=int, default=15, help="of each work (%(default)s)")
    arguments.add_argument("--made", action="store_true", help="take the package that is there already")
    arguments.add_argument("--json", type=pathlib.Path, help="keep the numbers there")
    given = arguments.parse_args()

    if not given.made:
        subprocess.run([ROOT / "infra/package.sh"], check=True, stdout=sys.stderr)
    print(f"Measured on {setting.machine()}; {setting.our_version()}; {setting.peer_versions()}; {given.starts} starts of each "
          f"after one to warm up, {given.rounds} rounds of each work.\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="miniatura-package-") as name:
        folder = pathlib.Path(name)
        starts = measure_starts(PACKAGE, folder, given.starts)
        print_starts(starts)
        rest = measure_rest(PACKAGE, MAP, folder)
        print_rest(rest)
    sizes = measure_sizes(PACKAGE, PACKAGE.with_name("miniatura-lambda-x86_64.zip"), MAP)
    print_sizes(sizes)
    work = measure_work(PACKAGE, given.corpus, given.rounds)
    print_work(work)
    if given.json:
        given.json.write_text(json.dumps({"starts": starts, "rest": rest, "sizes": sizes, "work": work}))


if __name__ == "__main__":
    main()
