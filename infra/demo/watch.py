"""Uploads pictures to MinIO by an ordinary S3 client, and watches their thumbnails appear.

    watch.py --executable FILE --out DIR PHOTO…

MinIO tells `miniatura serve` of each upload, the journal tells what became of it. Prints the table and writes
DIR/contact-sheet.html. Exit 1 if a picture got no thumbnails.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import contact_sheet
from pictures import DESTINATION_BUCKET, SOURCE_BUCKET, object_keys, print_table

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / ".tools/python"))
import boto3  # noqa: E402  pylint: disable=wrong-import-position
import botocore.config  # noqa: E402  pylint: disable=wrong-import-position

WAIT_S = 60
TARGET = "arn:minio:sqs::DEMO:webhook"  # as MinIO's variables name it


def connect():
    return boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL_S3"],
                        config=botocore.config.Config(s3={"addressing_style": "path"}, proxies={}))


def until(ready, what):
    end = time.monotonic() + WAIT_S
    while True:
        answer = ready()
        if answer:
            return answer
        if time.monotonic() > end:
            sys.exit(f"demo: waited {WAIT_S} s for {what}")
        time.sleep(0.02)


def prepare(client):
    """The buckets, and the notification. MinIO says that it is ready before it is."""
    for bucket in (SOURCE_BUCKET, DESTINATION_BUCKET):
        client.create_bucket(Bucket=bucket)
    client.put_bucket_notification_configuration(Bucket=SOURCE_BUCKET, NotificationConfiguration={
        "QueueConfigurations": [{"QueueArn": TARGET, "Events": ["s3:ObjectCreated:*"]}]})
    return True


def is_prepared(client):
    try:
        return prepare(client)
    except client.exceptions.BucketAlreadyOwnedByYou:
        return True
    except client.exceptions.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 503:
            raise
        return False


def journal_row(executable, key):
    """What became of the newest event of a key, or None."""
    listed = subprocess.run([executable, "journal", "list", "--prefix", key, "--limit", "50", "--json"], check=True,
                            capture_output=True, text=True).stdout
    return next((row for row in map(json.loads, listed.splitlines()) if row["key"] == key), None)


def watch(client, executable, photo, key):
    """One picture's row: what went in, what came out, or the error."""
    body = photo.read_bytes()
    start = time.perf_counter()
    client.put_object(Bucket=SOURCE_BUCKET, Key=key, Body=body)
    done = until(lambda: journal_row(executable, key), f"the thumbnails of {photo.name}")
    row = {"name": key.removeprefix("uploads/"), "source_bytes": len(body),
           "ms": (time.perf_counter() - start) * 1000, "thumbnails": []}
    if done["outcome"] != "stored":
        row["error"] = done.get("error", {}).get("message") or done.get("reason") or done["outcome"]
    for thumbnail in done["thumbnails"]:
        image = client.get_object(Bucket=thumbnail["bucket"], Key=thumbnail["key"])["Body"].read()
        row["thumbnails"].append({**thumbnail, "image": image})
    return row


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--executable", required=True)
    arguments.add_argument("--out", required=True, type=pathlib.Path)
    arguments.add_argument("photos", nargs="+", type=pathlib.Path)
    given = arguments.parse_args()

    client = connect()
    until(lambda: is_prepared(client), "MinIO to make the buckets")
    rows = [watch(client, given.executable, photo, key) for photo, key in zip(given.photos, object_keys(given.photos))]
    footer = ("Times are the uploader's: from the beginning of the upload until the thumbnails are there. MinIO takes its "
              "time to tell: it writes each event to its own queue first, so that none is lost.")
    (given.out / "contact-sheet.html").write_text(contact_sheet.page(rows, footer), encoding="utf-8")
    print_table(rows)
    return 1 if any("error" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
