"""Do both sides see the same? A fast answer that is wrong is worth nothing.

The counts of ss(8), lsof(8) and the bare C loop beside those of paramedic, while
the load stands still. All must agree exactly.
"""

import collections
import json
import subprocess


def run(command, ok=(0,)):
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    if done.returncode not in ok:
        raise SystemExit(f"bench: {' '.join(command)}: exit {done.returncode}: {done.stderr.strip()[:300]}")
    return done.stdout


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


def agree(tools, binary, load):
    states = states_by_ss()
    dumped, walked = floor(tools)
    by_lsof = owners_by_lsof()
    pairs = [
        # The kernel counts CLOSE_WAIT as established (RFC 4022, tcpCurrEstab).
        ("established (ss -s)", states["ESTAB"] + states["CLOSE-WAIT"], established_by_ss_summary()),
        ("sockets (C loop)", sum(states.values()), dumped),
        ("owned sockets (C loop, lsof)", walked, sum(by_lsof.values())),
    ]
    return [{"what": what, "same": a == b, "detail": "" if a == b else f"{a} against {b}"} for what, a, b in pairs]
