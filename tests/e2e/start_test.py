"""From exec to the first poll: a function that was just started does what it needs for that, and nothing else.

What the system has to load (a dynamic executable's libraries, and what they do by themselves) is looked at only for those
that are to come later; of a static one all is.
"""
import platform
import re
import socket
import subprocess
import unittest

import support

EXECUTABLE = support.EXECUTABLE.read_bytes()
IS_STATIC = b"ld-linux" not in EXECUTABLE[:4096]
IS_LATE = not IS_STATIC and platform.machine() == "x86_64"
MEMORY_KB_MAX = 15_000  # measured: 5,800

LIBRARIES = re.compile(r"\.so[.0-9]*$|^/etc/ld\.so\.cache$|^/sys/devices/system/|^/proc/|/openssl\.cnf$")
# What AWS's own tools read; and where glibc looks before it can be told to find hosts without.
NEEDED = re.compile(r"/\.aws/(config|credentials)$|^/etc/nsswitch\.conf$")


@unittest.skipIf(support.is_sanitized(), "a sanitizer does much at the start")
class Start(support.Case):
    def started(self, *before):
        """The process of `before` with bootstrap as its last word, the connection on which it polls, and what came there."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        listener.settimeout(support.TIMEOUT_S)
        env = {**self.env, "MINIATURA_STORE": "s3:", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
               "AWS_SECRET_ACCESS_KEY": "example", "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{listener.getsockname()[1]}"}
        del env["MINIATURA_JOURNAL"]
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [*map(str, before), str(support.EXECUTABLE.parent / "bootstrap")], env=env, cwd=self.dir,
            stderr=subprocess.DEVNULL, preexec_fn=support.die_with_parent)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        client, _ = listener.accept()
        self.addCleanup(client.close)
        request = client.recv(4096)
        self.assertTrue(request.startswith(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"), request)
        return process, client

    def calls(self):
        """The system calls up to the first poll, a line each."""
        trace = self.dir / "trace"
        process, client = self.started("strace", "-f", "-qq", "-s", "256", "-o", trace)
        client.sendall(b"HTTP/1.1 500 Over\r\nContent-Length: 0\r\n\r\n")
        process.wait(support.TIMEOUT_S)
        before, polled, _ = trace.read_text().partition('"GET /2018-06-01/')
        self.assertTrue(polled, before)
        return before.splitlines()

    def test_no_file_is_opened_that_it_does_not_need(self):
        opened = {found[1] for line in self.calls() if (found := re.search(r'\bopen(?:at)?\(.*?"(.*?)"', line))}
        if not IS_STATIC:
            opened = {path for path in opened if not LIBRARIES.search(path)}
        self.assertEqual({path for path in opened if not NEEDED.search(path)}, set())

    @unittest.skipUnless(IS_LATE, "an executable without late libraries")
    def test_the_libraries_that_take_longest_are_not_loaded(self):
        opened = "\n".join(line for line in self.calls() if "open" in line and ".so" in line)
        self.assertIn("/libcurl.so", opened)
        self.assertNotRegex(opened, "libGraphicsMagick|libheif|libxml2|libX11")

    @unittest.skipUnless(IS_LATE, "an executable without late libraries")
    def test_a_library_that_cannot_be_loaded_later_fails_the_pictures_that_need_it_and_a_worker_at_its_start(self):
        (self.dir / "broken").mkdir()
        self.write("broken/libheif.so.1", "")
        images = support.ROOT / "tests/images"
        command = ["thumb", images / "heic-plain.heic", images / "jpeg-420.jpg", "-o", self.dir / "made", "--isolation"]
        done = self.run_it(*command, "process", LD_LIBRARY_PATH=self.dir / "broken")
        self.assertEqual(done.code, 2)
        self.assertIn("miniatura: config.invalid: --isolation process: cannot load a library: ", done.err)
        self.assertIn("broken/libheif.so.1: file too short", done.err)
        done = self.run_it(*command, "none", LD_LIBRARY_PATH=self.dir / "broken")
        self.assertEqual(done.code, 1)
        self.assertIn("/heic-plain.heic: cannot load a library: ", done.err)
        self.assertIn("broken/libheif.so.1: file too short", done.err)
        self.assertTrue(list((self.dir / "made").glob("jpeg-420.*")))

    def test_no_thread_and_no_process_is_made(self):
        self.assertEqual([line for line in self.calls() if re.search(r"\b(clone3?|v?fork)\(", line)], [])

    @unittest.skipUnless(IS_STATIC, "a dynamic libcurl starts OpenSSL with itself")
    def test_openssl_is_not_started(self):
        """It does each of fifty things once, and tells the threads that might wait for it."""
        once = [line for line in self.calls() if re.search(r"futex\(.*FUTEX_WAKE_PRIVATE, 2147483647\)", line)]
        self.assertLess(len(once), 10)

    @unittest.skipUnless(IS_STATIC, "of a dynamic executable most of it are libraries")
    def test_it_waits_in_little_memory(self):
        process, _ = self.started()
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            peak_kb = int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1])
        self.assertLess(peak_kb, MEMORY_KB_MAX)


if __name__ == "__main__":
    support.main("strace")
