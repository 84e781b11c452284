"""What is measured: the loads, and the rows of the table with their goals.

Nothing runs here. A goal is about the full load on a quiet machine; the reduced
load only proves that both programs run and see the same sockets.
"""

from dataclasses import dataclass, replace
from typing import Optional


@dataclass(frozen=True)
class Load:
    """What `load` holds while rows are measured."""

    name: str
    processes: int
    sockets: int
    close_wait: int
    # How much smaller the reduced run is.
    shrink: int = 10
    # Threads of each process beside its first.
    threads: int = 0
    # A mount whose server never answers.
    hung: bool = False
    # What both sides must count alike: "sockets", "processes", or nothing.
    truth: str = "sockets"

    def sized(self, full: bool) -> "Load":
        if full:
            return self
        if not self.sockets:
            return replace(self, processes=self.processes // self.shrink)
        return replace(self, sockets=self.sockets // self.shrink, close_wait=self.close_wait // self.shrink)

    def said(self) -> str:
        if not self.sockets:
            hung = ", and a mount that never answers" if self.hung else ""
            return f"{self.processes:,} processes with {self.processes * (1 + self.threads):,} threads{hung}"
        return (f"{self.sockets:,} TCP sockets in {self.processes} processes, "
                f"{self.close_wait:,} of them CLOSE_WAIT")


LOADS = {
    load.name: load
    for load in [
        Load("big", 20, 190_000, 10_000),
        Load("few", 3, 54_000, 300),
        Load("none", 3, 54_000, 0),
        # 200 sockets are an ordinary host; there is nothing to shrink.
        Load("plain", 20, 200, 0, shrink=1),
        # The runner lowers it to what memory holds. 10,000 descriptors each, because
        # root without CAP_SYS_RESOURCE cannot go over its hard limit.
        Load("huge", 100, 1_000_000, 0, shrink=20, truth=""),
        Load("host", 200, 0, 0, shrink=1, threads=1, truth="processes"),
        Load("hung", 20, 0, 0, shrink=1, hung=True, truth=""),
        Load("crowd", 10_000, 0, 0, threads=1, truth=""),
    ]
}

SS_ALL = ["ss", "-tanp"]
LSOF_TCP = ["lsof", "-nP", "-iTCP"]
FLOOR = ["FLOOR"]  # the compiled floor.c
OURS_ALL = ["sockets", "--window", "0"]
OURS_CLOSE_WAIT = ["sockets", "--state", "close-wait", "--window", "0"]


@dataclass(frozen=True)
class Row:
    """One line of the table: ours beside another program, in pairs."""

    what: str
    load: str
    ours: list
    other: Optional[list] = None
    # Ours may take at most this share of the other's time.
    ratio: Optional[float] = None
    # Ours may take at most this long.
    ms: Optional[float] = None
    # Ours may hold at most this much (ru_maxrss).
    mb: Optional[float] = None
    # /proc is mounted anew before every run: no cached directory entries.
    cold: bool = False
    # Output goes through a pipe to a reader instead of /dev/null.
    piped: bool = False
    # Ours runs in a memory control group of this size.
    cgroup_mib: Optional[int] = None


ROWS = [
    Row("sockets, every owner", "big", OURS_ALL, SS_ALL, ratio=1 / 15, mb=32),
    Row("sockets, every owner", "big", OURS_ALL, LSOF_TCP, ratio=1 / 6, mb=32),
    Row("sockets, every owner", "big", OURS_ALL, FLOOR, ratio=1.3, mb=32),
    Row("sockets, every owner", "big", OURS_ALL, ["netstat", "-tanp"], mb=32),
    Row("sockets, every owner", "big", OURS_ALL, ["lsfd"], mb=32),
    Row("the same, first look (cold /proc)", "big", OURS_ALL, FLOOR, mb=32, cold=True),
    Row("sockets --all to JSON, piped", "big", OURS_ALL + ["--all", "--json"], LSOF_TCP, mb=32, piped=True),
    Row("fds, totals", "big", ["fds", "--window", "0"], ["lsof", "-nP"], ms=20, mb=32),
    Row("close-wait, owners, 300 in 54,000", "few", OURS_CLOSE_WAIT,
        ["ss", "-tanp", "state", "close-wait"], ratio=1 / 2, mb=32),
    Row("close-wait, there is none", "none", OURS_CLOSE_WAIT, ["ss", "-tan"], ratio=1 / 3, mb=32),
    Row("paramedic, 20 plain processes", "plain", ["--window", "0"], ms=15, mb=16),
    # Cold: the entries of /proc that the walk makes are charged to the group.
    Row("memory, 200 processes", "host", ["memory", "--window", "0"], ["ps", "-eo", "pid,rss,comm"], ms=25, mb=16),
    Row("cpu, 200 processes", "host", ["cpu", "--window", "0"], ["ps", "-eLo", "pid,lwp,time,comm"], ms=25, mb=16),
    Row("disk, 200 processes", "host", ["disk", "--window", "0"], ["sh", "-c", "df; df -i; lsof -nP +L1"], ms=25, mb=16),
    Row("lifecycle, 200 processes", "host", ["lifecycle", "--window", "0"], ["ps", "-eo", "pid,ppid,stat,caught,args"],
        ms=25, mb=16),
    Row("check in 1 s beside a mount that never answers", "hung", ["--window", "1s"], ms=2000, mb=16),
    Row("check, 10,000 processes with 20,000 threads", "crowd", ["--window", "0"],
        ["sh", "-c", "ps -eLf; lsof -nP"], ratio=1 / 3, mb=48),
    Row("sockets in a 64 MiB cgroup, cold", "huge", OURS_ALL, mb=64, cold=True, cgroup_mib=64),
]
