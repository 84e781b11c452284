"""Runs inside the namespaces of one load: holds the load, proves that both sides
see the same sockets, measures the rows in pairs, prints the result as JSON.

Started by `run` through unshare(1) as PID 1 of its own pid namespace, with its
own network and mounts: every program sees the load and nothing else, and the
kernel ends everything here when this process ends.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
from dataclasses import replace

import hung
import truth
from rows import LOADS, ROWS, Row

# A program that hangs must not hold the bench for ever.
RUN_LIMIT_S = 180
# In a full run every row waits so long for a quiet machine.
QUIET_LIMIT_S = 60
QUIET_PCT = 8


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def prepare():
    """Makes loopback usable for this many connections; only in this namespace."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for key, value in {
        "ipv4/ip_local_port_range": "10000 65535",
        # A closed peer leaves FIN_WAIT2 after a second, so that CLOSE_WAIT stands alone.
        "ipv4/tcp_fin_timeout": "1",
    }.items():
        pathlib.Path("/proc/sys/net", key).write_text(value)


def hold(tools, load):
    """Starts the load; returns it when every socket is in its final state."""
    held = subprocess.Popen(
        [f"{tools}/load", str(load.processes), str(load.sockets), str(load.close_wait), str(load.threads)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    answer = held.stdout.readline().split()
    if not answer or answer[0] != "ready":
        raise SystemExit("bench: the load did not come up")
    say(f"{load.said()}: up in {answer[1]} s")
    for _ in range(100):
        states = truth.states_by_ss()
        if sum(states.values()) == load.sockets and states["CLOSE-WAIT"] == load.close_wait:
            return held
        time.sleep(0.2)
    raise SystemExit(f"bench: the load never settled: {dict(states)}")


def fresh_proc():
    """A new mount of /proc has no cached entries (its own superblock since 5.8)."""
    subprocess.run(["umount", "-l", "/proc"], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", "/proc"], check=True)


def cost_above(tools, command):
    """Output, processor time in µs and peak memory in MB, at the priority of their user: nice 19 is for what only looks."""
    report, report_in = os.pipe()
    try:
        done = subprocess.run(
            [f"{tools}/measure", str(report_in), "-", "nice", "-n", "-19", *command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, pass_fds=[report_in], timeout=RUN_LIMIT_S)
    finally:
        os.close(report_in)
    with os.fdopen(report) as lines:
        _, user, system, peak, status = map(int, lines.read().split())
    # paramedic: a verdict is no error.
    if status not in (0, 1 << 8, 2 << 8):
        raise SystemExit(f"bench: {' '.join(command)}: wait status {status}: {done.stderr.strip()[:300]}")
    return done.stdout, user + system, peak * 1024 / 1e6


def cost(tools, command, row, cgroup="-"):
    """One run: wall time in ms, peak memory in MB, CPU in ms, wait status."""
    if row.cold:
        fresh_proc()
    report, report_in = os.pipe()
    reader = None
    if row.piped:
        reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        subprocess.run([f"{tools}/measure", str(report_in), cgroup, *command],
                       stdin=subprocess.DEVNULL, stdout=reader.stdin if reader else subprocess.DEVNULL,
                       stderr=subprocess.PIPE, pass_fds=[report_in], timeout=RUN_LIMIT_S)
    finally:
        os.close(report_in)
        if reader:
            reader.stdin.close()
            reader.wait()
    with os.fdopen(report) as lines:
        wall, user, system, peak, status = map(int, lines.read().split())
    return {"ms": wall / 1e6, "cpu_ms": (user + system) / 1e3, "mb": peak * 1024 / 1e6, "status": status}


def middle(runs, key):
    return statistics.median(run[key] for run in runs)


def summary(runs):
    return {"ms": middle(runs, "ms"), "cpu_ms": middle(runs, "cpu_ms"), "mb": max(run["mb"] for run in runs),
            "status": sorted({run["status"] for run in runs})}


def measure(tools, binary, row: Row, runs, cgroup, full):
    """The pairs of one row, A B A B …; the ratio is the median of the pairs' ratios."""
    ours_command = [binary, *row.ours]
    other_command = row.other and [f"{tools}/floor" if part == "FLOOR" else part for part in row.other]
    if not row.cold:
        # Both sides warm: the first walk of a fresh /proc is a row of its own.
        cost(tools, [f"{tools}/floor"], row)
    busy = wait_until_quiet(full)
    ours, others = [], []
    for _ in range(runs):
        ours.append(cost(tools, ours_command, row, cgroup))
        if other_command:
            others.append(cost(tools, other_command, row))
    result = {"row": ROWS.index(row), "busy_pct": busy, "ours": summary(ours)}
    if others:
        result["other"] = summary(others)
        result["ratio"] = statistics.median(a["ms"] / b["ms"] for a, b in zip(ours, others))
        # The kernel counts CPU time in ticks of a sample on some machines: below a tick it means nothing.
        result["cpu_ratio"] = statistics.median(a["cpu_ms"] / max(b["cpu_ms"], 1) for a, b in zip(ours, others))
    say(f"{row.what}: {result['ours']['ms']:.1f} ms"
        + (f" beside {result['other']['ms']:.1f} ms of {row.other[0].lower()}" if others else ""))
    return result


def busy_pct(seconds=0.5):
    """How much of all CPUs others use while nothing of ours runs."""
    def read():
        return [int(n) for n in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    before = read()
    time.sleep(seconds)
    spent = [b - a for a, b in zip(before, read())]
    return 100 * (1 - spent[3] / max(sum(spent), 1))


def wait_until_quiet(full):
    """Others' work falsifies the wall clock. Waits for a pause of it; returns how busy the machine is still."""
    end = time.monotonic() + (QUIET_LIMIT_S if full else 0)
    while (busy := busy_pct()) > QUIET_PCT and time.monotonic() < end:
        pass
    return busy


def main():
    spec = json.loads(sys.argv[1])
    tools, binary, full = spec["tools"], spec["binary"], spec["full"]
    load = LOADS[spec["load"]].sized(full)
    if spec.get("sockets"):
        load = replace(load, sockets=spec["sockets"])
    prepare()
    held = hold(tools, load)
    silent = hung.mount() if load.hung else None
    try:
        result = {"load": load.said(), "truth": [], "rows": []}
        if load.truth == "sockets":
            result["truth"] = truth.agree(tools, binary, load)
        if load.truth == "processes":
            result["truth"] = truth.agree_on_processes(binary)
        for row in (ROWS[i] for i in spec["rows"]):
            group = spec["cgroup"] if row.cgroup_mib else "-"
            result["rows"].append(measure(tools, binary, row, spec["runs"], group, full))
    finally:
        if silent:
            silent.close()
        held.stdin.close()
        held.wait(timeout=60)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
