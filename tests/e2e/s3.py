"""An S3 client of the standard library, as small as it can be: signed GET, PUT and the making of buckets.

It shares no code with the executable, so that what it reads back is evidence.
"""
import datetime
import hashlib
import hmac
import http.client
import time
import urllib.parse

TIMEOUT_S = 60


class S3Error(Exception):
    def __init__(self, status, text):
        super().__init__(f"HTTP {status}: {text[:300]}")
        self.status = status


class S3:
    """One endpoint, by path: host:port/bucket/key. Keys are raw text."""

    def __init__(self, address, access_key, secret_key, region="us-east-1"):
        self.address, self.access_key, self.secret_key, self.region = address, access_key, secret_key, region

    def make_bucket(self, bucket):
        """Waits for a server that says it is ready before it is (MinIO: 503 for a moment)."""
        until = time.monotonic() + TIMEOUT_S
        while True:
            try:
                self.request("PUT", bucket)
                return
            except S3Error as error:
                if error.status != 503 or time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def put(self, bucket, key, body, content_type="application/octet-stream"):
        """Gives the etag, without its quotes."""
        headers, _ = self.request("PUT", bucket, key, body, {"content-type": content_type})
        return headers["etag"].strip('"')

    def get(self, bucket, key):
        """Gives (headers in lower case, body)."""
        return self.request("GET", bucket, key)

    def delete(self, bucket, key):
        self.request("DELETE", bucket, key)

    def keys(self, bucket):
        """The first thousand keys."""
        _, body = self.request("GET", bucket, query="encoding-type=url&list-type=2")
        parts = body.decode().split("<Key>")[1:]
        return [urllib.parse.unquote_plus(part.split("</Key>")[0]) for part in parts]

    def request(self, method, bucket, key="", body=b"", extra=None, query=""):
        path = "/" + bucket + ("/" + urllib.parse.quote(key, safe="/-_.~") if key else "")
        headers = self.sign(method, path, query, body, extra or {})
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)
        try:
            connection.request(method, path + ("?" + query if query else ""), body, headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise S3Error(response.status, f"{method} {path}: " + text.decode(errors="replace"))
        return {name.lower(): value for name, value in response.getheaders()}, text

    def sign(self, method, path, query, body, extra):
        """AWS Signature Version 4, the whole of it: canonical request, string to sign, derived key."""
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        payload = hashlib.sha256(body).hexdigest()
        headers = {**extra, "host": self.address, "x-amz-content-sha256": payload, "x-amz-date": now}
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = "\n".join([method, path, query, lines, names, payload])
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.secret_key).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}")
        return headers
