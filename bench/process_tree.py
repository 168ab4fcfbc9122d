"""What processes and all that they started have cost: their workers are kept from picture to picture, so who lives at the end
was all of it."""
import contextlib
import pathlib

from runtime_api import process_cpu_s


def children_of(pid):
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            yield from map(int, (task / "children").read_text().split())


class Tree:
    def __init__(self, *roots):
        self.roots = roots

    def pids(self):
        found, ahead = [], list(self.roots)
        while ahead:
            pid = ahead.pop()
            found.append(pid)
            ahead += children_of(pid)
        return sorted(found)

    def cpu_by_process(self):
        return {pid: process_cpu_s(pid) for pid in self.pids()}

    def cpu_s_since(self, before):
        """`before` is what cpu_by_process() gave."""
        now = self.cpu_by_process()
        gone = set(before) - set(now)
        assert not gone, f"processes {sorted(gone)} ended, whose CPU is not counted"
        return sum(now.values()) - sum(before.values())

    def peak_mib(self):
        """The sum of each one's own peak, pages that they share counted by each: no less than what all of them ever had."""
        total = 0
        for pid in self.pids():
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            total += int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
        return total / 1024
