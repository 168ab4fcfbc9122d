"""What the tests of `miniatura s3 …` share."""
import contextlib
import os
import pty
import subprocess

import support


class S3Case(support.Case):
    def s3(self, *arguments, stdin="", **env):
        return self.run_it("s3", *arguments, stdin=stdin, **env)

    def raw(self, *arguments):
        """Its standard output as bytes."""
        done = subprocess.run([str(support.EXECUTABLE), "s3", *map(str, arguments)], capture_output=True, env=self.env,
                              cwd=self.dir, timeout=support.TIMEOUT_S, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout

    def put(self, key, body=b"body", *arguments):
        path = self.dir / "body.bin"
        path.write_bytes(body)
        done = self.s3("put", path, f"s3://photos/{key}", "--json", *arguments)
        self.assertEqual((done.code, done.err), (0, ""))
        return done.json_lines()[0]

    def head(self, key):
        done = self.s3("head", f"s3://photos/{key}", "--json")
        self.assertEqual((done.code, done.err), (0, ""))
        return done.json_lines()[0]

    def ls(self, url, *arguments):
        """Names, a prefix as (prefix,)."""
        done = self.s3("ls", url, "--json", *arguments)
        self.assertEqual((done.code, done.err), (0, ""))
        return [line["key"] if "key" in line else (line["prefix"],) for line in done.json_lines()]

    def shown_at_terminal(self, run):
        """What a terminal shows that is the standard error of what `run` starts and waits for."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        try:
            run(theirs)
        finally:
            os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # EIO: nobody is on the other side any more
            while chunk := os.read(ours, 4096):
                shown += chunk
        return shown

    def files(self):
        """What lies in the working directory."""
        return sorted(path.name for path in self.dir.iterdir()
                      if path.is_file() and path.name not in ("body.bin", "minio.log"))
