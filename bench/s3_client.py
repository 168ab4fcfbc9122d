"""What an S3 request costs: ours, curl's own --aws-sigv4 as the floor, and boto3; on one MinIO, in turn.

    bench/s3_client.sh [--rounds N]

CPU and wall time are those of the client alone and of kept connections: each client does COUNT requests in one process,
and what a process with one request costs is taken off (ours counts from its first answer on).
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("MINIATURA_SOURCE_DIR", str(ROOT))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import servers  # noqa: E402
import support  # noqa: E402

REGION = "us-east-1"
CASES = (("10 KB", 10_000, 1000), ("1 MB", 1_000_000, 100), ("100 MB", 100_000_000, 4))


class Ours:
    def __init__(self, program, variables):
        self.name, self.program, self.env = "miniatura", program, {"PATH": os.environ["PATH"], **variables}

    def run(self, what, size, count):
        done = subprocess.run([self.program, what, str(count), f"s3://bench/{what}-{size}"], check=True,
                              env={**self.env, "MINIATURA_BENCH_BYTES": str(size)}, capture_output=True, text=True)
        seen = json.loads(done.stdout)
        return seen["wall_ms"] / count, seen["cpu_ms"] / count


class Curl:
    def __init__(self, variables, scratch):
        self.name, self.url, self.scratch = "curl --aws-sigv4", variables["AWS_ENDPOINT_URL_S3"], scratch
        self.authority = variables.get("AWS_CA_BUNDLE")
        self.user = f'{variables["AWS_ACCESS_KEY_ID"]}:{variables["AWS_SECRET_ACCESS_KEY"]}'

    def once(self, what, size, count):
        config = self.scratch / "curl.config"
        lines = []
        for _ in range(count):
            lines.append(f'url = "{self.url}/bench/{what}-{size}"\noutput = "/dev/null"')
            if what == "put":
                lines.append(f'upload-file = "{self.scratch}/{size}"')
            if self.authority:
                lines.append(f'cacert = "{self.authority}"')
            lines.append(f'fail\nuser = "{self.user}"\naws-sigv4 = "aws:amz:{REGION}:s3"\nnext')
        config.write_text("\n".join(lines[:-1] + [lines[-1].removesuffix("\nnext")]))
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(["curl", "-q", "--silent", "--show-error", "--config", str(config)], check=True)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return wall * 1e3, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3

    def run(self, what, size, count):
        first = self.once(what, size, 1)
        all_of_them = self.once(what, size, count + 1)
        return tuple((both - one) / count for both, one in zip(all_of_them, first))


class Boto3:
    def __init__(self, client):
        self.name, self.client = "boto3", client

    def once(self, what, size, body):
        if what == "put":
            self.client.put_object(Bucket="bench", Key=f"put-{size}", Body=body)
            return
        stream = self.client.get_object(Bucket="bench", Key=f"get-{size}")["Body"]
        while stream.read(65536):
            pass

    def run(self, what, size, count):
        body = b"x" * size
        self.once(what, size, body)
        cpu, start = time.process_time(), time.perf_counter()
        for _ in range(count):
            self.once(what, size, body)
        return (time.perf_counter() - start) * 1e3 / count, (time.process_time() - cpu) * 1e3 / count


def measure(clients, what, size, count, rounds):
    seen = {client.name: [] for client in clients}
    for _ in range(rounds):  # one after the other, so that all see the same machine
        for client in clients:
            seen[client.name].append(client.run(what, size, count))
    return {name: [statistics.median(column) for column in zip(*values)] for name, values in seen.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    case = unittest.TestCase()  # what it started is stopped at the end, whatever happens
    case.dir = pathlib.Path(tempfile.mkdtemp(prefix="miniatura-bench-"))
    case.addCleanup(shutil.rmtree, case.dir)
    try:
        run(case, arguments)
    finally:
        case.doCleanups()


def run(case, arguments):
    for _, size, _ in CASES:
        (case.dir / str(size)).write_bytes(b"x" * size)
    print("| a request, median | wall ms | CPU ms | wall / curl | CPU / curl |\n|---|---|---|---|---|")
    _, plain = support.start_minio(case)
    compare(case, arguments, plain, servers.boto(case, plain), "HTTP")
    secure = servers.start_tls_minio(case, servers.Authority(case.dir / "authority"))
    compare(case, arguments, secure, servers.boto(case, secure, verify=secure["AWS_CA_BUNDLE"]), "TLS")


def compare(case, arguments, variables, boto, line):
    boto.create_bucket(Bucket="bench")
    for _, size, _ in CASES:
        boto.put_object(Bucket="bench", Key=f"get-{size}", Body=b"x" * size)
    clients = [Ours(arguments.program, variables), Curl(variables, case.dir), Boto3(boto)]
    for what in ("get", "put"):
        for label, size, count in CASES:
            seen = measure(clients, what, size, count, arguments.rounds)
            floor = seen["curl --aws-sigv4"]
            for name, (wall, cpu) in seen.items():
                print(f"| {line}, {what.upper()} {label}, {name} | {wall:.3f} | {cpu:.3f} | {wall / floor[0]:.2f} "
                      f"| {cpu / floor[1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
