"""Two processes on the same events of one bucket, both killed again and again in mid-event, while sources are overwritten:
at the end each thumbnail is there, is of the newest source, and no more is there than that."""
import json
import random
import signal
import subprocess
import threading
import time

import servers
import support

KEYS = [f"in/{number}.png" for number in range(30)]
OVERWRITTEN = KEYS[::3]
RED, BLUE = (200, 30, 30), (30, 30, 200)
KILLS = 8  # of each process
PRESETS = ("small", "card")

shared, variables, client = None, None, None


def setUpModule():
    global shared, variables, client  # pylint: disable=global-statement
    shared, variables, client = servers.shared_minio()


def picture(colour, number):
    """Of its own bytes for each key."""
    return support.png(320 + number, 240, lambda x, y: colour)


class TwoWorkers(support.Case):
    def setUp(self):
        super().setUp()
        self.photos, self.thumbs = servers.make_bucket(client), servers.make_bucket(client)
        self.env.update({**variables, "MINIATURA_DEST": f"s3://{self.thumbs}/", "MINIATURA_JOURNAL": str(self.dir / "journal.db"),
                         "MINIATURA_PRESETS": "small=16x16:png:cover,card=24x12:png:cover"})
        for number, key in enumerate(KEYS):
            client.put_object(Bucket=self.photos, Key=key, Body=picture(RED, number))

    def overwrite(self):
        for key in OVERWRITTEN:
            client.put_object(Bucket=self.photos, Key=key, Body=picture(BLUE, KEYS.index(key)))
            time.sleep(0.05)

    def work(self, name, delays):
        """Killed after each of the delays, and begun again; the last run is left in peace. Gives how often it was killed."""
        rng, killed = random.Random(name), 0
        for delay in [*delays, None]:
            keys = KEYS[:]
            rng.shuffle(keys)
            events = self.write(f"{name}.ndjson", "".join(json.dumps(support.event(key, self.photos)) + "\n" for key in keys))
            if delay is None:
                self.overwritten.join()  # the events that tell of it come after it
            with subprocess.Popen([support.EXECUTABLE, "replay", "--jobs", "2", str(events)], env=self.env, cwd=self.dir,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                try:
                    out, err = process.communicate(timeout=delay or support.TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                    out, err = process.communicate()
                killed += process.returncode == -signal.SIGKILL
                if delay is None:
                    self.last[name] = (process.returncode, out.decode(), err.decode())
        self.killed[name] = killed

    def run_both(self):
        self.last, self.killed = {}, {}
        rng = random.Random(7)
        self.overwritten = threading.Thread(target=self.overwrite)
        workers = [threading.Thread(target=self.work, args=(name, [rng.uniform(0.03, 0.25) for _ in range(KILLS)]))
                   for name in ("first", "second")]
        for thread in (self.overwritten, *workers):
            thread.start()
        for thread in (self.overwritten, *workers):
            thread.join()
        for name in ("first", "second"):
            self.assertGreater(self.killed[name], 1)
            # What the other one keeps writing may be put off, and is then done by the next delivery.
            self.assertIn(self.last[name][0], (0, 75), self.last[name])

    def replay_all(self):
        events = self.write("all.ndjson", "".join(json.dumps(support.event(key, self.photos)) + "\n" for key in KEYS))
        return self.run_it("replay", events)

    def versions(self):
        """Of each thumbnail's key: how many."""
        counts = {}
        for page in client.get_paginator("list_object_versions").paginate(Bucket=self.thumbs):
            for version in page.get("Versions", []):
                counts[version["Key"]] = counts.get(version["Key"], 0) + 1
        return counts

    def assert_all_are_of_the_newest(self):
        for key in KEYS:
            etag = client.head_object(Bucket=self.photos, Key=key)["ETag"].strip('"')
            for preset in PRESETS:
                thumbnail = client.get_object(Bucket=self.thumbs, Key=f"{key}/{preset}.png")
                self.assertEqual(thumbnail["Metadata"]["miniatura-source-etag"], etag, f"{key} {preset}")
                pixel = support.png_pixels(thumbnail["Body"].read())[3][3]
                wanted = BLUE if key in OVERWRITTEN else RED
                self.assertLess(max(abs(a - b) for a, b in zip(pixel, wanted)), 8, f"{key} {preset}")

    def check(self):
        self.run_both()
        done = self.replay_all()
        self.assertEqual(done.code, 0, done.err)
        self.assert_all_are_of_the_newest()
        versions = self.versions()
        self.assertEqual(sorted(versions), sorted(f"{key}/{preset}.png" for key in KEYS for preset in PRESETS))
        done = self.replay_all()
        self.assertEqual((done.code, sum(reply["skipped"] for reply in done.json_lines())), (0, len(KEYS)), done.err)
        self.assertEqual(self.versions(), versions, "what is done was done again")
        self.assertEqual(self.run_it("journal", "stats").code, 0)
        return versions

    def test_a_bucket_without_versions(self):
        self.check()

    def test_a_bucket_with_versions_shows_each_write(self):
        client.put_bucket_versioning(Bucket=self.thumbs, VersioningConfiguration={"Status": "Enabled"})
        versions = self.check()
        once = {key: count for key, count in versions.items() if not key.startswith(tuple(f"{key}/" for key in OVERWRITTEN))}
        self.assertEqual(set(once.values()), {1}, "a source that never changed is written once, whoever is killed")


if __name__ == "__main__":
    support.main()
