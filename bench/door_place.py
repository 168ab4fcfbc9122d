"""A store, and `miniatura serve` on it, for one measurement of the doors."""
import contextlib
import json
import os
import sqlite3
import sys
import time

from contenders import EXECUTABLE, ROOT

os.environ.setdefault("MINIATURA_SOURCE_DIR", str(ROOT))
os.environ.setdefault("MINIATURA_EXECUTABLE", str(EXECUTABLE))
sys.path.insert(0, str(ROOT / "tests/e2e"))
import serving  # noqa: E402
import support  # noqa: E402

DONE = 2  # as runtime/inbox_file.h has it
PRESETS = {"small": {"width": 256, "height": 256, "format": "jpeg"},
           "card": {"width": 600, "height": 400, "fit": "cover", "format": "webp"}}


class Place(support.Case):
    """A directory store and what is started on it; all of it goes at the end."""

    def __init__(self, presets_by_prefix=None, **more):
        """Of the bucket `photos`; `more` of the configuration's fields."""
        super().__init__()
        self.setUp()
        for name in ("MINIATURA_DEST", "MINIATURA_PRESETS"):
            del self.env[name]
        by_prefix = presets_by_prefix or {"": PRESETS}
        rules = [{"match": {"bucket": "photos", "prefix": prefix}, "presets": list(presets),
                  "destination": "s3://thumbs/{key}/{preset}.{ext}"} for prefix, presets in by_prefix.items()]
        presets = {name: preset for presets in by_prefix.values() for name, preset in presets.items()}
        self.env["MINIATURA_CONFIG"] = json.dumps({"rules": rules, "presets": presets, **more})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.doCleanups()

    def link(self, key, path):
        there = self.store / "photos" / key
        there.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, there)

    def serve(self, jobs, name="serve"):
        return serving.Serve(self, self.env, "--jobs", jobs, name=name)


def wait_until_empty(serve):
    """Asks seldom: an answer costs CPU, too."""
    while serve.metrics()["miniatura_inbox_depth"] != 0:
        time.sleep(0.2)


def deliveries(place, ids):
    """(ms when it came, ms when it was done) of each, from the inbox's file: GET /events/ID tells seconds."""
    with contextlib.closing(sqlite3.connect(place.dir / "inbox.db")) as inbox:
        rows = {row[0]: row[1:] for row in inbox.execute("SELECT id, received_ms, changed_ms, state, reply FROM deliveries")}
    for each in ids:
        came_ms, _, state, reply = rows[each]
        assert state == DONE and json.loads(reply)["stored"] == 1, (each, came_ms, state, reply)
    return [rows[each][:2] for each in ids]
