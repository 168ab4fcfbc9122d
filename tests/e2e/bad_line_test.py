"""Between the executable and MinIO the line breaks: no byte is lost, doubled or mixed up, and nothing is written twice."""
import hashlib
import random

import servers
import support
from proxies import BadLine, Fault, Weather
from s3_case import S3Case

BODY = random.Random(1).randbytes(10_000_019)
SMOOTH = Fault()

shared, variables, client = None, None, None


def setUpModule():
    global shared, variables, client  # pylint: disable=global-statement
    shared, variables, client = servers.shared_minio()


def first(fault, *methods):
    """The first request of these methods meets it, the others nothing."""
    left = [fault]
    return lambda method, path: left.pop() if left and method in methods else SMOOTH


class OverABadLine(S3Case):
    def setUp(self):
        super().setUp()
        self.env.update(variables)
        self.bucket = servers.make_bucket(client)
        self.url = f"s3://{self.bucket}/k"

    def line(self, fault_of):
        line = BadLine(self, variables["AWS_ENDPOINT_URL_S3"], fault_of)
        self.env["AWS_ENDPOINT_URL_S3"] = line.url
        return line

    def upload_body(self):
        client.put_object(Bucket=self.bucket, Key="k", Body=BODY)

    def body_file(self):
        path = self.dir / "body.bin"
        path.write_bytes(BODY)
        return path

    def assert_same(self, theirs, ours):
        self.assertEqual((len(theirs), hashlib.sha256(theirs).hexdigest()), (len(ours), hashlib.sha256(ours).hexdigest()))

    def versions(self):
        return client.list_object_versions(Bucket=self.bucket).get("Versions", [])

    def test_a_get_gives_the_object_whatever_the_weather(self):
        self.upload_body()
        out, resumed = self.dir / "out.bin", 0
        for seed in range(6):
            with self.subTest(seed=seed):
                line = self.line(Weather(seed))
                done = self.s3("get", self.url, "-o", out)
                self.assertEqual((done.code, done.err), (0, ""))
                self.assert_same(out.read_bytes(), BODY)
                resumed += sum("range" in headers for _, _, headers in line.requests)
                for _, _, headers in line.requests:
                    self.assertEqual("range" in headers, "if-match" in headers, "no other object's bytes")
        self.assertGreater(resumed, 12)
        self.assertEqual(self.files(), ["out.bin"])

    def test_a_range_gives_its_bytes_whatever_the_weather(self):
        self.upload_body()
        out = self.dir / "out.bin"
        for seed in range(3):
            with self.subTest(seed=seed):
                self.line(Weather(seed))
                done = self.s3("get", self.url, "-o", out, "--range", "1000003-8999999")
                self.assertEqual((done.code, done.err), (0, ""))
                self.assert_same(out.read_bytes(), BODY[1_000_003:9_000_000])

    def test_a_break_on_each_edge_is_mended(self):
        self.upload_body()
        out = self.dir / "out.bin"
        for after in (-1, 0, 1, len(BODY) - 1):
            for how in ("cut", "reset"):
                with self.subTest((after, how)):
                    line = self.line(first(Fault(answer_bytes=after, how=how), "GET"))
                    self.assertEqual(self.s3("get", self.url, "-o", out).code, 0)
                    self.assert_same(out.read_bytes(), BODY)
                    self.assertEqual(len(line.requests), 2)

    def test_an_object_that_is_overwritten_meanwhile_is_said_and_no_file_is_left(self):
        for how, then in (("overwritten", lambda: client.put_object(Bucket=self.bucket, Key="k", Body=BODY[::-1])),
                          ("removed", lambda: client.delete_object(Bucket=self.bucket, Key="k"))):
            with self.subTest(how):
                self.upload_body()
                self.line(first(Fault(answer_bytes=3_000_000, then=then), "GET"))
                done = self.s3("get", self.url, "-o", self.dir / "out.bin")
                self.assert_error(done, 75, "source.changed", f"{self.bucket}/k")
                self.assertEqual(self.files(), [])

    def test_a_put_whose_way_breaks_arrives_whole(self):
        for fault in (Fault(request_bytes=0), Fault(request_bytes=4_000_000), Fault(status=503, asks=False),
                      Fault(answer_bytes=-1), Fault(status=500)):
            with self.subTest(fault):
                line = self.line(first(fault, "PUT"))
                done = self.s3("put", self.body_file(), self.url)
                self.assertEqual((done.code, done.err), (0, ""))
                self.assert_same(client.get_object(Bucket=self.bucket, Key="k")["Body"].read(), BODY)
                self.assertEqual([method for method, *_ in line.requests], ["PUT", "PUT"])

    def test_a_put_if_absent_whose_answer_is_lost_has_been_done_and_once(self):
        for fault in (Fault(answer_bytes=-1), Fault(status=500), Fault(status=503)):
            with self.subTest(fault):
                self.bucket = servers.make_bucket(client)
                self.url = f"s3://{self.bucket}/k"
                client.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
                line = self.line(first(fault, "PUT"))
                done = self.s3("put", self.body_file(), self.url, "--if-none-match", "--json")
                self.assertEqual((done.code, done.err), (0, ""))
                versions = self.versions()
                self.assertEqual(len(versions), 1)
                told = done.json_lines()[0]
                self.assertEqual((told["version"], told["etag"]), (versions[0]["VersionId"], hashlib.md5(BODY).hexdigest()))
                self.assertEqual([method for method, *_ in line.requests], ["PUT", "PUT", "HEAD"])

    def test_a_put_if_absent_whose_answer_is_lost_is_not_taken_for_anothers_object(self):
        client.put_object(Bucket=self.bucket, Key="k", Body=BODY[::-1])
        self.line(first(Fault(status=500), "PUT"))
        done = self.s3("put", self.body_file(), self.url, "--if-none-match")
        self.assert_error(done, 1, "store.precondition_failed")
        self.assert_same(client.get_object(Bucket=self.bucket, Key="k")["Body"].read(), BODY[::-1])

    def test_a_put_if_match_whose_answer_is_lost_has_been_done_and_once(self):
        client.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        etag = client.put_object(Bucket=self.bucket, Key="k", Body=b"old")["ETag"]
        self.line(first(Fault(status=500), "PUT"))
        done = self.s3("put", self.body_file(), self.url, "--if-match", etag)
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual(len(self.versions()), 2)

    def replay(self):
        """The thumbnails in a bucket of their own."""
        dest = servers.make_bucket(client)
        done = self.run_it("replay", self.write("event.json", support.event("up/a.jpg", self.bucket)),
                           MINIATURA_DEST=f"s3://{dest}/")
        self.assertEqual((done.code, done.json_lines()[0]["stored"]), (0, 1), done.out + done.err)
        return [client.get_object(Bucket=dest, Key=f"up/a.jpg/{name}")["Body"].read()
                for name in ("small.jpg", "card.webp")]

    def test_an_event_is_handled_whatever_the_weather(self):
        client.put_object(Bucket=self.bucket, Key="up/a.jpg", Body=support.LARGE_PHOTO.read_bytes())
        fair = self.replay()
        self.assertEqual([support.size_of(image)[0] for image in fair], ["jpeg", "webp"])
        for seed in range(3):
            with self.subTest(seed=seed):
                lost, weather = first(Fault(answer_bytes=-1), "PUT"), Weather(seed)
                line = self.line(lambda method, path, lost=lost, weather=weather:
                                 (weather if method == "GET" else lost)(method, path))
                self.assertTrue(self.replay() == fair)
                self.assertGreater([method for method, *_ in line.requests].count("PUT"), 2)


if __name__ == "__main__":
    support.main("minio", "boto3")
