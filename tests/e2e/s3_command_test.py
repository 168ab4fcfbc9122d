"""`miniatura s3 …`: the store by hand. The same round trip on a directory and on a live MinIO."""
import hashlib
import json
import os
import unittest
import urllib.error
import urllib.request

import support
from s3_case import S3Case


ODD_KEY = "dir/a b+c%20ä&<.txt"


class RoundTrip:
    """What must be so on every store."""

    def test_what_was_put_is_got_told_listed_and_removed(self):
        body = bytes(range(256)) * 3000
        for key in ("k", ODD_KEY, "deep/er/写真.jpg"):
            with self.subTest(key):
                said = self.put(key, body)
                etag = hashlib.md5(body).hexdigest()
                self.assertEqual({name: said[name] for name in ("bucket", "key", "size", "etag")},
                                 {"bucket": "photos", "key": key, "size": len(body), "etag": etag})
                told = self.head(key)
                self.assertRegex(told.pop("last_modified"), r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
                self.assertEqual(told, {"bucket": "photos", "key": key, "size": len(body), "etag": etag,
                                        "content_type": said["content_type"], "metadata": {}})
                done = self.s3("get", f"s3://photos/{key}", "-o", "got", "--json")
                self.assertEqual((done.code, done.err), (0, ""))
                self.assertEqual((self.dir / "got").read_bytes(), body)
                got = done.json_lines()[0]
                self.assertEqual((got["file"], got["bytes"], got["size"], got["etag"]),
                                 ("got", len(body), len(body), etag))
                self.assertEqual(self.raw("get", f"s3://photos/{key}", "-o", "-"), body)
                self.assertEqual(self.ls(f"s3://photos/{key}"), [key])
                listed = self.s3("ls", f"s3://photos/{key}", "--json").json_lines()[0]
                self.assertEqual(set(listed), {"key", "size", "etag", "last_modified"})
                self.assertEqual((listed["size"], listed["etag"]), (len(body), etag))
                done = self.s3("rm", f"s3://photos/{key}")
                self.assertEqual((done.code, done.out, done.err), (0, "", ""))
                self.assertEqual(self.ls(f"s3://photos/{key}"), [])

    def test_headers_are_kept(self):
        said = self.put("k", b"x", "--content-type", "image/x-made-up", "--meta", "Author=me=you", "--meta", "b=",
                        "--cache-control", "max-age=60", "--tag", "a=1", "--tag", "b c=2")
        self.assertEqual(said["content_type"], "image/x-made-up")
        told = self.head("k")
        self.assertEqual((told["content_type"], told["cache_control"]), ("image/x-made-up", "max-age=60"))
        self.assertEqual(told["metadata"], {"author": "me=you", "b": ""})
        text = self.s3("head", "s3://photos/k")
        self.assertEqual((text.code, text.err), (0, ""))
        for part in ("image/x-made-up", "max-age=60", "author=me=you"):
            self.assertIn(part, text.out)

    def test_the_suffix_gives_the_content_type(self):
        for key, content_type in (("a.jpg", "image/jpeg"), ("A.JPEG", "image/jpeg"), ("a.b.webp", "image/webp"),
                                  ("a.unknown", "application/octet-stream"), ("jpg", "application/octet-stream"),
                                  ("a.jpg/b", "application/octet-stream")):
            done = self.s3("put", "-", f"s3://photos/types/{key}", "--json", stdin="x")
            self.assertEqual((key, done.json_lines()[0]["content_type"]), (key, content_type))
        (self.dir / "page.html").write_text("x")
        done = self.s3("put", "page.html", "s3://photos/types/no-suffix", "--json")
        self.assertEqual(done.json_lines()[0]["content_type"], "text/html")

    def test_conditions_hold_or_nothing_changes_and_it_is_exit_1(self):
        etag = self.put("k", b"first", "--if-none-match")["etag"]
        path = self.write("second", "second")
        for condition in (["--if-none-match"], ["--if-match", "0" * 32]):
            done = self.s3("put", path, "s3://photos/k", *condition)
            self.assert_error(done, 1, "store.precondition_failed", "photos/k")
            self.assertEqual(self.raw("get", "s3://photos/k", "-o", "-"), b"first")
        done = self.s3("put", path, "s3://photos/k", "--if-match", f'"{etag}"')
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual(self.raw("get", "s3://photos/k", "-o", "-"), b"second")

    def test_a_range_is_a_part_and_one_behind_the_end_is_refused(self):
        self.put("digits", b"0123456789")
        for asked, part in (("0-0", b"0"), ("2-5", b"2345"), ("7-", b"789"), ("0-", b"0123456789"), ("8-99", b"89")):
            self.assertEqual((asked, self.raw("get", "s3://photos/digits", "-o", "-", "--range", asked)), (asked, part))
        done = self.s3("get", "s3://photos/digits", "-o", "part", "--range", "3-4", "--json")
        self.assertEqual((done.json_lines()[0]["bytes"], done.json_lines()[0]["size"]), (2, 10))
        done = self.s3("get", "s3://photos/digits", "-o", "none", "--range", "10-")
        self.assert_error(done, 1, "store.rejected", "photos/digits")
        self.assertEqual(self.files(), ["part"])

    def test_ls_folds_unless_asked_for_all(self):
        for key in ("a/1", "a/2", "a b", "b/x y/1", "c"):
            self.put(key)
        self.assertEqual(self.ls("s3://photos"), ["a b", ("a/",), ("b/",), "c"])
        self.assertEqual(self.ls("s3://photos/"), ["a b", ("a/",), ("b/",), "c"])
        self.assertEqual(self.ls("s3://photos/b/"), [("b/x y/",)])
        self.assertEqual(self.ls("s3://photos/a"), ["a b", ("a/",)])
        self.assertEqual(self.ls("s3://photos", "--recursive"), ["a b", "a/1", "a/2", "b/x y/1", "c"])
        self.assertEqual(self.ls("s3://photos/a/", "--recursive"), ["a/1", "a/2"])
        self.assertEqual(self.ls("s3://photos/absent"), [])
        text = self.s3("ls", "s3://photos")
        self.assertEqual((text.code, text.err), (0, ""))
        lines = text.out.splitlines()
        self.assertRegex(lines[0], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +4 B  a b\Z")
        self.assertEqual(lines[1].strip(), "a/")

    def test_what_is_not_there_is_exit_1_but_for_rm(self):
        for command in ("get", "head"):
            self.assert_error(self.s3(command, "s3://photos/absent"), 1, "store.not_found", "photos/absent")
        done = self.s3("head", "s3://photos/absent", "--json")
        self.assertEqual(done.json_lines()[0]["error"]["code"], "store.not_found")
        done = self.s3("rm", "s3://photos/absent")
        self.assertEqual((done.code, done.out, done.err), (0, "", ""))
        self.assertEqual(self.files(), [])

    def test_an_empty_object_is_an_object(self):
        self.assertEqual(self.put("empty", b"")["size"], 0)
        self.assertEqual(self.head("empty")["size"], 0)
        self.assertEqual(self.raw("get", "s3://photos/empty", "-o", "-"), b"")
        self.assertEqual(self.s3("get", "s3://photos/empty").code, 0)
        self.assertEqual((self.dir / "empty").read_bytes(), b"")


class OnDirectory(RoundTrip, S3Case):
    def test_the_store_can_be_said_after_the_subcommand(self):
        self.put("k")
        done = self.s3("head", "s3://photos/k", "--store", f"file://{self.store}", MINIATURA_STORE="s3:")
        self.assertEqual((done.code, done.err), (0, ""))

    def test_a_directory_has_no_urls(self):
        self.assert_error(self.s3("presign", "s3://photos/k"), 1, "store.rejected", "directory")

    def test_a_bucket_that_is_not_there_is_named(self):
        for arguments in (("ls", "s3://nowhere"), ("rm", "s3://nowhere/k"), ("get", "s3://nowhere/k")):
            done = self.s3(*arguments)
            self.assert_error(done, 75, "store.no_bucket", "nowhere")

    def test_many_objects_are_listed_a_page_after_the_other(self):
        keys = [f"many/{i:04}" for i in range(1203)]
        for key in keys:
            self.upload(key, b"")
        self.assertEqual(self.ls("s3://photos/many/"), keys)

    def test_a_key_is_printed_on_one_line_and_bites_no_terminal(self):
        self.upload("a\nb\x1b[31mc", b"")
        self.assertEqual(self.s3("ls", "s3://photos").out.count("\n"), 1)
        self.assertNotIn("\x1b", self.s3("ls", "s3://photos").out)
        self.assertEqual(self.ls("s3://photos"), ["a\nb\x1b[31mc"])

    def test_standard_input_becomes_an_object(self):
        done = self.s3("put", "-", "s3://photos/k", stdin="of a pipe")
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual(self.raw("get", "s3://photos/k", "-o", "-"), b"of a pipe")

    def test_a_file_that_cannot_be_put_is_named(self):
        self.assert_error(self.s3("put", "absent.jpg", "s3://photos/k"), 1, "file.unreadable", "absent.jpg")
        self.assert_error(self.s3("put", self.dir, "s3://photos/k"), 1, "file.unreadable", self.dir)
        with open(self.dir / "huge", "wb") as file:
            file.truncate((1 << 30) + 1)
        self.assert_error(self.s3("put", "huge", "s3://photos/k"), 1, "source.too_large", "huge", (1 << 30) + 1, 1 << 30)
        for option, value in (("--meta", "a=für"), ("--cache-control", "a\nb"), ("--meta", "a b=c"), ("--tag", f"a={'v' * 257}"),
                              ("--tag", "a=100%"), ("--tag", "aws:a=1")):
            self.assert_error(self.s3("put", "-", "s3://photos/k", option, value), 1, "store.rejected", "photos/k")
        self.assertEqual(self.ls("s3://photos"), [])

    def test_wrong_usage_is_exit_2_and_names_the_word(self):
        for arguments, named in (
                ((), "subcommand"), (("frobnicate",), "subcommand"), (("get",), "URL"), (("put", "x"), "URL"),
                (("get", "http://photos/k"), "http://photos/k"), (("get", "s3:photos/k"), "s3:photos/k"),
                (("get", "s3://"), "s3://"), (("get", "s3://photos"), "s3://photos"), (("head", "s3://photos/"), "s3://photos/"),
                (("rm", "s3://photos"), "s3://photos"), (("put", "-", "s3://photos"), "s3://photos"),
                (("presign", "s3://photos/"), "s3://photos/"), (("ls", "photos"), "photos"),
                (("get", "s3://photos/dir/"), "-o"), (("get", "s3://photos/.."), "-o"),
                (("get", "s3://photos/k", "--range", "5-2"), "5-2"), (("get", "s3://photos/k", "--range", "x"), "x"),
                (("get", "s3://photos/k", "--range=-5"), "-5"), (("get", "s3://photos/k", "--range", "1-2-3"), "1-2-3"),
                (("get", "s3://photos/k", "--range", "99999999999999999999-"), "99999999999999999999-"),
                (("get", "s3://photos/k", "-o", "-", "--json"), "--json"),
                (("put", "-", "s3://photos/k", "--meta", "nothing"), "nothing"),
                (("put", "-", "s3://photos/k", "--meta", "=v"), "=v"),
                (("put", "-", "s3://photos/k", "--tag", "a=1", "--tag", "a=2"), "a=2"),
                (("put", "-", "s3://photos/k", "--if-none-match", "--if-match", "x"), "--if-"),
                (("presign", "s3://photos/k", "--method", "DELETE"), "DELETE"),
                (("presign", "s3://photos/k", "--expires", "0"), "0"),
                (("presign", "s3://photos/k", "--expires", "604801"), "604801")):
            with self.subTest(arguments):
                self.assert_error(self.s3(*arguments), 2, "usage", named)
        self.assertEqual(self.files(), [])


class OnMinio(RoundTrip, S3Case):
    def setUp(self):
        super().setUp()
        if not support.tool("minio"):
            if os.environ.get("CI") == "true":
                self.fail("no minio (infra/setup.sh brings it)")
            self.skipTest("no minio (infra/setup.sh brings it)")
        self.client, variables = support.start_minio(self)
        self.env.update(variables)

    def assert_error(self, done, exit_code, code, *named):
        self.assertEqual(done.code, exit_code, (done.out, done.err))
        line, = done.error_lines()
        for word in (f"miniatura: {code}: ", *map(str, named)):
            self.assertIn(word, line)

    def presigned(self, *arguments):
        done = self.s3("presign", *arguments)
        self.assertEqual((done.code, done.err), (0, ""))
        return done.out.strip()

    def test_what_others_put_is_got_and_what_is_put_is_got_by_others(self):
        self.client.put("photos", ODD_KEY, b"theirs", "text/plain")
        self.assertEqual(self.raw("get", f"s3://photos/{ODD_KEY}", "-o", "-"), b"theirs")
        self.put("ours", b"ours", "--tag", "a=1")
        headers, body = self.client.get("photos", "ours")
        self.assertEqual((body, headers["x-amz-tagging-count"]), (b"ours", "1"))

    def test_a_presigned_url_does_what_it_says_and_nothing_else(self):
        self.put(ODD_KEY, b"body")
        url = self.presigned(f"s3://photos/{ODD_KEY}", "--expires", "60")
        with urllib.request.urlopen(url, timeout=support.TIMEOUT_S) as response:
            self.assertEqual(response.read(), b"body")
        self.assertNotIn(self.env["AWS_SECRET_ACCESS_KEY"], url)
        for wrong in (urllib.request.Request(url, b"x", method="PUT"), url.replace("photos", "thumbs", 1)):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(wrong, timeout=support.TIMEOUT_S)
            self.assertEqual(refused.exception.code, 403)
            refused.exception.close()
        url = self.presigned("s3://photos/uploaded", "--method", "PUT")
        request = urllib.request.Request(url, b"by url", method="PUT")
        with urllib.request.urlopen(request, timeout=support.TIMEOUT_S) as response:
            self.assertEqual(response.status, 200)
        self.assertEqual(self.raw("get", "s3://photos/uploaded", "-o", "-"), b"by url")
        said = self.s3("presign", "s3://photos/k", "--json").json_lines()[0]
        self.assertEqual((said["method"], said["expires_s"], said["key"]), ("GET", 3600, "k"))

    def test_a_bucket_may_stand_in_the_host(self):
        port = self.env["AWS_ENDPOINT_URL_S3"].rpartition(":")[2]
        self.env.update({"AWS_ENDPOINT_URL_S3": f"http://s3.localhost:{port}", "MINIATURA_S3_ADDRESSING": "virtual"})
        self.client.make_bucket("dotted.bucket")
        for bucket, url in (("photos", f"http://photos.s3.localhost:{port}/"),
                            ("dotted.bucket", f"http://s3.localhost:{port}/dotted.bucket/")):
            self.assertTrue(self.presigned(f"s3://{bucket}/k").startswith(url + "k?"))
            self.write("body", "in the host")
            for command in (("put", "body", f"s3://{bucket}/{ODD_KEY}"), ("get", f"s3://{bucket}/{ODD_KEY}", "-o", "got"),
                            ("rm", f"s3://{bucket}/{ODD_KEY}")):
                done = self.s3(*command)
                self.assertEqual((done.code, done.err), (0, ""))
            self.assertEqual((self.dir / "got").read_text(), "in the host")
            self.assertEqual(self.ls(f"s3://{bucket}"), [])

    def test_who_does_not_sign_is_a_stranger(self):
        self.put("k", b"body")
        done = self.s3("get", "s3://photos/k", "-o", "-", "--no-sign-request")
        self.assert_error(done, 75, "store.denied", "photos/k")
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                                                          "Resource": "arn:aws:s3:::photos/*"}]}
        self.client.request("PUT", "photos", body=json.dumps(policy).encode(), query="policy=")
        self.assertEqual(self.raw("get", "s3://photos/k", "-o", "-", "--no-sign-request"), b"body")


if __name__ == "__main__":
    support.main()
