"""An S3 that says what it is told to: for refusals that a well-meaning server does not give. Checks no signature."""
import http.server
import socket
import struct
import threading

ERROR = ('<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>said so</Message>'
         "<Resource>/x</Resource><RequestId>4442587FB7D0A2F9</RequestId></Error>")


class FakeS3:
    """`answers` maps (method, bucket) to (status, S3 code) or to bytes, the object, or to a function of the request's
    headers that gives one of these; what is not there is 404."""

    def __init__(self, case, answers):
        self.answers, self.requests, self.headers, self.kept = answers, [], [], set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                self.rfile.read(int(self.headers.get("content-length") or 0))
                bucket = self.path.split("/")[1].split("?")[0]
                outer.requests.append((self.command, self.path))
                outer.headers.append(dict(self.headers))
                outer.kept.add(self.connection)
                said = outer.answers.get((self.command, bucket), (404, "NoSuchKey"))
                said = said(self.headers) if callable(said) else said
                status, body = (200, said) if isinstance(said, bytes) else (
                    said[0], ERROR.format(code=said[1]).encode())
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("ETag", '"0123456789abcdef0123456789abcdef"')
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_PUT = answer

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        case.addCleanup(thread.join)
        case.addCleanup(server.server_close)
        case.addCleanup(server.shutdown)
        self.variables = {
            "MINIATURA_STORE": "s3:", "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{server.server_address[1]}",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_REGION": "us-east-1"}

    def close_kept(self):
        """All connections that there are: with a reset, as who has forgotten them answers."""
        for connection in self.kept:
            try:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed already
        count, self.kept = len(self.kept), set()
        return count
