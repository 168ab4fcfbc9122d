"""The promise, proved on a real MinIO: many uploads, many of them of the same keys, while `serve` is killed again and again
and MinIO is restarted: afterwards each thumbnail is the newest source's, none is missing, none was overwritten by an
older one, what was worked twice is bounded by the kills, and poison lies in the dead letters with its reason.

A short form by default; MINIATURA_LONG=1: 1,000 uploads of 300 keys. MINIATURA_SEED picks another course of events.
"""
import concurrent.futures
import contextlib
import dataclasses
import hashlib
import http.client
import os
import random
import secrets
import threading
import time
import urllib.parse

import servers
import support
from serving import TOKEN, Serve

LONG = os.environ.get("MINIATURA_LONG") == "1"
SEED = int(os.environ.get("MINIATURA_SEED", "8"))
KEYS, UPLOADS, KILLS, KILL_EVERY_S = (300, 1000, 12, (2, 4)) if LONG else (24, 80, 4, (0.6, 1.4))
POISON_EVERY = 20  # of the uploads
JOBS = 2
PRESETS = ("small", "card")  # the last one is the commit mark


class Minio:
    """Sends its events to a webhook, and keeps those that it could not send. Can be stopped and started again."""

    def __init__(self, case, endpoint_port):
        self.case, self.port, self.secret = case, support.free_ports(1)[0], secrets.token_hex(20)
        self.variables = support.s3_variables(f"http://127.0.0.1:{self.port}", self.secret)
        self.env = {**support.minio_variables(case, self.secret), "MINIO_NOTIFY_WEBHOOK_ENABLE_ONE": "on",
                    "MINIO_NOTIFY_WEBHOOK_ENDPOINT_ONE": f"http://127.0.0.1:{endpoint_port}/events",
                    "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_ONE": TOKEN,
                    "MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_ONE": str(case.dir / "queue")}
        self.count = 0
        self.start()

    def start(self):
        self.count += 1
        self.server = support.Server(
            self.case, [support.tool("minio"), "server", self.case.dir / "minio", "--address", f"127.0.0.1:{self.port}"],
            self.env, self.is_ready, self.case.dir / f"minio-{self.count}.log")

    def is_ready(self):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            connection.request("GET", "/minio/health/ready")
            return connection.getresponse().status == 200

    def restart(self):
        self.server.stop()
        self.start()

    def is_queue_empty(self):
        return not any(path.is_file() for path in (self.case.dir / "queue").rglob("*"))


@dataclasses.dataclass
class Source:
    """What was uploaded to a key, the newest last."""
    etags: list
    colours: list  # None: poison
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)


def colour_of(key, version):
    digest = hashlib.sha256(f"{key} {version}".encode()).digest()
    return tuple(40 + byte % 180 for byte in digest[:3])


def notify(client, bucket):
    client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [
        {"QueueArn": "arn:minio:sqs::ONE:webhook", "Events": ["s3:ObjectCreated:*"]}]})


class OnMinio(support.Case):
    def setUp(self):
        super().setUp()
        self.rng = random.Random(SEED)
        self.listen, = support.free_ports(1)
        self.minio = Minio(self, self.listen)
        self.env.update(self.minio.variables, MINIATURA_PRESETS="small=16x16:png:cover,card=24x12:png:cover")
        self.env["MINIATURA_DEST"] = "s3://thumbs/"
        self.client = servers.boto(self, self.minio.variables)
        support.wait_for(self.buckets_are_made, "MinIO")
        self.served = 0
        self.serve = None

    def buckets_are_made(self):
        try:
            for bucket in ("photos", "thumbs"):
                with contextlib.suppress(self.client.exceptions.BucketAlreadyOwnedByYou):
                    self.client.create_bucket(Bucket=bucket)
            self.client.put_bucket_versioning(Bucket="thumbs", VersioningConfiguration={"Status": "Enabled"})
            return True
        except self.client.exceptions.ClientError:
            return False

    def start_serving(self):
        self.served += 1
        self.serve = Serve(self, self.env, "--jobs", str(JOBS), port=self.listen, name=f"serve-{self.served}")

    def upload(self, number):  # pylint: disable=arguments-differ
        """A further version of some key; a client that is refused or cut off tries again, as clients do."""
        key = self.keys[number]
        source = self.sources[key]
        with source.lock:
            version = len(source.etags)
            is_poison = number % POISON_EVERY == 7
            colour = None if is_poison else colour_of(key, version)
            body = support.corrupt_png() + f"{key} {version}".encode() if is_poison else \
                support.png(48 + version, 32, lambda x, y: colour)
            while True:
                try:
                    etag = self.client.put_object(Bucket="photos", Key=key, Body=body)["ETag"].strip('"')
                    break
                except Exception:  # pylint: disable=broad-except  (MinIO is being restarted)
                    time.sleep(0.1)
            source.etags.append(etag)
            source.colours.append(colour)

    def kill_now_and_then(self, uploading):
        for number in range(KILLS):
            time.sleep(self.rng.uniform(*KILL_EVERY_S))
            self.serve.kill()
            self.start_serving()
            if number == KILLS // 2:
                self.minio.restart()
        uploading.result()

    def test_nothing_is_lost_and_nothing_goes_backwards(self):
        names = [f"up/{number} +%.png" for number in range(KEYS)]
        self.keys = names + [self.rng.choice(names) for _ in range(UPLOADS - KEYS)]
        self.sources = {key: Source([], []) for key in names}
        self.start_serving()
        support.wait_for(self.notification_is_set, "the notification")
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            uploading = pool.submit(lambda: list(map(self.upload, range(UPLOADS))))
            self.kill_now_and_then(uploading)
        # Repeats, as MinIO and any other sender may.
        repeated = self.rng.sample(names, 5)
        for key in repeated:
            self.serve.post(support.event(key))
        support.wait_for(lambda: self.minio.is_queue_empty() and self.serve.metrics()["miniatura_inbox_depth"] == 0,
                   "MinIO's queue and the inbox to be empty", 10 * support.TIMEOUT_S if LONG else 2 * support.TIMEOUT_S)
        self.check_thumbnails()
        self.check_dead_letters()

    def notification_is_set(self):
        try:
            notify(self.client, "photos")
            return True
        except self.client.exceptions.ClientError:  # the target is not reached yet
            return False

    def written(self):
        """Of each thumbnail's key the source etags of its versions, the oldest first."""
        versions = {}
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket="thumbs"):
            for version in page.get("Versions", []):
                versions.setdefault(version["Key"], []).append((version["LastModified"], version["VersionId"]))
        return {key: [self.client.head_object(Bucket="thumbs", Key=key, VersionId=version)["Metadata"]["miniatura-source-etag"]
                      for _, version in reversed(of_key)] for key, of_key in versions.items()}

    def check_thumbnails(self):
        written, twice = self.written(), 0
        for key, source in self.sources.items():
            for preset in PRESETS:
                thumbnail = f"{key}/{preset}.png"
                if source.colours[-1] is None:
                    continue  # poison is the newest: what an older one left stays
                self.assertIn(thumbnail, written)
                order = [source.etags.index(etag) for etag in written[thumbnail]]
                self.assertEqual(order, sorted(order), f"{thumbnail}: an older source came after a newer one")
                twice += len(order) - len(set(order))
                body = self.client.get_object(Bucket="thumbs", Key=thumbnail)["Body"].read()
                self.assertEqual(order[-1], len(source.etags) - 1, f"{thumbnail} is not of the newest source")
                pixel = support.png_pixels(body)[3][3]
                self.assertLess(max(abs(a - b) for a, b in zip(pixel, source.colours[-1])), 6, thumbnail)
        unknown = set(written) - {f"{key}/{preset}.png" for key in self.sources for preset in PRESETS}
        self.assertEqual(unknown, set())
        self.assertLessEqual(twice, KILLS * JOBS * len(PRESETS), "thumbnails that were written twice")
        print(f"{UPLOADS} uploads of {KEYS} keys, {KILLS} kills, 1 restart: {sum(map(len, written.values()))} writes, "
              f"{twice} of them again", flush=True)

    def check_dead_letters(self):
        letters = self.run_it("dead", "list", "inbox", "--inbox", self.serve.inbox).json_lines()
        dead = set()
        for letter in letters:
            self.assertEqual(letter["error"]["code"], "image.corrupt", letter)
            shown = self.run_it("dead", "show", "inbox", letter["id"], "--inbox", self.serve.inbox).json_lines()[0]
            record = shown["payload"]["Records"][0]
            key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
            self.assertIn(key, letter["error"]["message"])
            dead.add(key)
        for key, source in self.sources.items():
            if source.colours[-1] is None:
                self.assertIn(key, dead, "poison that is in no dead letter")
        self.assertLessEqual(dead, {key for key, source in self.sources.items() if None in source.colours},
                             "a good picture among the dead letters")


if __name__ == "__main__":
    support.main("minio", "boto3")
