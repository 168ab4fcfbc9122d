"""The package (MINIATURA_PACKAGE, default dist/bootstrap) in a sandbox as Lambda's, and barer: a root that holds the file,
two files that say how names are found, and a /tmp, all else read-only; a user who may nothing; 128 MB.

A test file ends in `sandbox.main(servers…)`: it is run in a network of its own, with a loopback alone, and its mounts go
with it. Where there is no package, or nobody may make namespaces, the file is skipped and says so.
"""
import fcntl
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import unittest

import support
from name_server import NameServer

PACKAGE = pathlib.Path(os.environ.get("MINIATURA_PACKAGE") or support.ROOT / "dist/bootstrap")
UID, GID = 993, 990  # sbx_user1051's, as good as any
MEMORY_MB, TMP_MB = 128, 512
MEMORY_CGROUPS = pathlib.Path("/sys/fs/cgroup/memory")

DEBIANS_NAMES = "passwd:         files systemd\nhosts:          files dns\nservices:       db files\n"
FOREIGN_NAMES = "passwd: sss\nhosts: mymachines resolve [!UNAVAIL=return] files dns\nservices: sss\n"

INSIDE = "MINIATURA_TESTS_INSIDE"  # set in the namespaces


def main(*servers):
    skip_without_package()
    support.skip_without("unshare", "setpriv", "mount", *servers)
    enter_namespaces()
    unittest.main(verbosity=2)


def skip_without_package():
    if not PACKAGE.exists():
        support.skip(f"no {PACKAGE} (infra/package.sh makes it)")


def enter_namespaces():
    if os.environ.get(INSIDE):
        bring_up("lo")
        return
    apart = ["unshare", "--net", "--mount", "--propagation", "private"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode != 0:
        support.skip("nobody here may make namespaces (root may)")
    os.execvpe("unshare", [*apart, sys.executable, "-B", *sys.argv], {**os.environ, INSIDE: "1"})


def bring_up(interface):
    up, get_flags, set_flags = 1, 0x8913, 0x8914  # linux/if.h, linux/sockios.h
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sh14x", interface.encode(), 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, get_flags, asked))[1]
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", interface.encode(), flags | up))


class Sandbox:
    """`files` are further ones: a path in it to its bytes. `tmp` are the options of its /tmp, None: nothing can be written
    there. `names` and `resolver` are nsswitch.conf and resolv.conf, None: there is none. `shared` are paths that are the
    same inside and outside: (path, "ro" or "rw"); "rw" only the test's own, lest a failing clean-up takes it away."""

    def __init__(self, case, files=None, tmp=f"size={TMP_MB}m", names=DEBIANS_NAMES,
                 resolver=f"nameserver {NameServer.ADDRESS}\n", shared=()):
        self.root = case.dir / f"root-{len(list(case.dir.glob('root-*')))}"
        self.cgroup = memory_cgroup(case)
        held = {"/etc/nsswitch.conf": names, "/etc/resolv.conf": resolver, **(files or {})}
        for path, content in held.items():
            if content is not None:
                self.put(path, content)
        self.put("/var/task/bootstrap", PACKAGE.read_bytes())
        (self.root / "tmp").mkdir()
        for path, _ in shared:
            (self.root / str(path).lstrip("/")).mkdir(parents=True, exist_ok=True)
        mount(case, self.root, "--bind", "-o", "ro,nosuid,nodev", self.root)
        if tmp is not None:
            mount(case, self.root / "tmp", "-t", "tmpfs", "-o", f"mode=1777,nosuid,nodev,{tmp}", "tmpfs")
        for path, mode in shared:
            place = self.root / str(path).lstrip("/")
            place.mkdir(parents=True, exist_ok=True)  # in its /tmp
            mount(case, place, "--bind", "-o", mode, path)
        self.entrance = case.dir / f"{self.root.name}.sh"
        self.entrance.write_text("".join((
            "#!/bin/sh\n", f"echo $$ >{self.cgroup}/cgroup.procs\n" if self.cgroup else f"ulimit -v {MEMORY_MB * 1024}\n",
            f"exec setpriv --no-new-privs unshare --root={self.root} --wd=/var/task --setuid {UID} --setgid {GID} ",
            '/var/task/bootstrap "$@"\n')))
        self.entrance.chmod(0o755)

    def put(self, path, content):
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        place.chmod(0o755)
        return place

    def killed(self):
        """How often memory was out."""
        if not self.cgroup:
            return 0
        return int((self.cgroup / "memory.oom_control").read_text().rpartition("oom_kill ")[2])


def memory_cgroup(case):
    """A group that may use MEMORY_MB, or None where there is no such thing: then that much may be mapped."""
    group = MEMORY_CGROUPS / f"miniatura-{os.getpid()}-{len(list(case.dir.glob('root-*')))}"
    if not (MEMORY_CGROUPS / "memory.limit_in_bytes").exists() or not os.access(MEMORY_CGROUPS, os.W_OK):
        return None
    group.mkdir()
    case.addCleanup(group.rmdir)
    (group / "memory.limit_in_bytes").write_text(str(MEMORY_MB * 2**20))
    return group


def mount(case, place, *words):
    subprocess.run(["mount", *map(str, words), str(place)], check=True)
    case.addCleanup(subprocess.run, ["umount", "--lazy", str(place)], check=True)


class SandboxCase(support.Case):
    """Whatever is run, is run in `self.sandbox`."""

    def setUp(self):
        super().setUp()
        for name in ("HOME", "MINIATURA_JOURNAL", "MINIATURA_STORE"):  # a function has none
            del self.env[name]
        self.env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = str(MEMORY_MB)
        self.sandbox = None

    def command(self, *words):
        return [self.sandbox.entrance, *words]

    def start(self, **sandbox):
        """Lambda's emulator with the package in a new sandbox."""
        self.sandbox = Sandbox(self, **sandbox)
        return support.Emulator(self, self.env, self.sandbox.entrance)

    def invoke(self, emulator, event):
        answer = json.loads(emulator.invoke(event))
        self.assertEqual(self.sandbox.killed(), 0, "memory was out")
        return answer
