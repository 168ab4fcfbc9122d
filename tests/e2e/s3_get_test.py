"""`miniatura s3 get`: whole files or none, fixed memory, and stores and readers that go away."""
import http.server
import os
import signal
import stat
import subprocess
import threading
import time

import support
from fake_s3 import FakeS3
from s3_case import S3Case


class ToFiles(S3Case):
    def test_without_o_the_file_has_the_name_that_the_key_ends_in(self):
        self.put("dir/deeper/name.txt", b"x")
        done = self.s3("get", "s3://photos/dir/deeper/name.txt")
        self.assertEqual((done.code, done.out, done.err), (0, "name.txt  1 B\n", ""))
        self.put("dir/-", b"a name, too")
        self.assertEqual(self.s3("get", "s3://photos/dir/-").code, 0)
        self.assertEqual(self.files(), ["-", "name.txt"])
        self.assertEqual((self.dir / "-").read_bytes(), b"a name, too")

    def test_a_directory_is_never_written_over(self):
        self.put("store", b"x")
        for arguments in (("s3://photos/store",), ("s3://photos/store", "-o", "store"), ("s3://photos/store", "-o", "store/")):
            self.assert_error(self.s3("get", *arguments), 1, "file.unwritable", "store")
        self.assert_error(self.s3("get", "s3://photos/store", "-o", "absent/x"), 1, "file.unwritable", "absent/x")
        self.assertEqual(self.files(), [])

    def test_what_is_there_is_replaced_with_its_mode_and_a_link_stays_one(self):
        self.put("k", b"new")
        real = self.write("real", "old and longer")
        real.chmod(0o640)
        (self.dir / "link").symlink_to(real)
        self.assertEqual(self.s3("get", "s3://photos/k", "-o", "link").code, 0)
        self.assertEqual((real.read_bytes(), stat.S_IMODE(real.stat().st_mode)), (b"new", 0o640))
        self.assertTrue((self.dir / "link").is_symlink())
        device = os.stat("/dev/null")
        self.assertEqual(self.s3("get", "s3://photos/k", "-o", "/dev/null").code, 0)
        self.assertEqual(os.stat("/dev/null").st_ino, device.st_ino)

    def test_a_get_that_fails_leaves_the_file_as_it_was(self):
        kept = self.write("kept", "kept")
        self.put("digits", b"0123456789")
        for arguments in (("s3://photos/absent",), ("s3://photos/digits", "--range", "10-")):
            self.assertEqual(self.s3("get", *arguments, "-o", kept).code, 1)
        self.upload("k", b"x" * (1 << 20))
        limited = f"ulimit -f 64; exec {support.EXECUTABLE} s3 get s3://photos/k -o kept"
        done = subprocess.run(["bash", "-c", limited], env=self.env, cwd=self.dir, capture_output=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(kept.read_text(), "kept")

    def test_a_reader_that_has_enough_ends_it_quietly(self):
        self.upload("large", b"x" * (20 << 20))
        with subprocess.Popen([support.EXECUTABLE, "s3", "get", "s3://photos/large", "-o", "-"], env=self.env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.read(10), b"x" * 10)
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
            self.assertEqual(process.wait(support.TIMEOUT_S), 1)

    def test_a_full_disk_behind_standard_output_is_said(self):
        self.upload("k", b"x" * 1000)
        with open("/dev/full", "wb") as full:
            done = subprocess.run([support.EXECUTABLE, "s3", "get", "s3://photos/k", "-o", "-"], env=self.env, stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"miniatura: file.unwritable: standard output", done.stderr)

    def test_memory_does_not_grow_with_the_object(self):
        peaks = []
        for name, size in (("small", 1 << 10), ("large", 256 << 20)):
            with open(self.store / "photos" / name, "wb") as file:
                file.truncate(size)
            for output in ("-", "got"):
                with subprocess.Popen([support.EXECUTABLE, "s3", "get", f"s3://photos/{name}", "-o", output], env=self.env,
                                      cwd=self.dir, stdout=subprocess.DEVNULL) as process:
                    _, status, usage = os.wait4(process.pid, 0)
                    process.returncode = status
                self.assertEqual(status, 0)
                peaks.append(usage.ru_maxrss)
        self.assertLess(max(peaks) - min(peaks), 16 << 10, f"KiB: {peaks}")

    def test_who_waits_at_a_terminal_sees_how_far_it_is(self):
        self.upload("large", b"x" * (4 << 20))

        def get(terminal):
            with subprocess.Popen([support.EXECUTABLE, "s3", "get", "s3://photos/large", "-o", "-"], env=self.env,
                                  stdout=subprocess.PIPE, stderr=terminal) as process:
                process.stdout.read(1 << 20)
                time.sleep(1.2)  # the pipe is full: it waits for us
                process.stdout.read()
                self.assertEqual(process.wait(support.TIMEOUT_S), 0)

        shown = self.shown_at_terminal(get)
        self.assertRegex(shown, rb"\r\x1b\[K[\d.]+ MB of 4\.2 MB, \d+ %, [\d.]+ MB/s")
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown)


    def test_a_signal_at_any_moment_leaves_the_old_file_or_the_new_one(self):
        self.upload("k", b"new" * 200_000)
        traced = self.store / "trace"

        def get(*injection):
            self.write("kept", "old")
            return subprocess.run(["strace", "-f", "-o", traced, "-e", "trace=openat,rt_sigaction,fchmod,write,rename", *injection,
                                   support.EXECUTABLE, "s3", "get", "s3://photos/k", "-o", "kept"],
                                  env=env, cwd=self.dir, capture_output=True, check=False)

        # Who is traced cannot look for leaks.
        env = {**self.env, "ASAN_OPTIONS": self.env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        self.assertEqual(get().returncode, 0)
        calls = [line.split()[1].partition("(")[0] for line in traced.read_text().splitlines() if "(" in line]
        interrupted = 0
        for call in sorted(set(calls)):
            count = calls.count(call)
            for nth in range(max(count - 8, 0) + 1, count + 1):
                interrupted += get("-e", f"inject={call}:signal=INT:when={nth}").returncode != 0
                self.assertIn((self.dir / "kept").read_bytes(), (b"old", b"new" * 200_000), f"{call} {nth}")
                self.assertEqual(self.files(), ["kept"], f"{call} {nth}")
        self.assertGreater(interrupted, 10, calls)


class Broken(S3Case):
    """What an S3 does that a well-meaning one does not."""

    def cut_off(self, after, hangs):
        """An S3 whose objects are 1 MiB, and of whose bodies so many bytes come."""
        served = threading.Event()
        over = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(1 << 20))
                self.send_header("ETag", '"0123456789abcdef0123456789abcdef"')
                self.end_headers()
                self.wfile.write(b"x" * after)
                self.wfile.flush()
                served.set()
                if hangs:
                    over.wait(support.TIMEOUT_S)
                self.close_connection = True

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        for cleanup in (thread.join, server.server_close, server.shutdown, over.set):
            self.addCleanup(cleanup)
        self.env.update({"MINIATURA_STORE": "s3:", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
                         "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{server.server_address[1]}"})
        return served

    def test_the_xml_of_a_refusal_never_becomes_a_file(self):
        kept = self.write("kept", "kept")
        fake = FakeS3(self, {("GET", "photos"): (404, "NoSuchKey"), ("GET", "closed"): (400, "InvalidRequest")})
        self.env.update(fake.variables)
        for bucket, code in (("photos", "store.not_found"), ("closed", "store.rejected")):
            self.assert_error(self.s3("get", f"s3://{bucket}/k", "-o", kept), 1, code, f"{bucket}/k")
            done = self.s3("get", f"s3://{bucket}/k", "-o", "-")
            self.assertEqual((done.code, done.out), (1, ""))
        self.assertEqual((kept.read_text(), self.files()), ("kept", ["kept"]))

    def test_a_store_that_is_away_is_exit_75(self):
        port, = support.free_ports(1)
        self.env.update({"MINIATURA_STORE": "s3:", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
                         "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}"})
        self.assert_error(self.s3("head", "s3://photos/k"), 75, "network.unreachable", "photos/k")

    def test_a_body_that_breaks_off_leaves_the_file_as_it_was(self):
        self.cut_off(after=300_000, hangs=False)
        kept = self.write("kept", "kept")
        done = self.s3("get", "s3://photos/k", "-o", kept)
        self.assertEqual((done.code, len(done.error_lines())), (75, 1), done.err)
        self.assertEqual((kept.read_text(), self.files()), ("kept", ["kept"]))

    def test_an_interrupted_get_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            served = self.cut_off(after=300_000, hangs=True)
            with subprocess.Popen([support.EXECUTABLE, "s3", "get", "s3://photos/k", "-o", "got"], env=self.env, cwd=self.dir,
                                  stderr=subprocess.DEVNULL) as process:
                self.assertTrue(served.wait(support.TIMEOUT_S))
                until = time.monotonic() + support.TIMEOUT_S
                while not self.files() and time.monotonic() < until:
                    time.sleep(0.01)
                self.assertRegex(" ".join(self.files()), r"\A\.miniatura-[0-9a-f]{14}\.part\Z")
                process.send_signal(number)
                self.assertEqual(process.wait(support.TIMEOUT_S), -number)
            self.assertEqual(self.files(), [])


if __name__ == "__main__":
    support.main()
