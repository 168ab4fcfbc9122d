#!/usr/bin/env bash
# Measures the release build against Node with sharp and AWS's SDK, and prints Markdown tables.
#
#   bench/run.sh [--runs N] [--events N]      (20 starts of each, 20 events of each)
#
# Numbers mean something on a machine that does nothing else. Leaves nothing running.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
peer=$root/.tools/bench/peer

"$root/infra/setup.sh" build minio bench
PATH=$PATH:$root/.tools/bin
{ cmake -S "$root" --preset release && cmake --build "$root/build/release" -j "$(nproc)"; } >&2

# The lock file names versions and hashes; what is there already is kept.
if ! cmp -s "$root/bench/peer/package-lock.json" "$peer/package-lock.json"; then
  mkdir -p "$peer"
  cp "$root"/bench/peer/package.json "$root"/bench/peer/package-lock.json "$peer/"
  (cd "$peer" && npm ci --omit=dev --no-audit --no-fund >&2) || { rm -f "$peer/package-lock.json"; exit 1; }
fi
cp "$root/bench/peer/peer.mjs" "$peer/"

python3 -B "$root/bench/measure.py" --executable "$root/build/release/miniatura" --peer "$peer/peer.mjs" "$@"
