"""What S3 asks IAM for: of each call that the executable makes, and what infra/lambda/permissions.json grants.

A permission is (bucket, action). The table of calls is that of the API's own reference ("Permissions" of each operation).
"""
import json
import socket
import typing
import urllib.parse

import support
from proxies import CHUNK_BYTES, Listener, read_head

POLICY = support.ROOT / "infra/lambda/permissions.json"
DENIAL = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>1</RequestId></Error>"
# Of a request's headers and queries: these ask for nothing. Others might (x-amz-acl, x-amz-server-side-encryption-…,
# ?tagging), so an unknown one is an error until somebody has looked it up.
FREE_HEADERS = ("x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-amz-storage-class", "x-amzn-trace-id")
FREE_QUERIES = ("list-type", "encoding-type", "max-keys", "prefix", "delimiter", "continuation-token")


class Call(typing.NamedTuple):
    method: str
    path: str  # with its query
    headers: dict
    status: int

    def needs(self):
        """The permissions that it takes."""
        path, _, query = self.path.partition("?")
        queries = urllib.parse.parse_qs(query, keep_blank_values=True)
        bucket, _, key = path.lstrip("/").partition("/")
        strange = [name for name in self.headers if name.startswith("x-amz") and name not in (*FREE_HEADERS, "x-amz-tagging")
                   and not name.startswith("x-amz-meta-")]
        strange += [name for name in queries if name not in (*FREE_QUERIES, "versionId")]
        if strange:
            raise AssertionError(f"{self.method} {self.path}: what does S3 ask for {strange}?")
        return {(bucket, "s3:" + action) for action in self.actions(key, "Version" if "versionId" in queries else "")}

    def actions(self, key, version):
        if not key and self.method in ("HEAD", "GET"):
            yield "ListBucket"
        elif self.method in ("HEAD", "GET"):
            yield "GetObject" + version
            if self.status == 404:
                yield "ListBucket"  # without it the answer is 403
        elif self.method == "DELETE" and key:
            yield "DeleteObject" + version
        elif self.method == "PUT" and key:
            yield "PutObject"
            if "x-amz-tagging" in self.headers:
                yield "PutObjectTagging"
            if "if-match" in self.headers:
                yield "GetObject"
        else:
            raise AssertionError(f"{self.method} {self.path}: what does S3 ask for that?")


def statements(source, destination):
    """Those of permissions.json, by Sid, for these buckets."""
    text = POLICY.read_text().replace("SOURCE_BUCKET", source).replace("DESTINATION_BUCKET", destination)
    return {statement["Sid"]: statement for statement in json.loads(text)["Statement"]}


def granted(statement):
    """The permissions that a statement gives; one that gives them where S3 does not look for them is an error."""
    pairs = set()
    for resource in statement["Resource"]:
        bucket, slash, objects = resource.removeprefix("arn:aws:s3:::").partition("/")
        for action in statement["Action"]:
            if (slash + objects == "") != (action == "s3:ListBucket") or objects not in ("", "*") or "*" in bucket + action:
                raise AssertionError(f"{statement['Sid']}: {action} on {resource}")
            pairs.add((bucket, action))
    return pairs


def policy_of(permissions):
    """A policy that grants exactly these."""
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": [action],
         "Resource": [f"arn:aws:s3:::{bucket}" + ("" if action == "s3:ListBucket" else "/*")]}
        for bucket, action in sorted(permissions)]})


class Recorder(Listener):
    """Before the MinIO at `url`: forwards, and keeps the calls; with `allowed`, denies what S3 would and MinIO does not."""

    def __init__(self, case, url, allowed=None):
        self.upstream, self.allowed, self.calls = urllib.parse.urlsplit(url), allowed, []
        super().__init__(case)
        self.url = f"http://127.0.0.1:{self.port}"

    def needs(self):
        return set().union(*(call.needs() for call in self.calls))

    def denies(self, call):
        """MinIO takes a version for an object and tags for a part of it, and tells everybody who may read what is absent."""
        if self.allowed is None:
            return False
        return any(action in ("s3:GetObjectVersion", "s3:PutObjectTagging", "s3:ListBucket")
                   for _, action in call.needs() - self.allowed)

    def handle(self, client):
        reader = client.makefile("rb")
        while True:
            first, headers, head = read_head(reader)
            if first is None:
                return
            method, path, _ = first.split(" ")
            body = reader.read(int(headers.get("content-length", 0)))
            if self.denies(Call(method, path, headers, 0)):
                self.deny(client, method)
                continue
            with socket.create_connection((self.upstream.hostname, self.upstream.port), support.TIMEOUT_S) as server:
                server.sendall(head + body)
                self.answer(client, method, path, headers, server.makefile("rb"))

    def answer(self, client, method, path, headers, reader):
        first, answered, head = read_head(reader)
        call = Call(method, path, headers, int(first.split(" ")[1]))
        self.calls.append(call)
        if self.denies(call):
            self.deny(client, method)
            return
        client.sendall(head)
        left = 0 if method == "HEAD" else int(answered.get("content-length", 0))
        while left > 0 and (piece := reader.read(min(CHUNK_BYTES, left))):
            client.sendall(piece)
            left -= len(piece)

    @staticmethod
    def deny(client, method):
        client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n"
                       % len(DENIAL) + (b"" if method == "HEAD" else DENIAL))
