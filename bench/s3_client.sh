#!/usr/bin/env bash
# Measures requests of the S3 client against curl and boto3 on a MinIO of its own, and prints a Markdown table.
#
#   bench/s3_client.sh [--rounds N]
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/infra/setup.sh" build minio boto3
PATH=$PATH:$root/.tools/bin
{ cmake -S "$root" --preset release && cmake --build "$root/build/release" -j "$(nproc)" --target bench_s3_client; } >&2
python3 -B "$root/bench/s3_client.py" --program "$root/build/release/bench_s3_client" "$@"
