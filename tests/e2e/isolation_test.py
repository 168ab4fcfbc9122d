"""Pictures rendered in workers that are walled in: the same thumbnails, and what a worker's end costs."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest

import support


def children(pid):
    """The process ids of what it started."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def until(holds):
    end = time.monotonic() + support.TIMEOUT_S
    while not (value := holds()):
        if time.monotonic() > end:
            raise AssertionError("it does not come")
        time.sleep(0.005)
    return value


class Isolation(support.Case):
    def start(self, *arguments, **env):
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [support.EXECUTABLE, "replay", *arguments, "-"], env={**self.env, **env}, cwd=self.dir,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=support.die_with_parent)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for stream in (process.stdin, process.stdout, process.stderr):
            self.addCleanup(stream.close)
        return process

    @staticmethod
    def tell(process, key):
        process.stdin.write((json.dumps(support.event(key)) + "\n").encode())
        process.stdin.flush()

    def ask(self, process, key):
        self.tell(process, key)
        return json.loads(process.stdout.readline())["events"][0]

    def test_gives_the_same_bytes_and_the_same_errors(self):
        pictures = {"photo.jpg": support.PHOTO.read_bytes(), "large.jpg": support.LARGE_PHOTO.read_bytes(),
                    "quarters.png": support.png(64, 64, support.quarters), "corrupt.png": support.corrupt_png(),
                    "huge.png": support.huge_png(), "half.jpg": support.PHOTO.read_bytes()[:9000], "text.jpg": b"no picture",
                    "script.jpg": b"%!PS\n(x) show", **{path.name: path.read_bytes() for path in
                    sorted((support.ROOT / "tests/fixtures/images").iterdir()) if path.suffix != ".md"}}
        for key, body in pictures.items():
            self.upload(key, body)
        events = self.write("events.jsonl", "".join(json.dumps(support.event(key)) + "\n" for key in pictures))
        results = []
        for isolation in ("none", "process"):
            done = self.run_it("replay", "--isolation", isolation, events)
            results.append((done.code, done.json_lines(), done.error_lines(), self.thumbnails()))
            shutil.rmtree(self.store / "thumbs")
            (self.store / "thumbs").mkdir()
        self.assertEqual(results[0], results[1])
        self.assertGreater(len(results[0][3]), 20)
        self.assertEqual(len(results[0][2]), 5, results[0][2])

    def test_every_format_is_read_and_written_inside_the_walls(self):
        images = support.ROOT / "tests/images"
        files = [images / name for name in ("avif-grid.avif", "avif-10.avif", "heic-plain.heic", "heic-alpha.heic", "gif-animated.gif",
                                            "tiff-tiles-jpeg.tiff", "bmp-rle.bmp", "webp-animated.webp", "press.jpg", "p3.png")]
        presets = {name: {"width": 40, "format": name} for name in ("avif", "jpeg", "png", "webp")}
        presets["webp"]["animated"] = True
        config = self.write("config.json", {"presets": presets, "rules": [
            {"match": {}, "presets": ["avif"], "destination": "s3://thumbs/{key}/{preset}.{ext}"}]})
        made = {}
        for isolation in ("none", "process"):
            out = self.dir / isolation
            done = self.run_it("thumb", *files, "-o", out, "--config", config, "--isolation", isolation,
                               MINIATURA_DEST=None, MINIATURA_PRESETS=None)
            self.assertEqual((done.code, done.err), (0, ""))
            made[isolation] = {path.name: path.read_bytes() for path in out.iterdir()}
        self.assertEqual(len(made["none"]), 40)
        self.assertEqual(made["none"], made["process"])

    def test_thumb_does_so_too_where_it_is_told_to(self):
        for isolation in ("none", "process"):
            done = self.run_it("thumb", support.PHOTO, "-o", isolation, MINIATURA_ISOLATION=isolation)
            self.assertEqual(done.code, 0, done.err)
        for path in sorted((self.dir / "none").iterdir()):
            self.assertEqual(path.read_bytes(), (self.dir / "process" / path.name).read_bytes(), path.name)

    def test_a_worker_is_walled_in_and_knows_no_secret(self):
        process = self.start(AWS_SECRET_ACCESS_KEY="y" * 20, MINIATURA_WEBHOOK_TOKEN="z" * 20)
        self.upload("a.png", support.png(64, 64, support.quarters))
        self.assertEqual(self.ask(process, "a.png")["outcome"], "stored")
        worker, = children(process.pid)
        status = pathlib.Path(f"/proc/{worker}/status").read_text(encoding="ascii")
        self.assertRegex(status, r"(?m)^NoNewPrivs:\t1$")
        self.assertRegex(status, r"(?m)^Seccomp:\t2$")
        if os.geteuid() == 0:  # whoever else is kept out of it
            names = {entry.split(b"=")[0].decode() for entry in
                     pathlib.Path(f"/proc/{worker}/environ").read_bytes().split(b"\0") if entry}
            self.assertLessEqual(names, {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})
            open_files = {int(link.name): os.readlink(link) for link in pathlib.Path(f"/proc/{worker}/fd").iterdir()}
            self.assertEqual(set(open_files), {0, 1, 2, 3}, open_files)

    @unittest.skipUnless(shutil.which("strace"), "no strace")
    def test_the_walls_stand_before_the_first_byte(self):
        self.upload("a.png", support.png(64, 64, support.quarters))
        calls = self.dir / "calls"
        subprocess.run(["strace", "-f", "-o", calls, "-e", "trace=landlock_restrict_self,seccomp,recvmsg,openat,execve,prctl",
                        support.EXECUTABLE, "replay", self.write("event.json", support.event("a.png"))],
                       env={**self.env, "ASAN_OPTIONS": "detect_leaks=0"}, check=True, capture_output=True, timeout=support.TIMEOUT_S)
        lines = calls.read_text(errors="replace").splitlines()
        worker = next(line.split()[0] for line in lines if '"render-worker"' in line and line.endswith("= 0"))
        own = [line.split(None, 1)[1] for line in lines if line.split()[0] == worker]
        walled = next(at for at, call in enumerate(own) if re.match(r"seccomp\(SECCOMP_SET_MODE_FILTER, .*= 0$", call))
        if not any("landlock" in call and "ENOSYS" in call for call in own):
            self.assertTrue(any(re.match(r"landlock_restrict_self\(.*= 0$", call) for call in own[:walled]), own[:walled])
        self.assertFalse([call for call in own[:walled] if call.startswith("recvmsg")])
        self.assertTrue([call for call in own[walled:] if call.startswith("recvmsg")])
        self.assertEqual([call for call in own[walled:] if call.startswith("openat") and not call.endswith(
            "EPERM (Operation not permitted)")], [])

    def test_a_worker_that_is_killed_costs_its_picture_alone(self):
        self.upload("slow.jpg", support.LARGE_PHOTO.read_bytes())
        self.upload("good.png", support.png(64, 64, support.quarters))
        process = self.start(MINIATURA_PRESETS="large=4000x4000:webp")
        self.assertEqual(self.ask(process, "good.png")["outcome"], "stored")
        worker, = children(process.pid)
        used = self.cpu_ticks(worker)
        self.tell(process, "slow.jpg")
        until(lambda: self.cpu_ticks(worker) > used + 5)  # in the middle of some seconds
        os.kill(worker, signal.SIGKILL)
        failed = json.loads(process.stdout.readline())["events"][0]
        self.assertEqual((failed["outcome"], failed["error"]["code"]), ("failed", "image.too_large"))
        self.assertIn("photos/slow.jpg: rendering was killed", failed["error"]["message"])
        self.upload("next.png", support.png(32, 64, support.quarters))
        self.assertEqual(self.ask(process, "next.png")["outcome"], "stored")
        self.assertEqual(len(children(process.pid)), 1)  # and no zombie

    def test_a_worker_that_dies_at_rest_costs_nothing(self):
        self.upload("good.png", support.png(64, 64, support.quarters))
        self.upload("next.png", support.png(32, 64, support.quarters))
        process = self.start()
        self.assertEqual(self.ask(process, "good.png")["outcome"], "stored")
        worker, = children(process.pid)
        os.kill(worker, signal.SIGKILL)
        until(lambda: pathlib.Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
        self.assertEqual(self.ask(process, "next.png")["outcome"], "stored")

    def test_a_worker_goes_with_whoever_started_it(self):
        self.upload("slow.jpg", support.LARGE_PHOTO.read_bytes())
        process = self.start(MINIATURA_PRESETS="large=4000x4000:webp")
        worker = until(lambda: children(process.pid))[0]
        used = self.cpu_ticks(worker)
        self.tell(process, "slow.jpg")
        until(lambda: self.cpu_ticks(worker) > used + 5)
        process.kill()
        process.wait(support.TIMEOUT_S)
        until(lambda: not self.lives(worker))

    def test_each_job_has_a_worker_of_its_own(self):
        for i in range(4):
            self.upload(f"{i}.jpg", support.LARGE_PHOTO.read_bytes())
        process = self.start("--jobs", "2")
        for i in range(4):
            self.tell(process, f"{i}.jpg")
        self.assertEqual([json.loads(process.stdout.readline())["stored"] for _ in range(4)], [1] * 4)
        self.assertEqual(len(children(process.pid)), 2)
        workers = children(process.pid)
        process.stdin.close()
        self.assertEqual(process.wait(support.TIMEOUT_S), 0)
        self.assertFalse([worker for worker in workers if self.lives(worker)])

    def test_the_limit_of_CPU_time_is_named(self):
        self.upload("slow.jpg", support.LARGE_PHOTO.read_bytes())
        config = self.write("config.json", {
            "rules": [{"presets": ["large"], "destination": "s3://thumbs/{key}/{preset}.{ext}"}],
            "presets": {"large": {"width": 4000, "height": 4000, "format": "webp", "quality": 100}},
            "limits": {"cpu_ms": 1}})
        done = self.run_it("replay", "--config", config, self.write("event.json", support.event("slow.jpg")),
                           MINIATURA_DEST=None, MINIATURA_PRESETS=None)
        self.assert_error(done, 1, "image.too_large", "limits.cpu_ms", "1 ms", "photos/slow.jpg")

    def test_another_word_is_wrong_usage(self):
        done = self.run_it("replay", "--isolation", "walls", self.write("event.json", support.event("a.png")))
        self.assert_error(done, 2, "config.invalid", "--isolation", "walls", "process", "none")

    @staticmethod
    def cpu_ticks(pid):
        words = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(words[11]) + int(words[12])

    @staticmethod
    def lives(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False


if __name__ == "__main__":
    support.main()
