"""What the end-to-end tests share: the executable in a directory of its own, servers, pictures, events.

A test file ends in `support.main("aws-lambda-rie", …)`, naming the servers that it needs. Where one is missing the file
is skipped (exit 77) and says which; with CI=true it fails.
"""
import contextlib
import ctypes
import functools
import http.client
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import zlib

from s3 import S3, S3Error  # noqa: F401  (for those who import this)

ROOT = pathlib.Path(os.environ.get("MINIATURA_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
EXECUTABLE = pathlib.Path(os.environ.get("MINIATURA_EXECUTABLE") or ROOT / "build/dev/miniatura")

PHOTO = ROOT / "infra/demo/photos/waterfall.jpg"  # 450 x 600, EXIF orientation 6: upright it is 600 x 450
LARGE_PHOTO = ROOT / "infra/demo/photos/cairn.jpg"  # 13 megapixels
TIMEOUT_S = 60  # for whatever should take a second: generous, because sanitizers and busy machines are slow


@functools.cache
def is_sanitized():
    """Was the executable built with a sanitizer? That reserves terabytes of address space, and does much at a start."""
    program = EXECUTABLE.read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


def tool(name):
    """Its path, or None: on the PATH, or where infra/setup.sh puts it; Python's packages too."""
    ours = [path for path in (ROOT / ".tools" / folder / name for folder in ("bin", "python", "aws")) if path.exists()]
    return shutil.which(name) or (str(ours[0]) if ours else None)


def skip(why):
    print(f"SKIPPED: {why}", flush=True)
    sys.exit(1 if os.environ.get("CI") == "true" else 77)


def skip_without(*servers):
    missing = [name for name in servers if not tool(name)]
    if missing:
        skip(f"no {', no '.join(missing)} (infra/setup.sh brings it)")


def main(*servers):
    skip_without(*servers)
    unittest.main(verbosity=2)


class Done:
    """How a run of the executable ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json_lines(self):
        return [json.loads(line) for line in self.out.split("\n") if line]

    def error_lines(self):
        return [line for line in self.err.splitlines() if line.startswith("miniatura: ")]


class Case(unittest.TestCase):
    """A directory store with the buckets `photos` and `thumbs`, a journal, and the environment to use them."""

    maxDiff = 4000

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="miniatura-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.store = self.dir / "store"
        for bucket in ("photos", "thumbs"):
            (self.store / bucket).mkdir(parents=True)
        # Nothing of who runs the tests: no profile, no proxy, no journal.
        kept = {name: value for name, value in os.environ.items()
                if name == "PATH" or name.endswith("SAN_OPTIONS")}
        self.env = {**kept, "HOME": str(self.dir), "AWS_EC2_METADATA_DISABLED": "true",
                    "MINIATURA_STORE": f"file://{self.store}", "MINIATURA_DEST": "s3://thumbs/",
                    "MINIATURA_PRESETS": "small=256x256,card=60x40:webp:cover",
                    "MINIATURA_JOURNAL": str(self.dir / "journal.db")}

    def run_it(self, *arguments, stdin="", **env):
        """Runs the executable; None takes a variable out of the environment."""
        environment = {name: value for name, value in {**self.env, **env}.items() if value is not None}
        done = subprocess.run([str(word) for word in self.command(*arguments)], input=stdin.encode(), capture_output=True,
                              env=environment, cwd=self.dir, timeout=TIMEOUT_S, check=False)
        assert_no_secrets(environment, done.stdout + done.stderr)
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def command(self, *arguments):
        return [EXECUTABLE, *arguments]

    def upload(self, key, body):
        path = self.store / "photos" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def write(self, name, text):
        path = self.dir / name
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return path

    def thumbnails(self):
        """What can be seen in the destination: key to bytes."""
        root = self.store / "thumbs"
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    def assert_error(self, done, exit_code, code, *named):
        """One line on stderr, of that code, naming these; and nothing was stored."""
        self.assertEqual(done.code, exit_code, (done.out, done.err))
        lines = done.error_lines()
        self.assertEqual(len(lines), 1, done.err)
        self.assertTrue(lines[0].startswith(f"miniatura: {code}: "), lines[0])
        for name in named:
            self.assertIn(str(name), lines[0])
        self.assertEqual(self.thumbnails(), {})


def event(key, bucket="photos", size=1, etag=None):
    """S3's own, for one upload."""
    thing = {"key": urllib.parse.quote_plus(key, safe="/"), "size": size, "sequencer": f"{time.time_ns():018X}"}
    if etag:
        thing["eTag"] = etag
    return {"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
                         "eventTime": "2026-03-08T17:50:14.001Z", "eventName": "ObjectCreated:Put",
                         "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket}, "object": thing}}]}


# Pictures, made and read without a library.

def png(width, height, colour_at):
    """An RGB picture; colour_at(x, y) gives (r, g, b)."""
    rows = b"".join(b"\0" + b"".join(bytes(colour_at(x, y)) for x in range(width)) for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b""))


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def quarters(x, y, size=64):
    """Red, green / blue, white."""
    return [[(255, 0, 0), (0, 255, 0)], [(0, 0, 255), (255, 255, 255)]][y >= size // 2][x >= size // 2]


def corrupt_png():
    """A right header, and then nonsense."""
    good = png(64, 64, quarters)
    return good[:33] + png_chunk(b"IDAT", b"\xff" * 200) + png_chunk(b"IEND", b"")


def huge_png(side=60_000):
    """A header that promises 3,600 megapixels, in 100 bytes."""
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + png_chunk(b"IDAT", zlib.compress(b"\0" * 64)) + png_chunk(b"IEND", b""))


def size_of(image):
    """(format, width, height), and that the file is whole; raises ValueError for anything else."""
    if image[:2] == b"\xff\xd8":
        if image[-2:] != b"\xff\xd9":
            raise ValueError("a JPEG without its end")
        at = 2
        while at + 9 < len(image):
            marker, length = image[at + 1], struct.unpack(">H", image[at + 2:at + 4])[0]
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                height, width = struct.unpack(">HH", image[at + 5:at + 9])
                return "jpeg", width, height
            at += 2 + length
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        if struct.unpack("<I", image[4:8])[0] + 8 != len(image):
            raise ValueError("a WebP of another length than it says")
        if image[12:16] == b"VP8 ":
            width, height = struct.unpack("<HH", image[26:30])
            return "webp", width & 0x3FFF, height & 0x3FFF
        if image[12:16] == b"VP8L":
            bits = struct.unpack("<I", image[21:25])[0]
            return "webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if image[12:16] == b"VP8X":
            return ("webp", int.from_bytes(image[24:27], "little") + 1, int.from_bytes(image[27:30], "little") + 1)
    if image[:8] == b"\x89PNG\r\n\x1a\n" and image[-8:-4] == b"IEND":
        return "png", *struct.unpack(">II", image[16:24])
    if image[4:12] == b"ftypavif":
        at = image.index(b"ispe") + 8
        return "avif", *struct.unpack(">II", image[at:at + 8])
    raise ValueError(f"no whole picture: {image[:16]!r}, {len(image)} bytes")


def png_pixels(image):
    """Rows of (r, g, b) of an 8-bit RGB or RGBA PNG that is not interlaced."""
    width, height, depth, colour = struct.unpack(">IIBB", image[16:26])
    assert depth == 8 and colour in (2, 6), f"depth {depth}, colour type {colour}"
    at, packed = 8, b""
    while at < len(image):
        length, kind = struct.unpack(">I4s", image[at:at + 8])
        if kind == b"IDAT":
            packed += image[at + 8:at + 8 + length]
        at += 12 + length
    samples = 3 if colour == 2 else 4
    raw, stride, above, rows = zlib.decompress(packed), width * samples, bytes(width * samples), []
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            left = line[i - samples] if i >= samples else 0
            corner = above[i - samples] if i >= samples else 0
            nearest = min((left, above[i], corner), key=lambda p, i=i, l=left, c=corner: abs(l + above[i] - c - p))
            line[i] = line[i] + (0, left, above[i], (left + above[i]) // 2, nearest)[kind] & 255
        above = bytes(line)
        rows.append([tuple(line[x * samples:x * samples + 3]) for x in range(width)])
    return rows


# Servers.

def free_ports(count):
    """Picked by the kernel, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


def wait_for(what, name="", timeout_s=TIMEOUT_S):
    """Until it gives something that is true; gives that."""
    until = time.monotonic() + timeout_s
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"waited in vain for {name or what}")
        time.sleep(0.02)


def die_with_parent():
    """In the child: SIGTERM when this process goes, however it goes."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN")


def assert_no_secrets(env, said):
    """Whatever the executable is asked for, and however it fails: what it is told in secret it never repeats. (But the
    session's token, which is a part of a presigned URL.)"""
    token = urllib.parse.quote(env.get("AWS_SESSION_TOKEN", ""), safe="")
    said = said.replace(f"X-Amz-Security-Token={token}".encode(), b"")
    for name in SECRETS:
        if len(env.get(name, "")) >= 8 and env[name].encode() in said:  # a shorter one is in any text
            raise AssertionError(f"{name} is shown: {said.decode(errors='replace')}")


class Server:
    """A process that is ours to stop. `ready` is asked until it says yes."""

    def __init__(self, case, arguments, env, ready, log):
        self.log, self.env = pathlib.Path(log), env
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [str(word) for word in arguments], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, env=env, cwd=case.dir, preexec_fn=die_with_parent)
        case.addCleanup(self.stop)
        until = time.monotonic() + TIMEOUT_S
        while not self.answers(ready):
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"{arguments[0]} did not start: {self.log.read_text(errors='replace')}")
            time.sleep(0.02)

    @staticmethod
    def answers(ready):
        try:
            return ready()
        except OSError:
            return False

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert_no_secrets(self.env, self.log.read_bytes() if self.log.exists() else b"")


def start_minio(case, **settings):
    """Gives (S3 client, variables for the executable); the buckets are there. `settings` are further variables of its own."""
    port, = free_ports(1)
    secret = secrets.token_hex(20)

    def ready():
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/minio/health/ready")
            return connection.getresponse().status == 200

    Server(case, [tool("minio"), "server", case.dir / "minio", "--address", f"127.0.0.1:{port}"],
           {**minio_variables(case, secret), **settings}, ready, case.dir / "minio.log")
    client = S3(f"127.0.0.1:{port}", "tests", secret)
    for bucket in ("photos", "thumbs"):
        client.make_bucket(bucket)
    return client, s3_variables(f"http://127.0.0.1:{port}", secret)


def minio_variables(case, secret):
    return {"PATH": os.environ["PATH"], "HOME": str(case.dir), "MINIO_ROOT_USER": "tests",
            "MINIO_ROOT_PASSWORD": secret, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off",
            "MINIO_DOMAIN": "s3.localhost"}  # of which each bucket is a host, too


def s3_variables(url, secret):
    """What the executable needs to speak to such a server."""
    return {"MINIATURA_STORE": "s3:", "AWS_ENDPOINT_URL_S3": url, "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": secret, "AWS_REGION": "us-east-1"}


class Emulator(Server):
    """Lambda's own Runtime Interface Emulator with the executable as the custom runtime in it, or another `program`."""

    def __init__(self, case, env, program=EXECUTABLE.parent / "bootstrap"):
        invoke, api = free_ports(2)
        self.address = f"127.0.0.1:{invoke}"
        super().__init__(
            case, [tool("aws-lambda-rie"), "--runtime-interface-emulator-address", self.address,
                   "--runtime-api-address", f"127.0.0.1:{api}", program, "handler"],
            env, lambda: socket.create_connection(("127.0.0.1", invoke), 5).close() is None, case.dir / "lambda.log")

    def invoke(self, payload):
        """The text of the answer."""
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)
        connection.request("POST", "/2015-03-31/functions/function/invocations",
                           payload if isinstance(payload, str) else json.dumps(payload))
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    def children(self):
        """The process ids of what it started."""
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(stat.read_text().rpartition(")")[2].split()[1]) == self.process.pid:
                    found.append(int(stat.parent.name))
        return found

    def log_lines(self):
        """The function's own lines: one JSON object each."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith('{"level"')]
