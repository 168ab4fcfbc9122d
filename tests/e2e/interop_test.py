"""What boto3 wrote we read, and the reverse: keys, headers, ranges and listings, on MinIO and Versity's gateway."""
import concurrent.futures
import json
import os

import servers
import support
from proxies import Listener, read_head
from s3_case import S3Case

# Every server takes these.
KEYS = [
    "plain.jpg", "a b", " a", "a ", "a+b", "a%20b", "a%2Bb", "100%", "%", "%25", "%2F", "a%2Fb", "*'()!", "~-_.", "?#&=;:@,$",
    "q?versionId=x&a=b#c", '"quoted" <tag>&amp;', "[{|}]^`", "café", "cafe\u0301", "写真/猫 1+1.jpg", "👩‍👩‍👧/🙂.png", "…",
    "...", ".hidden/..b", "new\nline", "tab\tstop", "\x01\x1f\x7f", "\u2028\ufeff", "up/deep/er", "x/" * 500 + "k" * 24,
]
# These are some servers' business to refuse; but what they take of boto3's, they take of ours.
DOUBTFUL_KEYS = ["/", "//", "/lead", "trail/", "a//b", "a///b", ".", "..", "./a", "../a", "a/.", "a/..", "a/./b", "a/../b",
                 "back\\slash", "k" * 256, "k" * 1024, "é" * 512]

shared, variables, clients = None, {}, {}


def setUpModule():
    global shared  # pylint: disable=global-statement
    shared = servers.Shared()
    _, variables["minio"] = support.start_minio(shared)
    variables["versity"] = servers.start_versity(shared)
    clients.update({name: servers.boto(shared, those) for name, those in variables.items()})


class Interop(S3Case):
    server = "minio"

    def setUp(self):
        super().setUp()
        self.env.update(variables[self.server])
        self.boto = clients[self.server]
        self.bucket = servers.make_bucket(self.boto)

    def url(self, key):
        return f"s3://{self.bucket}/{key}"

    def done(self, *arguments, **options):
        done = self.s3(*arguments, **options)
        self.assertEqual((done.code, done.err), (0, ""), arguments)
        return done

    def get(self, key, *arguments):
        out = self.dir / "out.bin"
        self.done("get", self.url(key), "-o", out, *arguments)
        return out.read_bytes()

    def put(self, key, body=b"body", *arguments):
        path = self.dir / "body.bin"
        path.write_bytes(body)
        return self.done("put", path, self.url(key), "--json", *arguments).json_lines()[0]

    def head(self, key):
        return self.done("head", self.url(key), "--json").json_lines()[0]

    def theirs(self, key):
        answer = self.boto.get_object(Bucket=self.bucket, Key=key)
        return answer["Body"].read()

    def they_put(self, key, body=b"body", **options):
        return self.boto.put_object(Bucket=self.bucket, Key=key, Body=body, **options)

    def ours_listed(self, url, *arguments):
        lines = self.done("ls", url, "--json", *arguments).json_lines()
        return ([(line["key"], line["size"], line["etag"], line["last_modified"]) for line in lines if "key" in line],
                [line["prefix"] for line in lines if "prefix" in line])

    def theirs_listed(self, **options):
        objects, prefixes = [], []
        for page in self.boto.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, **options):
            objects += [(each["Key"], each["Size"], each["ETag"].strip('"'),
                         each["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")) for each in page.get("Contents", ())]
            prefixes += [each["Prefix"] for each in page.get("CommonPrefixes", ())]
        return objects, prefixes


class Common:
    """On each server."""

    def check_key(self, key):
        """boto3 has put it; reads, tells, replaces and removes it."""
        theirs = f"boto3's {key}".encode()
        self.assertEqual(self.get(key), theirs)
        head, told = self.head(key), self.boto.head_object(Bucket=self.bucket, Key=key)
        self.assertEqual((head["key"], head["size"], head["etag"]), (key, len(theirs), told["ETag"].strip('"')))
        ours = f"our {key}!".encode()
        self.assertEqual(self.put(key, ours)["key"], key)
        self.assertEqual(self.theirs(key), ours)

    def test_odd_keys_are_the_same_keys_to_both(self):
        for key in KEYS:
            with self.subTest(key):
                self.they_put(key, f"boto3's {key}".encode())
                self.check_key(key)

    def test_what_a_server_takes_of_others_it_takes_of_ours(self):
        for number, key in enumerate(DOUBTFUL_KEYS):
            with self.subTest(key):
                self.bucket = servers.make_bucket(self.boto) if number % 4 == 0 else self.bucket
                try:
                    self.they_put(key, f"boto3's {key}".encode())
                except self.boto.exceptions.ClientError as error:
                    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                    done = self.s3("put", support.PHOTO, self.url(key))
                    self.assertNotEqual(done.code, 0, done.out)
                    self.assertEqual(len(done.error_lines()), 1, done.err)
                    self.assertIn(str(status), done.err)
                else:
                    self.check_key(key)

    def test_a_key_that_s3_cannot_hold_never_reaches_it(self):
        for key in ("k" * 1025, "é" * 512 + "x", "x/" * 512 + "x", os.fsdecode(b"a\xff"), os.fsdecode(b"\xed\xa0\x80"),
                    os.fsdecode(b"\xc0\xaf")):
            for command in (("get", self.url(key), "-o", "out.bin"), ("put", support.PHOTO, self.url(key)),
                            ("head", self.url(key)), ("rm", self.url(key)), ("presign", self.url(key))):
                with self.subTest((command[0], key[:9])):
                    # Nobody listens there: an attempt to send would be exit 75.
                    done = self.s3(*command, AWS_ENDPOINT_URL_S3="http://127.0.0.1:1")
                    self.assert_error(done, 1, "store.invalid_key")
        self.assertFalse((self.dir / "out.bin").exists())

    def test_metadata_and_headers_that_boto3_wrote_are_read(self):
        metadata = {"spaces": "a  b   c", "punctuation": "=;,\"'\\<>%20+", "long": "v" * 1500, "empty": "",
                    "encoded": "=?UTF-8?B?Y2Fmw6k=?=", "with-dash_and.dot": "1"}
        self.they_put("k", b"x", Metadata=metadata, ContentType="image/avif; q=\"1\"", CacheControl="max-age=3600, private")
        head = self.head("k")
        self.assertEqual(head["metadata"], metadata)
        self.assertEqual((head["content_type"], head["cache_control"]), ("image/avif; q=\"1\"", "max-age=3600, private"))

    def test_metadata_headers_and_tags_that_we_wrote_are_read_by_boto3(self):
        metadata = {"spaces": "a  b   c", "punctuation": "=;,\"'\\<>%20+", "long": "v" * 1500, "empty": "",
                    "encoded": "=?UTF-8?B?Y2Fmw6k=?="}
        tags = {"made by": "miniatura: 1+1=2", "a/b@c": "x_y", "empty": ""}
        words = [word for name, value in metadata.items() for word in ("--meta", f"{name}={value}")]
        words += [word for name, value in tags.items() for word in ("--tag", f"{name}={value}")]
        self.put("k", b"x", "--content-type", "text/plain; charset=utf-8", "--cache-control", "no-store", *words)
        told = self.boto.head_object(Bucket=self.bucket, Key="k")
        self.assertEqual(told["Metadata"], metadata)
        self.assertEqual((told["ContentType"], told["CacheControl"]), ("text/plain; charset=utf-8", "no-store"))
        answer = self.boto.get_object_tagging(Bucket=self.bucket, Key="k")
        self.assertEqual({tag["Key"]: tag["Value"] for tag in answer["TagSet"]}, tags)

    def test_what_no_header_can_hold_is_refused_before_it_is_sent(self):
        for value in ("caf\u00e9", "a\nb", " a", "a\x7f"):
            with self.subTest(value):
                done = self.s3("put", support.PHOTO, self.url("k"), "--meta", f"name={value}",
                               AWS_ENDPOINT_URL_S3="http://127.0.0.1:1")
                self.assert_error(done, 1, "store.rejected", "name")

    def test_bytes_sizes_and_ranges_are_the_same_to_both(self):
        for size in (0, 1, 65_536, 5_000_001):
            body = os.urandom(size)
            self.they_put("theirs", body)
            self.assertTrue(self.get("theirs") == body, size)
            self.assertEqual(self.put("ours", body)["etag"], self.head("theirs")["etag"])
            self.assertTrue(self.theirs("ours") == body, size)
        for asked in ("0-0", "7-7", "3-1000", "4999990-", "4999990-9999999", "0-"):
            answer = self.boto.get_object(Bucket=self.bucket, Key="theirs", Range=f"bytes={asked}")
            self.assertTrue(self.get("theirs", "--range", asked) == answer["Body"].read(), asked)
        self.assert_error(self.s3("get", self.url("ours"), "-o", "no", "--range", "5000001-"), 1, "store.rejected", "416")

    def test_odd_keys_are_listed_alike(self):
        listable = [key for key in KEYS if self.server == "minio" or key.isprintable() or "\n" in key or "\t" in key]
        for key in listable:
            self.they_put(key, key.encode())
        ours, theirs = self.ours_listed(f"s3://{self.bucket}", "--recursive"), self.theirs_listed()
        self.assertEqual(ours, theirs)
        self.assertEqual(sorted(key for key, *_ in ours[0]), sorted(listable))
        for prefix in ("", "x/", "写真/", "a", "a%", "a ", "%2", "up/deep", "up/deep/", "absent"):
            with self.subTest(prefix):
                self.assertEqual(self.ours_listed(self.url(prefix)), self.theirs_listed(Prefix=prefix, Delimiter="/"))


class OnMinio(Common, Interop):
    def test_storage_classes_are_kept(self):
        self.they_put("theirs", b"x", StorageClass="REDUCED_REDUNDANCY")
        self.assertEqual(self.head("theirs").get("storage_class"), "REDUCED_REDUNDANCY")
        self.put("ours", b"x", "--storage-class", "REDUCED_REDUNDANCY")
        self.assertEqual(self.boto.head_object(Bucket=self.bucket, Key="ours")["StorageClass"], "REDUCED_REDUNDANCY")

    def test_versions_are_told_and_a_removed_object_is_gone_to_both(self):
        self.boto.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        first, second = self.put("k", b"1")["version"], self.they_put("k", b"22")["VersionId"]
        self.assertEqual(self.head("k")["version"], second)
        versions = self.boto.list_object_versions(Bucket=self.bucket)["Versions"]
        self.assertEqual({each["VersionId"]: each["IsLatest"] for each in versions}, {first: False, second: True})
        self.done("rm", self.url("k"))
        self.assertEqual(self.theirs_listed(), ([], []))
        self.assertEqual(len(self.boto.list_object_versions(Bucket=self.bucket)["DeleteMarkers"]), 1)
        self.assert_error(self.s3("get", self.url("k"), "-o", "no"), 1, "store.not_found")

    def test_conditions_hold_against_what_boto3_wrote(self):
        etag = self.they_put("k", b"theirs")["ETag"]
        self.assert_error(self.s3("put", support.PHOTO, self.url("k"), "--if-none-match"), 1, "store.precondition_failed")
        self.put("k", b"ours", "--if-match", etag)
        self.assert_error(self.s3("put", support.PHOTO, self.url("k"), "--if-match", etag), 1, "store.precondition_failed")
        self.assertEqual(self.theirs("k"), b"ours")

    def test_an_object_that_boto3_put_in_parts_is_read(self):
        upload = self.boto.create_multipart_upload(Bucket=self.bucket, Key="parts")["UploadId"]
        bodies = [os.urandom(5 << 20), os.urandom(1000)]
        parts = [{"PartNumber": number, "ETag": self.boto.upload_part(
            Bucket=self.bucket, Key="parts", UploadId=upload, PartNumber=number, Body=body)["ETag"]}
                 for number, body in enumerate(bodies, 1)]
        self.boto.complete_multipart_upload(Bucket=self.bucket, Key="parts", UploadId=upload,
                                            MultipartUpload={"Parts": parts})
        self.assertTrue(self.get("parts") == b"".join(bodies))
        self.assertTrue(self.get("parts", "--range", "5242870-5242890") == b"".join(bodies)[5242870:5242891])
        self.assertTrue(self.head("parts")["etag"].endswith("-2"))

    def test_more_than_a_page_is_listed_alike(self):
        keys = [f"{number % 7}/{number:04d} +%.jpg" for number in range(1001)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: self.they_put(key, b""), keys))
        ours = self.ours_listed(f"s3://{self.bucket}", "--recursive")
        self.assertEqual([key for key, *_ in ours[0]], sorted(keys))
        self.assertEqual(ours, self.theirs_listed())
        self.assertEqual(self.ours_listed(f"s3://{self.bucket}"), ([], [f"{number}/" for number in range(7)]))
        self.assertEqual(self.ours_listed(self.url("3/")), self.theirs_listed(Prefix="3/", Delimiter="/"))


class OnVersity(Common, Interop):
    server = "versity"


class Raw(Listener):
    """Answers with these headers, whatever it is asked."""

    def __init__(self, case, headers):
        self.headers = headers
        super().__init__(case)
        self.variables = support.s3_variables(f"http://127.0.0.1:{self.port}", "example")

    def handle(self, client):
        while read_head(client.makefile("rb"))[0]:
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + self.headers + b"\r\n")


class HeadersOfOthers(S3Case):
    """What a header may hold though no well-meaning client wrote it."""

    def test_bytes_that_are_no_utf8_break_nothing(self):
        server = Raw(self, b'ETag: "caf\xe9"\r\nx-amz-meta-latin-1: caf\xe9\r\nx-amz-meta-utf-8: caf\xc3\xa9\r\n'
                           b"Content-Type: \xff\xfe\r\nCache-Control: \x80\r\nLast-Modified: \xe9\r\nx-amz-meta-\xe9: x\r\n")
        self.env.update(server.variables)
        self.assertIn("café".encode(), self.raw("head", "s3://photos/k"))
        self.raw("get", "s3://photos/k", "-o", "out.bin")
        for arguments in (("head",), ("get", "-o", "out.bin")):
            told = json.loads(self.raw(arguments[0], "s3://photos/k", *arguments[1:], "--json"))
            self.assertEqual(told["metadata"]["utf-8"], "café")
            self.assertTrue(told["metadata"]["latin-1"].startswith("caf"), told)

    def test_metadata_that_is_told_twice_is_read(self):
        server = Raw(self, b'ETag: "0"\r\nx-amz-meta-a: 1\r\nX-Amz-Meta-A: 2\r\nx-amz-meta-: 3\r\nx-amz-meta-b:\r\n')
        told = self.s3("head", "s3://photos/k", "--json", **server.variables).json_lines()[0]
        self.assertIn(told["metadata"]["a"], ("1", "2", "1,2", "1, 2"))
        self.assertEqual(told["metadata"]["b"], "")


if __name__ == "__main__":
    support.main("minio", "versitygw", "boto3")
