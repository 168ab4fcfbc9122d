"""What the tests of `miniatura lambda` share: a Runtime API of their own, and a host that hands out credentials."""
import datetime
import http.server
import json
import subprocess
import threading
import time

import support
from fake_s3 import FakeS3

PICTURE = support.png(64, 64, support.quarters)


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Local(http.server.ThreadingHTTPServer):
    """On a port of its own until the test ends."""

    daemon_threads = True

    def __init__(self, case, handler):
        super().__init__(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=self.serve_forever, daemon=True)
        thread.start()
        case.addCleanup(self.server_close)
        case.addCleanup(self.shutdown)

    @property
    def address(self):
        return f"127.0.0.1:{self.server_port}"


class RuntimeApi(Local):
    """Hands out these payloads and then 500, which ends the runtime; keeps what was asked and posted.

    A payload is bytes, or (bytes, headers), or a function that gives one of these: it is called while the runtime waits.
    The n-th from the end has the request id r(n-1)."""

    def __init__(self, case, *payloads, given_s=None):
        self.waiting, self.posts, self.given_s, self.deadline = list(payloads), [], given_s, None
        self.asked, self.lock, self.on_restore = [], threading.Lock(), lambda: None
        self.restore_status = 200
        super().__init__(case, Invocation)


class Invocation(Quiet):
    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        if self.path == "/2018-06-01/runtime/restore/next":
            self.server.on_restore()
            self.answer(self.server.restore_status)
            return
        with self.server.lock:
            if not self.server.waiting:
                self.answer(500)
                return
            payload = self.server.waiting.pop(0)
            request_id = f"r{len(self.server.waiting)}"
        payload = payload() if callable(payload) else payload
        body, headers = payload if isinstance(payload, tuple) else (payload, {})
        headers = {"Lambda_Runtime_Aws_Request_Id": request_id, **headers}
        if self.server.given_s is not None:
            self.server.deadline = time.time() + self.server.given_s
            headers["Lambda_Runtime_Deadline_Ms"] = int(1000 * self.server.deadline)
        self.answer(200, body, **headers)

    def do_POST(self):
        if self.server.deadline is not None and time.time() >= self.server.deadline:
            self.answer(410)  # the sandbox was frozen, or is gone
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, self.headers["Lambda-Runtime-Function-Error-Type"], json.loads(body)))
        self.answer(202)


class CredentialsHost(Local):
    """The container's: gives `keys` in turn, the last of them from then on, each good for `lasts_s`."""

    def __init__(self, case, *keys, lasts_s=3600):
        self.keys, self.lasts_s, self.ends, self.asked = list(keys), lasts_s, 0, []
        super().__init__(case, Handout)
        self.variables = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{self.address}/v1",
                          "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
                          "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


class Handout(Quiet):
    def do_GET(self):
        host = self.server
        host.asked.append(dict(self.headers))
        key = host.keys.pop(0) if len(host.keys) > 1 else host.keys[0]
        host.ends = int(time.time()) + host.lasts_s
        ends = datetime.datetime.fromtimestamp(host.ends, datetime.timezone.utc)
        self.answer(200, json.dumps({"AccessKeyId": key, "SecretAccessKey": f"secret-of-{key}", "Token": f"token-of-{key}",
                                     "Expiration": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode())


def key_of(headers):
    """Whose signature it is."""
    return headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]


def s3_of(case, keys):
    """An S3 with a picture by every name, which knows these access keys alone: all others have ended."""
    def known(said):
        return lambda headers: said if key_of(headers) in keys else (400, "ExpiredToken")
    return FakeS3(case, {("GET", "photos"): known(PICTURE), ("PUT", "thumbs"): known(b""),
                         ("HEAD", "thumbs"): known((404, "NoSuchKey")), ("GET", "thumbs"): known((404, "NoSuchKey"))})


class LambdaCase(support.Case):
    process = None

    def serve(self, *payloads, **env):
        """Runs the runtime until it has served these."""
        api = RuntimeApi(self, *payloads)
        return api, self.run_lambda(api, **env)

    def run_lambda(self, api, start=None, **env):
        """The same, and `self.process` is there for who looks at it meanwhile. `start` are further words for its start."""
        environment = {**self.env, "AWS_LAMBDA_RUNTIME_API": api.address, **env}
        environment = {name: value for name, value in environment.items() if value is not None}
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(word) for word in self.command("lambda")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment, cwd=self.dir, **(start or {}))
        try:
            out, err = self.process.communicate(timeout=support.TIMEOUT_S)
        finally:
            self.process.kill()
            self.process.wait()
        support.assert_no_secrets(environment, out + err)
        return support.Done(self.process.returncode, out.decode(), err.decode())

    @staticmethod
    def lines(done):
        """Of the log: as they are, and what they say."""
        return [(line, json.loads(line)) for line in done.err.splitlines()]

    def deliveries(self, done):
        return [said for _, said in self.lines(done) if "door" in said]


def payload(*keys, **settings):
    """S3's event for these uploads."""
    records = [support.event(key, **settings)["Records"][0] for key in keys]
    return json.dumps({"Records": records}).encode()
