"""What may be wrong where the package runs, or go wrong meanwhile: it says what, and no event is lost."""
import struct
import zlib

import sandbox
import servers
import support
from lambda_case import PICTURE, CredentialsHost, LambdaCase, RuntimeApi, payload, s3_of
from name_server import NameServer
from tls_test import Ear

HOST = "s3.test.example"
CERTIFICATE = "/var/task/authority.pem"
DECODED_BYTES_MAX = sandbox.MEMORY_MB * 2**20 // 10 * 4


# Of one colour, all of their pixels.

def plain_png(side, colour=2, pixel=b"\x80" * 3):
    row = b"\0" + pixel * side
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return (b"\x89PNG\r\n\x1a\n" + support.png_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, colour, 0, 0, 0))
            + support.png_chunk(b"IDAT", packed) + support.png_chunk(b"IEND", b""))


def plain_png_with_alpha(side):
    return plain_png(side, 6, b"\x80" * 4)


def plain_bmp(side):
    """`side` is a multiple of four."""
    pixels = b"\x80" * (side * side * 3)
    return (b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, len(pixels), 0, 0, 0, 0) + pixels)


def plain_tiff(side):
    """In one strip."""
    pixels = b"\x80" * (side * side * 3)
    tags = [(256, 4, side), (257, 4, side), (258, 3, 8), (259, 3, 1), (262, 3, 2), (273, 4, 8), (277, 3, 3),
            (278, 4, side), (279, 4, len(pixels))]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + struct.pack("<H", len(tags)) + entries + b"\0\0\0\0"


class Faults(sandbox.SandboxCase, LambdaCase):
    def setUp(self):
        super().setUp()
        self.names = NameServer(self, {HOST: "127.0.0.1"})
        self.env["MINIATURA_STORE"] = "s3:"

    def serve_in(self, *payloads, **env):
        """In a sandbox, which is a usual one if there is none yet."""
        self.sandbox = self.sandbox or sandbox.Sandbox(self)
        api = RuntimeApi(self, *payloads)
        done = self.run_lambda(api, **env)
        self.assertEqual(self.sandbox.killed(), 0, "memory was out")
        return api, done

    @staticmethod
    def by_name(variables):
        return {**variables, "AWS_ENDPOINT_URL_S3": variables["AWS_ENDPOINT_URL_S3"].replace("127.0.0.1", HOST)}

    def a_store(self):
        return self.by_name(s3_of(self, ["AKIDEXAMPLE"]).variables)

    def warnings(self, done):
        """Of the journal: (whose event, the message)."""
        said = [line for _, line in self.lines(done) if line["level"] == "WARN"]
        self.assertEqual({line["error"]["code"] for line in said} - {"journal.unavailable"}, set())
        for line in said:
            self.assertIn("/tmp/miniatura-journal.db", line["error"]["message"])
        return [line["function_request_id"] for line in said]

    # Where files are written.

    def test_a_tmp_that_cannot_be_written_is_a_warning_an_event(self):
        self.sandbox = sandbox.Sandbox(self, tmp=None)
        api, done = self.serve_in(payload("a.png"), payload("b.png"), **self.a_store())
        self.assertEqual([body.get("stored") for _, _, body in api.posts], [1, 1], done.err)
        self.assertEqual(self.warnings(done), ["r1", "r0"])

    def test_a_tmp_that_is_full_or_fills_up_meanwhile_is_the_same(self):
        for fills_after, expected in ((0, ["r2", "r1", "r0"]), (1, ["r1", "r0"])):
            with self.subTest(fills_after=fills_after):
                self.sandbox = sandbox.Sandbox(self, tmp="size=1m")

                def full(event, place=self.sandbox.root / "tmp/filler"):
                    with open(place, "wb", buffering=0) as file, self.assertRaisesRegex(OSError, "No space"):
                        while True:
                            file.write(bytes(4096))
                    return event
                events = [payload("a.png"), payload("b.png"), payload("c.png")]
                waiting = [lambda i=i: full(events[i]) if i == fills_after else events[i] for i in range(3)]
                api, done = self.serve_in(*waiting, **self.a_store())
                self.assertEqual([body.get("stored") for _, _, body in api.posts], [1, 1, 1], done.err)
                self.assertEqual(self.warnings(done), expected)

    # Memory.

    def serve_pictures(self, *pictures):
        left = list(pictures)
        s3 = s3_of(self, ["AKIDEXAMPLE"])
        s3.answers["GET", "photos"] = lambda _: left.pop(0)
        return self.serve_in(*(payload(f"{i}.x") for i, _ in enumerate(pictures)), **self.by_name(s3.variables))

    def test_a_picture_that_memory_is_too_little_for_is_named_with_what_it_needs_and_the_next_is_served(self):
        api, done = self.serve_pictures(plain_png(5000), PICTURE)
        (_, error_type, body), (_, _, after) = api.posts
        self.assertEqual(error_type, "Function.ImageTooLarge", done.err)
        self.assertIn("photos/0.x", body["errorMessage"])
        self.assertRegex(body["errorMessage"], r"decoding takes about \d{8} bytes")
        self.assertIn(f"over the limit of {DECODED_BYTES_MAX} (limits.decoded_bytes)", body["errorMessage"])
        self.assertEqual(after["stored"], 1)

    def test_what_is_just_admitted_has_room(self):
        kinds = ((plain_png, 3300), (plain_png_with_alpha, 1040), (plain_bmp, 1460), (plain_tiff, 1356))
        self.env["MINIATURA_PRESETS"] = "p=512x512:png,w=512x512:webp,a=512x512:avif,j=512x512:jpeg"
        pictures = [make(int(side * larger) // 4 * 4) for larger in (1, 1.16) for make, side in kinds]
        api, done = self.serve_pictures(*pictures)
        became = [body.get("errorType") or body["stored"] for _, _, body in api.posts]
        self.assertEqual(became, [1] * 4 + ["Function.ImageTooLarge"] * 4, done.err)

    # Processes.

    def test_walled_in_workers_render_where_proc_and_dev_are_there_as_in_lambda_and_else_end_the_start(self):
        self.sandbox = sandbox.Sandbox(self, shared=[("/proc", "ro"), ("/dev", "ro")])
        api, done = self.serve_in(payload("a.png"), payload("b.png"), **self.a_store(), MINIATURA_ISOLATION="process")
        self.assertEqual([body.get("stored") for _, _, body in api.posts], [1, 1], done.err)

        self.sandbox = sandbox.Sandbox(self)
        api, _ = self.serve_in(payload("a.png"), **self.a_store(), MINIATURA_ISOLATION="process")
        (path, _, body), = api.posts
        self.assertEqual(path, "/2018-06-01/runtime/init/error")
        self.assertIn("--isolation process: a worker process cannot be started", body["errorMessage"])
        self.assertEqual(len(api.waiting), 1, "no event is taken")

    # Trust.

    def test_without_a_file_of_authorities_those_built_in_are_trusted_and_a_stranger_is_told_nothing(self):
        authority = servers.Authority(self.dir / "authority")
        ear = Ear(self, *authority.signed("ear", f"DNS:{HOST}"))
        env = {**self.a_store(), "AWS_ENDPOINT_URL_S3": f"https://{HOST}:{ear.port}"}
        api, done = self.serve_in(payload("a.png"), **env)
        (_, error_type, body), = api.posts
        self.assertEqual(error_type, "Function.NetworkUntrusted", done.err)
        self.assertRegex(body["errorMessage"], f"{HOST}:{ear.port}.*certificate.*trusted is .*built in")
        self.assertEqual(self.deliveries(done)[0]["deferred"], 1)
        self.assertEqual(ear.heard, [])

        self.sandbox = sandbox.Sandbox(self, files={CERTIFICATE: authority.file.read_bytes()})
        api, done = self.serve_in(payload("a.png"), **env, AWS_CA_BUNDLE=CERTIFICATE)
        self.assertTrue(ear.heard, done.err)

    def test_a_file_of_authorities_that_is_named_and_of_no_use_ends_the_start(self):
        for what, files in (("absent", {}), ("garbage", {CERTIFICATE: "no certificate"})):
            with self.subTest(what):
                self.sandbox = sandbox.Sandbox(self, files=files)
                api, done = self.serve_in(payload("a.png"), **self.a_store(), AWS_CA_BUNDLE=CERTIFICATE)
                (path, error_type, body), = api.posts
                self.assertEqual((path, error_type), ("/2018-06-01/runtime/init/error", "Function.ConfigInvalid"))
                self.assertRegex(body["errorMessage"], f"AWS_CA_BUNDLE.*{CERTIFICATE}")
                self.assertEqual((done.code, len(api.waiting)), (1, 1), "no event is taken")

    # Credentials.

    def test_a_token_that_ends_in_mid_run_is_renewed_and_costs_no_event(self):
        known = ["AKIDOLD"]
        s3, host = s3_of(self, known), CredentialsHost(self, "AKIDOLD", "AKIDNEW")

        def after_its_end():
            known[:] = ["AKIDNEW"]
            return payload("b.png")
        api, done = self.serve_in(payload("a.png"), after_its_end, payload("c.png"),
                                  **{**self.by_name(s3.variables), **host.variables})
        self.assertEqual([body.get("stored") for _, _, body in api.posts], [1, 1, 1], done.err)
        self.assertEqual(len(host.asked), 2)

    def test_a_token_that_ends_and_cannot_be_renewed_defers_its_events_and_says_so(self):
        known = ["AKIDEXAMPLE"]
        s3 = s3_of(self, known)

        def after_its_end():
            known.clear()
            return payload("b.png")
        api, done = self.serve_in(payload("a.png"), after_its_end, payload("c.png"), **self.by_name(s3.variables),
                                  AWS_SESSION_TOKEN="a-token-that-ends")
        self.assertEqual([error_type for _, error_type, _ in api.posts], [None] + ["Function.CredentialsExpired"] * 2)
        for _, _, body in api.posts[1:]:
            self.assertIn("ExpiredToken", body["errorMessage"])
        self.assertEqual([line["deferred"] for line in self.deliveries(done)], [0, 1, 1])

    # Names.

    def test_a_name_that_does_not_resolve_defers_its_event_and_is_named(self):
        quick = "options timeout:1 attempts:1\n"
        for what, resolver, host in (("no such name", f"nameserver {NameServer.ADDRESS}\n", "absent.example"),
                                     ("a server that is not there", f"nameserver 127.0.0.54\n{quick}", HOST),
                                     ("one that is mute", f"nameserver {NameServer.ADDRESS}\n{quick}", HOST),
                                     ("no resolv.conf", None, HOST)):
            with self.subTest(what):
                self.names.mute = "mute" in what
                self.sandbox = sandbox.Sandbox(self, resolver=resolver)
                env = {**self.a_store(), "AWS_ENDPOINT_URL_S3": f"http://{host}:9000"}
                api, done = self.serve_in(payload("a.png"), **env)
                (path, error_type, body), = api.posts
                self.assertTrue(path.endswith("/r0/error"), path)
                self.assertEqual(error_type, "Function.NetworkUnreachable", done.err)
                self.assertRegex(body["errorMessage"], f"(photos|thumbs)/a.png.*resolve.*{host}")
                self.assertEqual(self.deliveries(done)[0]["deferred"], 1)




if __name__ == "__main__":
    sandbox.main("openssl")
