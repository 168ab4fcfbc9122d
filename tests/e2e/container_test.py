"""The container image of infra/lambda/Dockerfile, run as the README has it: from scratch, as nobody, on a root that is
read-only, without capabilities.

MINIATURA_BOOTSTRAP is the static file that goes in (default: dist/bootstrap, which infra/package.sh makes). Where there is
none, a small stand-in shows the image, and what needs the file itself is skipped.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import unittest

import servers
import support
from lambda_test import RuntimeApi

FOLDER = support.ROOT / "infra/lambda"
BOOTSTRAP = pathlib.Path(os.environ.get("MINIATURA_BOOTSTRAP") or support.ROOT / "dist/bootstrap")
IMAGE = "localhost/miniatura:latest"
# Tells who it is and what it may: what the image is asked for, whatever file lies in it.
STAND_IN = r"""
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char** argv) {
  char line[256];
  FILE* status = fopen("/proc/self/status", "r");
  printf("uid=%d gid=%d root=%d tmp=%d", getuid(), getgid(), fopen("/x", "w") != 0, fopen("/tmp/x", "w") != 0);
  while (status && fgets(line, sizeof line, status)) {
    if (strncmp(line, "CapEff:", 7) == 0) printf(" capabilities=%s", strtok(line + 7, "\t\n"));
  }
  for (int i = 0; i < argc; ++i) printf(" %s", argv[i]);
  printf("\n");
  fflush(stdout);
  if (argc > 1 && strcmp(argv[1], "serve") == 0) pause();
  return 0;
}
"""
CONFINED = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--tmpfs", "/tmp", "--memory", "128m",
            "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]

shared = None


def command(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=support.TIMEOUT_S, check=False,
                          **more)


def tools(name):
    return [name, "--root", shared.dir / "r", "--runroot", shared.dir / "rr", "--storage-driver", "vfs"]


def podman(*words):
    done = command(*tools("podman"), "--cgroup-manager", "cgroupfs", "--runtime", "runc", *words)
    return done.returncode, done.stdout, done.stderr


def setUpModule():
    global shared  # pylint: disable=global-statement
    shared = servers.Shared()
    context = shared.dir / "dist"
    context.mkdir()
    if BOOTSTRAP.exists():
        shutil.copy(BOOTSTRAP, context / "bootstrap")
    else:
        done = command("cc", "-static", "-Os", "-x", "c", "-", "-o", context / "bootstrap", input=STAND_IN)
        assert done.returncode == 0, done.stderr
    done = command(*tools("buildah"), "bud", "--isolation", "chroot", "--format", "docker", "-t", IMAGE,
                   "-f", FOLDER / "Dockerfile", context)
    assert done.returncode == 0, done.stderr


class Container(support.Case):
    def run_image(self, *words, options=()):
        code, out, err = podman("run", "--rm", "--network", "none", *CONFINED, *options, IMAGE, *words)
        self.assertEqual(code, 0, (out, err))
        return out

    def start(self, *words, options=("--network", "none")):
        """In the background; gives its name."""
        name = f"c{next(servers.names)}"
        code, _, err = podman("run", "-d", "--name", name, *CONFINED, *options, IMAGE, *words)
        self.assertEqual(code, 0, err)
        self.addCleanup(podman, "rm", "-f", "-t", "0", name)
        return name

    def is_well(self, name):
        return podman("healthcheck", "run", name)[0] == 0


class TheImage(Container):
    def test_holds_one_file_and_says_how_it_is_run(self):
        name = self.start("--version")
        archive = self.dir / "image.tar"
        self.assertEqual(podman("export", name, "-o", archive)[0], 0)
        with tarfile.open(archive) as files:
            held = [(each.name, each.mode & 0o111) for each in files if each.isreg() and each.size > 0
                    and not each.name.startswith("etc/")]  # podman's own: hosts, resolv.conf
        self.assertEqual(held, [("miniatura", 0o111)])
        found, = json.loads(podman("image", "inspect", IMAGE)[1])
        self.assertEqual((found["User"], found["Config"]["Entrypoint"]), ("65532:65532", ["/miniatura"]))
        self.assertNotIn("Cmd", found["Config"], "Lambda would hand it on, and it would be no command of ours")
        asked = json.loads(podman("inspect", name)[1])[0]["Config"]["Healthcheck"]
        self.assertEqual(asked["Test"], ["CMD", "/miniatura", "health"])


@unittest.skipIf(BOOTSTRAP.exists(), f"{BOOTSTRAP} is there")
class StandingIn(Container):
    def test_it_is_nobody_who_may_write_to_tmp_alone(self):
        self.assertEqual(self.run_image("work", "x"),
                         "uid=65532 gid=65532 root=0 tmp=1 capabilities=0000000000000000 /miniatura work x\n")

    def test_the_health_command_is_run_inside(self):
        self.assertTrue(self.is_well(self.start("serve")))


@unittest.skipUnless(BOOTSTRAP.exists(), f"no {BOOTSTRAP} (infra/package.sh makes it)")
class TheFileItself(Container):
    def setUp(self):
        super().setUp()
        self.upload("a.jpg", support.PHOTO.read_bytes())
        for path in (self.dir, self.store, self.store / "thumbs"):
            path.chmod(0o777)
        self.state = self.dir / "state"
        self.state.mkdir()
        self.state.chmod(0o777)
        self.options = ["-v", f"{self.store}:/store", "-v", f"{self.state}:/state", "-e", "MINIATURA_STORE=file:///store",
                        "-e", "MINIATURA_DEST=s3://thumbs/"]

    def test_it_starts(self):
        self.assertIn("miniatura ", self.run_image("--version"))

    def test_it_serves_and_is_well_only_while_it_does(self):
        name = self.start("serve", "--listen", "127.0.0.1:8080", options=["--network", "none", *self.options])
        support.wait_for(lambda: self.is_well(name))
        self.assertTrue((self.state / "miniatura/inbox.db").exists())
        elsewhere = self.start("serve", "--listen", "127.0.0.1:8081", options=["--network", "none", *self.options])
        support.wait_for(lambda: '"serving"' in podman("logs", elsewhere)[1] + podman("logs", elsewhere)[2])
        self.assertFalse(self.is_well(elsewhere))

    def test_without_a_command_it_is_the_function(self):
        api = RuntimeApi(self, json.dumps(support.event("a.jpg")).encode())
        self.start(options=["--network", "host", *self.options, "-e", f"AWS_LAMBDA_RUNTIME_API={api.address}",
                            "-e", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128"])
        (path, _, reply), = support.wait_for(lambda: api.posts)
        self.assertTrue(path.endswith("/r0/response"), (path, reply))
        self.assertEqual(reply["stored"], 1, reply)
        self.assertEqual(list(self.thumbnails()), ["a.jpg/thumb.jpg"])


if __name__ == "__main__":
    support.main("buildah", "podman", "runc")
