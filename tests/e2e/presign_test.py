"""Presigned URLs: ours in others' hands, on MinIO; and what an altered or expired one is worth."""
import time
import urllib.error
import urllib.parse
import urllib.request

import servers
import support
from s3_case import S3Case

KEYS = ["k", "a b+c%20/100%.jpg", "*'()!~-_.", "?#&=;:@,$", "café/cafe\u0301 🐱", "new\nline", "x/" * 500 + "k" * 24]

shared, variables, client = None, None, None


def setUpModule():
    global shared, variables, client  # pylint: disable=global-statement
    shared, variables, client = servers.shared_minio()


def ask(url, method="GET", body=None, headers=()):
    """(status, body)."""
    request = urllib.request.Request(url, body, dict(headers), method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=support.TIMEOUT_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


class Presigned(S3Case):
    def setUp(self):
        super().setUp()
        self.env.update(variables)
        self.bucket = servers.make_bucket(client)

    def presign(self, key, *arguments, **env):
        done = self.s3("presign", f"s3://{self.bucket}/{key}", *arguments, **env)
        self.assertEqual((done.code, done.err), (0, ""))
        return done.out[:-1]

    def theirs(self, key):
        return client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def test_who_has_it_gets_and_puts_that_object_without_credentials(self):
        for key in KEYS:
            with self.subTest(key):
                self.assertEqual(ask(self.presign(key, "--method", "PUT"), "PUT", b"theirs"), (200, b""))
                self.assertEqual(self.theirs(key), b"theirs")
                self.assertEqual(ask(self.presign(key)), (200, b"theirs"))
                self.assertEqual(ask(self.presign(key), headers={"Range": "bytes=2-4"}.items()), (206, b"eir"))

    def test_what_boto3_presigns_is_the_object_that_we_mean(self):
        for key in KEYS:
            with self.subTest(key):
                told = {"Bucket": self.bucket, "Key": key}
                self.assertEqual(ask(client.generate_presigned_url("put_object", told), "PUT", key.encode())[0], 200)
                out = self.dir / "out.bin"
                self.assertEqual(self.s3("get", f"s3://{self.bucket}/{key}", "-o", out).code, 0)
                self.assertEqual(out.read_bytes(), key.encode())
                theirs, ours = client.generate_presigned_url("get_object", told, 3600), self.presign(key)
                self.assertEqual(ask(theirs), ask(ours))
                self.assertEqual(theirs.split("?")[0], ours.split("?")[0])

    def test_an_altered_one_is_refused(self):
        client.put_object(Bucket=self.bucket, Key="k", Body=b"secret")
        client.put_object(Bucket=self.bucket, Key="other", Body=b"secret")
        url = self.presign("k", "--expires", "600")
        self.assertEqual(ask(url), (200, b"secret"))
        self.assertIn("X-Amz-Expires=600", url)
        for what, changed in (("key", url.replace("/k?", "/other?")), ("time", url.replace("Expires=600", "Expires=6000")),
                              ("signature", url[:-1] + ("0" if url[-1] != "0" else "1")),
                              ("more", url + "&versionId=null"), ("header", url + "&response-content-type=text%2Fhtml")):
            with self.subTest(what):
                self.assertNotEqual(changed, url)
                status, body = ask(changed)
                self.assertEqual(status, 403, body)
                self.assertNotIn(b"secret", body)

    def test_one_for_another_method_is_refused(self):
        client.put_object(Bucket=self.bucket, Key="k", Body=b"as it was")
        for url, method in ((self.presign("k"), "PUT"), (self.presign("k"), "DELETE"),
                            (self.presign("k", "--method", "PUT"), "GET"),
                            (self.presign("k", "--method", "PUT"), "DELETE")):
            with self.subTest((url.partition("?")[0], method)):
                self.assertEqual(ask(url, method, b"new" if method == "PUT" else None)[0], 403)
        self.assertEqual(self.theirs("k"), b"as it was")

    def test_one_ends_when_it_says(self):
        client.put_object(Bucket=self.bucket, Key="k", Body=b"secret")
        url, until = self.presign("k", "--expires", "1"), time.monotonic() + support.TIMEOUT_S
        status, body = ask(url)
        while status == 200 and time.monotonic() < until:
            time.sleep(0.05)
            status, body = ask(url)
        self.assertEqual(status, 403, body)
        self.assertIn(b"expired", body)

    def test_one_of_a_wrong_secret_is_refused(self):
        client.put_object(Bucket=self.bucket, Key="k", Body=b"secret")
        self.assertEqual(ask(self.presign("k", AWS_SECRET_ACCESS_KEY="not-the-secret"))[0], 403)

    def test_a_session_token_is_part_of_it(self):
        client.put_object(Bucket=self.bucket, Key="k", Body=b"body")
        access, secret, token, _ = servers.temporary_credentials(shared, variables)
        env = {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret}
        url = self.presign("k", AWS_SESSION_TOKEN=token, **env)
        self.assertIn("X-Amz-Security-Token=" + urllib.parse.quote(token, safe=""), url)
        self.assertEqual(ask(url), (200, b"body"))
        self.assertEqual(ask(self.presign("k", **env))[0], 403)
        self.assertEqual(ask(self.presign("k", AWS_SESSION_TOKEN=token[:-1], **env))[0], 403)


if __name__ == "__main__":
    support.main("minio", "boto3")
