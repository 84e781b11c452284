"""A memory control group, of version 1 or 2, whatever this machine has."""

import os
import pathlib
import time


class Group:
    """One directory with a limit, and what the kernel counted in it."""

    def __init__(self, directory, files):
        self.directory = directory
        self.files = files

    def report(self):
        """`oom_kills` and the highest memory of everything that ran in it."""
        kills = dict(line.split() for line in self._read("oom").splitlines())
        peak = self._read("peak")
        return {"oom_kills": int(kills["oom_kill"]), "peak_mb": int(peak) / 1e6 if peak else None}

    def _read(self, what):
        path = self.directory / self.files[what]
        # memory.peak came with Linux 5.19.
        return path.read_text() if path.exists() else ""

    def remove(self):
        for _ in range(50):
            try:
                self.directory.rmdir()
                return
            except OSError:
                # A process that just ended may still be counted.
                time.sleep(0.1)


V1 = {"limit": "memory.limit_in_bytes", "oom": "memory.oom_control", "peak": "memory.max_usage_in_bytes"}
V2 = {"limit": "memory.max", "oom": "memory.events", "peak": "memory.peak"}


def make(mib):
    """A group limited to `mib` MiB. Exits with what is wrong when there is none."""
    v1 = pathlib.Path("/sys/fs/cgroup/memory")
    v2 = pathlib.Path("/sys/fs/cgroup")
    if (v1 / V1["limit"]).exists():
        base, files = v1, V1
    elif (v2 / "cgroup.controllers").exists() and "memory" in (v2 / "cgroup.controllers").read_text().split():
        base, files = v2, V2
        (v2 / "cgroup.subtree_control").write_text("+memory")
    else:
        raise SystemExit("bench: no memory control group on this machine (neither cgroup v1 nor v2 with the controller)")
    directory = base / f"paramedic-bench-{os.getpid()}"
    directory.mkdir()
    (directory / files["limit"]).write_text(str(mib << 20))
    swap = directory / "memory.swap.max"
    if swap.exists():
        swap.write_text("0")
    return Group(directory, files)
