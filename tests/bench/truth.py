"""Do both sides see the same? A fast answer that is wrong is worth nothing.

The counts of ss(8), lsof(8) and the bare C loop beside those of paramedic, while
the load stands still. All must agree exactly.
"""

import collections
import json
import os
import subprocess


# A verdict is not an error: paramedic ends with 1 or 2 when it finds something.
FOUND = (0, 1, 2)
# ss's words for ours, where they differ.
IN_SS = {"ESTABLISHED": "ESTAB"}


def run(command, ok=(0,)):
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    if done.returncode not in ok:
        raise SystemExit(f"bench: {' '.join(command)}: exit {done.returncode}: {done.stderr.strip()[:300]}")
    return done.stdout


# The other tools.


def rows_by_ss():
    """(state, Recv-Q, Send-Q, local, peer) of every socket."""
    return collections.Counter(tuple(line.split()) for line in run(["ss", "-H", "-tan"]).splitlines())


def states_by_ss():
    """Sockets by state, in ss's words: ESTAB, CLOSE-WAIT, LISTEN."""
    return collections.Counter(line.split(None, 1)[0] for line in run(["ss", "-H", "-tan"]).splitlines())


def established_by_ss_summary():
    """`TCP:   190000 (estab 179960, …` of ss -s."""
    return int(run(["ss", "-s"]).split("estab ")[1].split(",")[0])


def owners_by_lsof(*state):
    """TCP descriptors by pid. lsof exits 1 when nothing matches."""
    counts, pid = collections.Counter(), None
    for line in run(["lsof", "-nP", "-iTCP", *state, "-Fpf"], ok=(0, 1)).splitlines():
        if line[0] == "p":
            pid = int(line[1:])
        elif line[0] == "f":
            counts[pid] += 1
    return counts


def floor(tools):
    _, dumped, _, walked, *_ = run([f"{tools}/floor"]).split()
    return int(dumped), int(walked)


def descriptors():
    """Descriptors by pid, counted one by one; without our own, which come and go."""
    counts = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) != os.getpid():
            counts[int(pid)] = len(os.listdir(f"/proc/{pid}/fd"))
    return counts


# paramedic.


def document(binary, *args):
    return json.loads(run([binary, *args, "--window", "0", "--json"], FOUND))


def table(doc, area, name):
    """The rows of one table, as dictionaries."""
    for section in doc["sections"]:
        for block in section["blocks"]:
            if section["area"] == area and block["name"] == name:
                if block["total"] != len(block["rows"]):
                    raise SystemExit(f"bench: {name}: {len(block['rows'])} rows of {block['total']}")
                return keyed(block)
    return []


def keyed(block):
    keys = [column["key"] for column in block["columns"]]
    return [dict(zip(keys, row)) for row in block["rows"]]


def in_ss(state):
    return IN_SS.get(state, state.replace("_", "-"))


def row_as_ss(row):
    peer = row["peer"] or ("[::]:*" if row["local"].startswith("[") else "0.0.0.0:*")
    return in_ss(row["state"]), str(row["recv_q"]), str(row["send_q"]), row["local"], peer


def counted(rows, key):
    return collections.Counter(row[key] for row in rows)


def agree(tools, binary, load):
    """Every comparison with whether it holds; all are exact."""
    by_ss = rows_by_ss()
    states = collections.Counter(row[0] for row in by_ss.elements())
    dumped, walked = floor(tools)
    owners, leaked = owners_by_lsof(), owners_by_lsof("-sTCP:CLOSE_WAIT")
    listing = keyed(document(binary, "sockets", "--all")["listing"])
    ours = document(binary, "sockets", "--group-by", "owner")
    leaks = document(binary, "sockets", "--state", "close-wait", "--group-by", "owner")
    counts = {row["pid"]: row["open"] for row in table(document(binary, "fds"), "fds", "processes")}
    fds = {pid: n for pid, n in descriptors().items() if pid in counts or n > 0}
    pairs = [
        # The kernel counts CLOSE_WAIT as established (RFC 4022, tcpCurrEstab).
        ("established (ss -s)", established_by_ss_summary(), states["ESTAB"] + states["CLOSE-WAIT"]),
        ("sockets (C loop)", dumped, load.sockets),
        ("owned sockets (C loop)", walked, load.sockets),
        ("states (ss -tan)", states, collections.Counter(
            {in_ss(r["state"]): r["sockets"] for r in table(ours, "sockets", "states")})),
        ("every row (ss -tan)", by_ss, collections.Counter(map(row_as_ss, listing))),
        ("owners of sockets (lsof)", owners, counted(listing, "pid")),
        ("owners of CLOSE_WAIT (lsof)", leaked, collections.Counter(
            {r["pid"]: r["close_wait"] for r in table(leaks, "sockets", "owners")})),
        ("descriptors by process (/proc)", {p: fds.get(p) for p in counts if p != os.getpid()}, {p: n for p, n in counts.items() if p != os.getpid()}),
    ]
    return [{"what": what, "same": theirs == ours, "detail": "" if theirs == ours else differing(theirs, ours)}
            for what, theirs, ours in pairs]


def by_ps(*columns):
    """Rows of ps(1) by pid, without ps itself and without us."""
    listed = run(["ps", "-e", "-o", ",".join(c + "=" for c in ("pid", *columns))]).splitlines()
    rows = {int(line.split()[0]): tuple(line.split()[1:]) for line in listed}
    return {pid: row for pid, row in rows.items() if pid != os.getpid() and "ps" not in row}


def agree_on_processes(binary):
    """Resident memory and mounts, one by one, beside ps(1) and df(1)."""
    largest = table(document(binary, "memory", "--rows", "10000"), "memory", "processes")
    # Of the first twenty it asks the kernel for exact figures, as ps does; our own runner grows meanwhile.
    by_us = {r["pid"]: r["rss_bytes"] for r in largest[:20] if r["pid"] != os.getpid()}
    rss = {pid: int(kib) * 1024 for pid, (kib, _) in by_ps("rss", "comm").items() if pid in by_us}
    mounts = {r["mount"]: r["size_bytes"] for r in table(document(binary, "disk"), "disk", "mounts")}
    df = [line.split() for line in run(["df", "-B1", "--output=target,size"]).splitlines()[1:]]
    sizes = {target: int(size) for target, size in df if target in mounts}
    pairs = [
        ("processes (ps)", len(by_ps("comm")), len([r for r in largest if r["pid"] != os.getpid()])),
        ("resident memory of the largest (ps)", rss, by_us),
        ("sizes of mounts (df)", sizes, mounts),
    ]
    return [{"what": what, "same": theirs == ours, "detail": "" if theirs == ours else differing(theirs, ours)}
            for what, theirs, ours in pairs]


def differing(theirs, ours):
    """The first few differences, in words."""
    if not isinstance(theirs, dict):
        return f"{theirs} against {ours}"
    keys = [k for k in {**theirs, **ours} if theirs.get(k) != ours.get(k)]
    shown = "; ".join(f"{k}: {theirs.get(k)} against {ours.get(k)}" for k in keys[:3])
    return f"{len(keys)} differ: {shown}"
