"""`miniatura s3 put` to a store that takes its time."""
import http.server
import subprocess
import threading
import time

import support
from s3_case import S3Case

HALF = 4 << 20


class Slow(http.server.BaseHTTPRequestHandler):
    """Reads one half of a body, waits for longer than a second, and reads the other."""
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        length = int(self.headers["Content-Length"])
        self.rfile.read(HALF)
        time.sleep(1.5)
        self.rfile.read(length - HALF)
        self.send_response(200)
        self.send_header("ETag", '"0123456789abcdef0123456789abcdef"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Put(S3Case):
    def test_who_waits_at_a_terminal_sees_how_far_it_is(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        for cleanup in (thread.join, server.server_close, server.shutdown):
            self.addCleanup(cleanup)
        env = {**self.env, "MINIATURA_STORE": "s3:", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
               "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{server.server_address[1]}"}
        large = self.dir / "large"
        large.write_bytes(b"x" * (4 * HALF))

        def put(terminal):
            done = subprocess.run([support.EXECUTABLE, "s3", "put", large, "s3://photos/large"], env=env, check=False,
                                  stdout=subprocess.PIPE, stderr=terminal, timeout=support.TIMEOUT_S)
            self.assertEqual((done.returncode, done.stdout), (0, b"16.8 MB  0123456789abcdef0123456789abcdef\n"))

        shown = self.shown_at_terminal(put)
        self.assertRegex(shown, rb"\r\x1b\[K[\d.]+ MB of 16\.8 MB, \d+ %, [\d.]+ MB/s")
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown)


if __name__ == "__main__":
    support.main()
