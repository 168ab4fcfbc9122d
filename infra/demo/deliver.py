"""Puts pictures into a bucket that is a directory, hands each one's S3 event to the emulator, and tells what came of it.

    deliver.py --invoke HOST:PORT --store ROOT --out DIR PHOTO…

Prints the table and writes DIR/contact-sheet.html. Exit 1 if a picture got no thumbnails.
"""
import argparse
import hashlib
import http.client
import json
import pathlib
import sys
import time
import urllib.parse

import contact_sheet
from pictures import DESTINATION_BUCKET, SOURCE_BUCKET, object_keys, print_table

INVOKE_TIMEOUT_S = 120


class Directory:
    """The directory store, by hand: ROOT/BUCKET/KEY, '%' written as %25."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def make_bucket(self, bucket):
        (self.root / bucket).mkdir(parents=True, exist_ok=True)

    def path(self, bucket, key):
        return self.root / bucket / key.replace("%", "%25")

    def put(self, bucket, key, body):
        path = self.path(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return hashlib.md5(body).hexdigest()

    def get(self, bucket, key):
        return self.path(bucket, key).read_bytes()


def s3_event(key, size, etag):
    """What S3 sends for an upload; the key is form-encoded there."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    return {"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": now,
        "eventName": "ObjectCreated:Put",
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "demo",
               "bucket": {"name": SOURCE_BUCKET, "arn": f"arn:aws:s3:::{SOURCE_BUCKET}"},
               "object": {"key": urllib.parse.quote_plus(key, safe="/"), "size": size, "eTag": etag,
                          "sequencer": f"{time.time_ns():018X}"}}}]}


def invoke(address, event):
    """The function's answer and how long it took, as who calls it sees it."""
    connection = http.client.HTTPConnection(address, timeout=INVOKE_TIMEOUT_S)
    start = time.perf_counter()
    connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
    response = connection.getresponse()
    text = response.read().decode(errors="replace")
    took_ms = (time.perf_counter() - start) * 1000
    connection.close()
    try:
        return json.loads(text), took_ms
    except json.JSONDecodeError:
        return {"errorMessage": f"the emulator answered {response.status} and {text!r}: "
                                "see the log of the function"}, took_ms


def deliver(store, address, photo, key):
    """One picture's row: what went in, what came out, or the error."""
    body = photo.read_bytes()
    etag = store.put(SOURCE_BUCKET, key, body)
    reply, took_ms = invoke(address, s3_event(key, len(body), etag))
    row = {"name": key.removeprefix("uploads/"), "source_bytes": len(body), "ms": took_ms, "thumbnails": []}
    events = reply.get("events") or [{}]
    if "errorMessage" in reply:
        row["error"] = reply["errorMessage"]
    elif events[0].get("outcome") != "stored":
        row["error"] = events[0].get("reason") or json.dumps(reply)
    for thumbnail in events[0].get("thumbnails", []):
        image = store.get(thumbnail["bucket"], thumbnail["key"])
        if len(image) != thumbnail["bytes"]:
            row["error"] = f"{thumbnail['key']}: {len(image)} bytes are there, the reply says {thumbnail['bytes']}"
        row["thumbnails"].append({**thumbnail, "image": image})
    return row


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--invoke", required=True)
    arguments.add_argument("--store", required=True)
    arguments.add_argument("--out", required=True, type=pathlib.Path)
    arguments.add_argument("photos", nargs="+", type=pathlib.Path)
    given = arguments.parse_args()

    store = Directory(given.store)
    for bucket in (SOURCE_BUCKET, DESTINATION_BUCKET):
        store.make_bucket(bucket)
    _, start_ms = invoke(given.invoke, {"Records": []})  # the first event also starts the function
    rows = [deliver(store, given.invoke, photo, key)
            for photo, key in zip(given.photos, object_keys(given.photos))]
    (given.out / "contact-sheet.html").write_text(contact_sheet.page(
        rows, f"Times are the caller's: from the event to the answer, thumbnails stored. The function itself started and "
              f"answered in {start_ms:.0f} ms."), encoding="utf-8")
    print_table(rows)
    print(f"\nThe function started and answered its first, empty event in {start_ms:.0f} ms.")
    return 1 if any("error" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
