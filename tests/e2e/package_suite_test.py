"""The end-to-end tests with the package as the executable, each time it is run in a root of its own: read-only but for what
the tests share with it, without a right, in a network with a loopback alone. (/dev and /proc are there, as in Lambda.)

A short form by default; MINIATURA_LONG=1: all files, each in its short form.
"""
import os
import pathlib
import subprocess
import sys
import unittest

import sandbox
import servers
import support
from name_server import NameServer

LONG = os.environ.get("MINIATURA_LONG") == "1"
SHORT = ("lambda_faults", "minio", "thumb")
FILE_TIMEOUT_S = 1200
# Of another program, or with the package without our help.
APART = ("bench_*", "container", "deploy", "package_*")
HERE = pathlib.Path(__file__).resolve().parent

# Starts the package in its root, by the name and in the directory that it was called by and in, without any right of
# root's. No shell and no Python: it is run a thousand times, and some tests look at all that happens from exec on.
ENTER = r"""
#define _GNU_SOURCE
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char** argv) {
  static char here[4096];
  const char* name = strrchr(argv[0], '/');
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0}};
  if (!getcwd(here, sizeof here) || chroot(ROOT) != 0 || chdir(here) != 0) return 111;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_capset, &header, none) != 0) return 112;
  execv(name && strcmp(name, "/bootstrap") == 0 ? "/var/task/bootstrap" : "/var/task/miniatura", argv);
  return 113;
}
"""


def names():
    held = [path.stem.removesuffix("_test") for path in sorted(HERE.glob("*_test.py"))]
    held = [name for name in held if not any(pathlib.PurePath(name).match(pattern) for pattern in APART)]
    return [name for name in held if LONG or name in SHORT]


def setUpModule():
    shared = servers.Shared()
    NameServer(shared, {})
    # What the tests write, and their pictures, are by the same paths inside.
    work = shared.dir / "work"
    work.mkdir()
    Suite.sandbox = sandbox.Sandbox(shared, files={
        "/etc/hosts": "127.0.0.1 localhost\n", "/var/task/miniatura": sandbox.PACKAGE.read_bytes()},
        shared=[("/dev", "ro"), ("/proc", "ro"), (work, "rw"), (support.ROOT, "ro")])
    entrance = shared.dir / "entrance"
    entrance.mkdir()
    subprocess.run(["cc", "-static", "-Os", f'-DROOT="{Suite.sandbox.root}"', "-x", "c", "-", "-o", entrance / "miniatura"],
                   input=ENTER, text=True, check=True)
    os.link(entrance / "miniatura", entrance / "bootstrap")
    Suite.environment = {**os.environ, "TMPDIR": str(work), "MINIATURA_EXECUTABLE": str(entrance / "miniatura"),
                         "MINIATURA_LONG": ""}


class Suite(unittest.TestCase):
    sandbox, environment = None, {}

    def test_the_package_is_run_where_and_as_it_is_said_to_be(self):
        with subprocess.Popen([self.environment["MINIATURA_EXECUTABLE"], "replay", "/dev/stdin"], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env={"MINIATURA_DEST": "s3://thumbs/", "HOME": "/tmp"}) as process:
            proc = pathlib.Path(f"/proc/{process.pid}")
            support.wait_for(lambda: os.readlink(proc / "exe").endswith("/var/task/miniatura"))
            self.assertEqual(os.readlink(proc / "root"), str(self.sandbox.root))
            self.assertRegex((proc / "status").read_text(), r"CapEff:\t0+\n(.*\n)*NoNewPrivs:\t1")
            process.stdin.close()


def add(name):
    def test(self):
        done = subprocess.run([sys.executable, "-B", HERE / f"{name}_test.py"], capture_output=True, text=True,
                              env=self.environment, timeout=FILE_TIMEOUT_S, check=False)
        if done.returncode == 77:
            self.skipTest(done.stdout.strip())
        self.assertEqual(done.returncode, 0, f"{name}_test.py:\n{done.stdout[-4000:]}\n{done.stderr[-8000:]}")
    setattr(Suite, f"test_{name}", test)


if __name__ == "__main__":
    for each in names():
        add(each)
    sandbox.main("cc")
