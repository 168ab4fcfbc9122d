"""The package as Lambda runs it: under Lambda's emulator, in a root that holds nothing else, as a user who may nothing, in
128 MB; its S3 is a MinIO that is found by name and speaks TLS.
"""
import contextlib
import os
import pathlib
import re
import sqlite3
import subprocess

import sandbox
import servers
import support
from name_server import NameServer

HOST = "s3.test.example"
IMAGES = support.ROOT / "tests/images"
CERTIFICATE = "/var/task/authority.pem"  # beside the executable, as one adds it to the zip
PICTURES = {  # of each format one, 64 x 48 or so
    "jpeg": "jpeg-420.jpg", "png": "png-16-slope.png", "webp": "webp-lossy.webp", "gif": "gif-plain.gif",
    "bmp": "bmp-24.bmp", "tiff": "tiff-lzw.tiff", "heic": "heic-plain.heic", "avif": "avif-plain.avif"}

FOREIGN_MODULE = rb"""
#include <fcntl.h>
#include <netdb.h>
#include <nss.h>
__attribute__((constructor)) static void be_here(void) { open("/tmp/foreign-was-here", O_CREAT | O_WRONLY, 0644); }
enum nss_status _nss_foreign_gethostbyname4_r(const char* name, void* found, char* buffer, size_t size, int* error,
                                              int* host_error, int* ttl) {
  *host_error = HOST_NOT_FOUND;
  return NSS_STATUS_NOTFOUND;
}
"""

shared, variables, client, authority = None, None, None, None


def setUpModule():
    global shared, variables, client, authority  # pylint: disable=global-statement
    shared = servers.Shared()
    authority = servers.Authority(shared.dir / "authority")
    hosts = f"IP:127.0.0.1,DNS:{HOST},DNS:*.{HOST}"
    variables = servers.start_tls_minio(shared, authority, hosts, MINIO_DOMAIN=HOST)
    client = servers.boto(shared, variables, verify=str(authority.file))


def compile_c(text, to, *options):
    subprocess.run(["cc", "-x", "c", "-", "-o", to, *options], input=text, check=True)


class InLambda(sandbox.SandboxCase):
    def setUp(self):
        super().setUp()
        self.names = NameServer(self, {HOST: "127.0.0.1", "*." + HOST: "127.0.0.1"})
        self.source, self.destination = servers.make_bucket(client), servers.make_bucket(client)
        self.env.update(variables, AWS_CA_BUNDLE=CERTIFICATE, MINIATURA_DEST=f"s3://{self.destination}/",
                        AWS_ENDPOINT_URL_S3=variables["AWS_ENDPOINT_URL_S3"].replace("127.0.0.1", HOST))

    def begin(self, **settings):
        self.emulator = self.start(files={CERTIFICATE: authority.file.read_bytes()}, **settings)

    def upload_event(self, key, body):
        client.put_object(Bucket=self.source, Key=key, Body=body)
        return self.invoke(self.emulator, support.event(key, self.source))

    def stored(self):
        """(format, width, height) by key."""
        keys = [each["Key"] for each in client.list_objects_v2(Bucket=self.destination).get("Contents", [])]
        return {key: support.size_of(client.get_object(Bucket=self.destination, Key=key)["Body"].read()) for key in keys}

    def test_the_sandbox_is_what_it_says(self):
        self.begin()
        self.invoke(self.emulator, "{}")  # it starts with the first
        process, = self.emulator.children()
        root = pathlib.Path(f"/proc/{process}/root")
        held = [str(path.relative_to(root)) for path in sorted(root.rglob("*")) if not path.is_dir()]
        self.assertEqual(held, ["etc/nsswitch.conf", "etc/resolv.conf", "var/task/authority.pem", "var/task/bootstrap"])
        self.assertEqual(sorted(path.name for path in root.iterdir()), ["etc", "tmp", "var"])
        with self.assertRaisesRegex(OSError, "Read-only"):
            (root / "var/task/x").write_bytes(b"")
        self.assertLessEqual(os.statvfs(root / "tmp").f_blocks * os.statvfs(root / "tmp").f_frsize, 512 * 2**20)
        status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines())
        self.assertEqual(status["Uid"].split(), [str(sandbox.UID)] * 4)
        self.assertEqual(status["Gid"].split(), [str(sandbox.GID)] * 4)
        self.assertEqual((status["Groups"].strip(), status["NoNewPrivs"].strip()), ("", "1"))
        if self.sandbox.cgroup:
            self.assertIn(f":memory:/{self.sandbox.cgroup.name}\n", pathlib.Path(f"/proc/{process}/cgroup").read_text())
        self.assertEqual({int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}, {0})

    def test_an_event_is_served_and_all_is_found_by_name_whatever_modules_the_system_lists(self):
        for modules in (sandbox.DEBIANS_NAMES, sandbox.FOREIGN_NAMES, None):
            for addressing in ("path", "virtual"):
                with self.subTest(modules, addressing=addressing):
                    self.env["MINIATURA_S3_ADDRESSING"] = addressing
                    self.names.asked.clear()
                    self.begin(names=modules)
                    key = f"{addressing}-{self.sandbox.root.name}.jpg"
                    answer = self.upload_event(key, support.PHOTO.read_bytes())
                    self.assertEqual(answer.get("stored"), 1, answer)
                    self.assertEqual(self.stored()[key + "/small.jpg"], ("jpeg", 256, 192))
                    expected = {HOST} if addressing == "path" else {f"{self.source}.{HOST}", f"{self.destination}.{HOST}"}
                    self.assertEqual(set(self.names.asked), expected)
                    self.emulator.stop()

    def test_a_module_that_the_system_lists_and_has_is_not_loaded(self):
        library, loads = self.dir / "libnss_foreign.so.2", self.dir / "loads"
        compile_c(FOREIGN_MODULE, library, "-shared", "-fPIC")
        compile_c(b"#include <netdb.h>\nint main(void) { struct addrinfo* a; return getaddrinfo(\"" + HOST.encode()
                  + b"\", 0, 0, &a) != 0; }", loads, "-static", "-w", "-Wl,--no-warnings")
        listed = subprocess.run(["ldd", library], capture_output=True, text=True, check=True).stdout
        paths = [library, *map(pathlib.Path, re.findall(r"/\S+", listed))]  # libc and its loader
        held = {f"{folder}/{path.name}": path.read_bytes() for path in paths for folder in {path.parent for path in paths[1:]}}
        held[CERTIFICATE] = authority.file.read_bytes()
        self.emulator = self.start(files={**held, "/loads": loads.read_bytes()},
                                   names="hosts: foreign [NOTFOUND=return] files dns\n")
        loaded = self.sandbox.root / "tmp/foreign-was-here"
        done = subprocess.run(["chroot", self.sandbox.root, "/loads"], check=False)
        self.assertEqual((done.returncode, loaded.exists()), (1, True), "who knows no better finds no host")
        loaded.unlink()
        answer = self.upload_event("a.jpg", support.PHOTO.read_bytes())
        self.assertEqual(answer.get("stored"), 1, answer)
        self.assertFalse(loaded.exists())

    def test_a_large_photo_goes_to_five_presets(self):
        sizes = (128, 256, 512, 1024, 1600)
        self.env["MINIATURA_PRESETS"] = ",".join(f"p{size}={size}x{size}" for size in sizes)
        self.begin()
        children = set()
        for key in ("a.jpg", "b.jpg"):
            answer = self.upload_event(key, support.LARGE_PHOTO.read_bytes())
            self.assertEqual(answer.get("stored"), 1, answer)
            children.update(self.emulator.children())
        made = self.stored()
        self.assertEqual((len(made), len(children)), (10, 1))
        for size in sizes:
            kind, width, height = made[f"b.jpg/p{size}.jpg"]
            self.assertEqual((kind, max(width, height)), ("jpeg", size))

    def test_a_file_of_another_architecture_is_refused_by_the_platform_in_its_own_words(self):
        """No word of ours is run: this is what infra/lambda/README.md can say of it."""
        other = bytearray(sandbox.PACKAGE.read_bytes())
        machine = slice(18, 20)  # e_machine: an AArch64 among x86s, and the other way round
        other[machine] = (62 if other[machine] == b"\xb7\0" else 183).to_bytes(2, "little")
        program = self.dir / "bootstrap"
        program.write_bytes(other)
        program.chmod(0o755)
        emulator = support.Emulator(self, self.env, program)
        emulator.invoke(support.event("a.jpg", self.source))
        said = emulator.log.read_text()
        self.assertIn("Runtime.InvalidEntrypoint", said)
        self.assertIn("exec format error", said)

    def test_all_formats_come_in_and_go_out(self):
        formats = ("jpeg", "png", "webp", "avif")
        self.env["MINIATURA_PRESETS"] = ",".join(f"{kind}=32x32:{kind}" for kind in formats)
        self.begin()
        children = set()
        for source, name in PICTURES.items():
            answer = self.upload_event(source, (IMAGES / name).read_bytes())
            self.assertEqual(answer.get("stored"), 1, (name, answer))
            children.update(self.emulator.children())
            made = {each["format"]: max(each["width"], each["height"]) for each in answer["events"][0]["thumbnails"]}
            self.assertEqual(made, dict.fromkeys(formats, 32), name)
        self.assertEqual({kind for kind, _, _ in self.stored().values()}, set(formats))
        self.assertEqual(len(self.stored()), len(PICTURES) * len(formats))
        self.assertEqual(len(children), 1, "one process did it all")

    def test_duplicates_poison_and_what_is_gone_and_the_journal_that_has_it_all(self):
        self.begin()
        picture = support.png(64, 64, support.quarters)
        answer = self.upload_event("a.png", picture)
        self.assertEqual(answer["stored"], 1, answer)
        again = self.invoke(self.emulator, support.event("a.png", self.source))
        self.assertEqual((again["skipped"], again["events"][0]["reason"]), (1, "done"), again)
        poison = self.upload_event("poison.png", support.corrupt_png())
        self.assertEqual(poison["errorType"], "Function.ImageCorrupt", poison)
        self.assertIn(f"{self.source}/poison.png", poison["errorMessage"])
        gone = self.invoke(self.emulator, support.event("never.png", self.source))
        self.assertEqual((gone["skipped"], gone["events"][0]["reason"]), (1, "gone"), gone)
        malformed = self.invoke(self.emulator, "{ no json")
        self.assertEqual(malformed["errorType"], "Function.EventMalformed")
        answer = self.upload_event("b.png", picture)
        self.assertEqual(answer["stored"], 1, answer)

        self.emulator.stop()
        listed = self.run_it("journal", "list", "--json", "--journal", "/tmp/miniatura-journal.db")
        self.assertEqual(listed.code, 0, listed.err)
        outcomes = [(each["key"], each["outcome"]) for each in listed.json_lines()]
        self.assertEqual(sorted(outcomes), [("a.png", "skipped"), ("a.png", "stored"), ("b.png", "stored"),
                                            ("never.png", "skipped"), ("poison.png", "failed")])
        journal = self.sandbox.root / "tmp/miniatura-journal.db"
        with contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])


if __name__ == "__main__":
    sandbox.main("minio", "openssl", "boto3", "aws-lambda-rie")
