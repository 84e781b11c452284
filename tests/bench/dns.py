"""The load of `dns` beside dnsperf: the same server, the same minute, and what the
wire saw of each.

Started by `run` like inside.py, in namespaces of its own; prints its result as JSON.
`draw` and `failures` are for the runner. Times in ms, as paramedic prints them.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
from contextlib import contextmanager

from inside import cost_above, prepare, say, wait_until_quiet

PORT = "5300"
NAME = "db.bench.test."
# What the goals say.
CLOSE_PCT, CLOSE_MS, MOST_MB = 5, 0.030, 24
# Half of what the stall leaves to be seen: 0.9 of it is the truth when it is a tenth of the time.
STALL_SEEN = 0.5


class Size:
    """How much of it runs."""

    def __init__(self, full):
        self.full = full
        self.rates = [200, 1000, 5000] if full else [1000]
        self.rate_s = 10 if full else 1
        self.highest_s = 3 if full else 1
        # Rates that are tried until one is not kept.
        self.tried = range(50_000, 500_001, 25_000) if full else []
        self.stall_ms, self.every_ms, self.stalled_s, self.stalled_per_s = (
            (1000, 10_000, 20, 200) if full else (200, 1000, 2, 1000))
        self.workers = [1, 10, 100] if full else [1]


@contextmanager
def held(*command):
    """A program of ours that says when it is ready and ends with its standard input; its last line when it has."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if child.stdout.readline() != "ready\n":
        raise SystemExit(f"bench: {command[0]} did not come up")
    last = []
    try:
        yield last
    finally:
        child.stdin.close()
        last += child.stdout.read().split()
        child.wait(timeout=60)


def at(ordered, share):
    """The quantile of sorted values."""
    rank = -(-int(share * 1000) * len(ordered) // 1000)
    return ordered[max(rank, 1) - 1] if ordered else None


def ours(tools, binary, seconds, *shape):
    out, _, mb = cost_above(tools, [binary, "dns", NAME, "--server", "127.0.0.1", "--port", PORT, "--type", "a",
                           "--for", f"{seconds}s", *shape, "--json"])
    for section in json.loads(out)["sections"]:
        for block in section["blocks"]:
            if block["name"] == "load" and block["rows"]:
                row = dict(zip([c["key"] for c in block["columns"]], block["rows"][0]))
                return row | {"mb": mb}
    raise SystemExit(f"bench: paramedic shows no load: {out[:500]}")


def dnsperf(tools, seconds, *shape, each=False):
    out, _, mb = cost_above(tools, ["dnsperf", "-s", "127.0.0.1", "-p", PORT, "-d", f"{tools}/questions", "-l", str(seconds),
                           *shape, *(["-v"] if each else [])])
    lines = out.splitlines()
    waits = sorted(float(l.split()[-1]) * 1000 for l in lines if l.startswith("> NOERROR"))

    def said(what):
        return float(next(l for l in lines if what in l).split(":")[1].split()[0])

    return {"p50": at(waits, 0.5), "p99": at(waits, 0.99), "n": len(waits), "completed": said("Queries completed"),
            "lost": said("Queries lost"), "per_s": said("Queries per second"), "mb": mb}


def on_the_wire(tools, run):
    """What `run` said, and what the wire saw meanwhile."""
    with held(f"{tools}/dns_truth", PORT) as saw:
        said = run()
    n, unanswered, dropped, *ns = map(int, saw)
    p50, _, p99, _, most = (t / 1e6 for t in ns)
    return said, {"n": n, "unanswered": unanswered, "dropped": dropped, "p50": p50, "p99": p99, "max": most}


def rates(tools, binary, size):
    found = []
    for per_s in size.rates:
        busy = wait_until_quiet(size.full)
        mine, seen = on_the_wire(tools, lambda: ours(
            tools, binary, size.rate_s, "--load", str(per_s), "--max", str(per_s)))
        other, other_seen = on_the_wire(tools, lambda: dnsperf(tools, size.rate_s, "-Q", str(per_s), each=True))
        say(f"{per_s}/s: p99 {mine['service_p99_ms']} ms of {seen['p99']:.3f} ms"
            f" beside {other['p99']:.3f} ms of {other_seen['p99']:.3f} ms of dnsperf")
        found.append({"per_s": per_s, "ours": mine, "seen": seen, "other": other, "other_seen": other_seen, "busy_pct": busy})
    return found


def keeps(tools, binary, who, per_s):
    """Whether nearly all of a schedule is asked and answered. dnsperf with its own limit of 100 open: with more it loses some."""
    if who == "ours":
        return ours(tools, binary, 2, "--load", str(per_s), "--max", str(per_s))["answered_per_s"] >= 0.99 * per_s
    return dnsperf(tools, 2, "-Q", str(per_s))["per_s"] >= 0.99 * per_s


def highest_kept(tools, binary, who, size):
    """The last rate that is kept, each at the second try at least: a busy machine is nobody's limit."""
    kept = 0
    for per_s in size.tried:
        if not any(keeps(tools, binary, who, per_s) for _ in range(2)):
            break
        kept = per_s
    return kept


def highest(tools, binary, size):
    """100 open questions each, as fast as they are answered; and the highest schedule that is kept."""
    wait_until_quiet(size.full)
    mine, other = [], []
    for _ in range(3 if size.full else 1):
        mine.append(ours(tools, binary, size.highest_s, "--workers", "100", "--max", "1000000"))
        other.append(dnsperf(tools, size.highest_s, "-q", "100"))
    kept = {who: highest_kept(tools, binary, who, size) for who in ("ours", "other")}
    middle = {"ours": statistics.median(r["answered_per_s"] for r in mine), "other": statistics.median(r["per_s"] for r in other)}
    say(f"100 open: {middle['ours']:,.0f}/s beside {middle['other']:,.0f}/s; a schedule kept: {kept}")
    return {"closed": middle, "kept": kept, "ours_mb": max(r["mb"] for r in mine), "other_mb": max(r["mb"] for r in other)}


def stalls(tools, binary, size):
    found = []
    per_s = str(size.stalled_per_s)
    shapes = [(f"{per_s}/s, {n} open at most", ["--workers", str(n)], ["-q", str(n)]) for n in size.workers]
    for what, mine, other in [(f"{per_s}/s, a schedule", ["--load", per_s], []), *shapes]:
        # Each begins with the server: the stall is the end of every period.
        stall = [str(size.stall_ms), str(size.every_ms)]
        with held(f"{tools}/dns_server", PORT, *stall):
            r = ours(tools, binary, size.stalled_s, *mine, "--max", per_s)
        row = {"what": what, "ours": r}
        if other:
            with held(f"{tools}/dns_server", PORT, *stall):
                row["other"] = dnsperf(tools, size.stalled_s, "-Q", per_s, *other, each=True)
        say(f"stalling, {what}: p99 {r['p99_ms']} ms" + (f" beside {row['other']['p99']:.1f} ms" if other else ""))
        found.append(row)
    return found


def same(what, theirs, mine):
    return {"what": what, "same": theirs == mine, "detail": "" if theirs == mine else f"{theirs} against {mine}"}


def agree(result, size):
    """What both sides must see alike, whatever the time."""
    pairs = []
    for r in result["rates"]:
        due, mine, seen, other = r["per_s"] * size.rate_s, r["ours"], r["seen"], r["other"]
        # Before and after it, it looks at the server without load.
        beside = seen["n"] - mine["questions"]
        pairs += [
            same(f"{r['per_s']}/s: questions of the schedule", due, mine["questions"] + mine["shed"] + mine["barred"]),
            same(f"{r['per_s']}/s: all answered", mine["questions"], mine["answers"]),
            same(f"{r['per_s']}/s: on the wire", True, 0 <= beside <= 20 and seen["dropped"] == 0),
            same(f"{r['per_s']}/s: dnsperf on the wire", True, 0 <= r["other_seen"]["n"] - other["completed"] <= other["lost"]),
        ]
    for r in result["stalls"]:
        pairs.append(same(f"{r['what']}: all answered", r["ours"]["questions"], r["ours"]["answers"]))
    return pairs


def close(mine, seen):
    """Within 5 % or 30 µs."""
    return abs(mine - seen) <= max(CLOSE_MS, seen * CLOSE_PCT / 100)


def errors(r):
    """How far each figure is from what the wire saw: ours and theirs."""
    mine = [abs(r["ours"][f"service_{q}_ms"] - r["seen"][q]) for q in ("p50", "p99")]
    other = [abs(r["other"][q] - r["other_seen"][q]) for q in ("p50", "p99")]
    return mine, other


def draw(result, full):
    """Three tables as text."""
    def us(ms):
        return f"{ms * 1000:,.0f}"

    def yes(met):
        return ("yes" if met else "NO") if full else ""

    head = ["DNS, µs", "p50", "WIRE", "p99", "WIRE", "MET", "DUE p50", "DUE p99", "LAG p99", "DNSPERF p50", "WIRE", "p99", "WIRE", "NO WORSE", "MB", "THEIRS"]
    lines = [head]
    for r in result["rates"]:
        mine, seen, other, wire = r["ours"], r["seen"], r["other"], r["other_seen"]
        met = all(close(mine[f"service_{q}_ms"], seen[q]) for q in ("p50", "p99"))
        # A microsecond is what dnsperf's own clock tells.
        no_worse = all(a <= max(b, 0.001) for a, b in zip(*errors(r)))
        lines.append([f"{r['per_s']:,}/s", us(mine["service_p50_ms"]), us(seen["p50"]), us(mine["service_p99_ms"]), us(seen["p99"]), yes(met),
                      us(mine["p50_ms"]), us(mine["p99_ms"]), us(mine["lag_p99_ms"]),
                      us(other["p50"]), us(wire["p50"]), us(other["p99"]), us(wire["p99"]), yes(no_worse),
                      f"{mine['mb']:.1f}", f"{other['mb']:.1f}"])
    h = result["highest"]
    best = [["DNS, HIGHEST", "OURS", "DNSPERF", "MET", "MB", "THEIRS"],
            ["100 open, answers a second", f"{h['closed']['ours']:,.0f}", f"{h['closed']['other']:,.0f}",
             yes(h["closed"]["ours"] >= h["closed"]["other"]), f"{h['ours_mb']:.1f}", f"{h['other_mb']:.1f}"]]
    if full:
        best.append(["a schedule kept, questions a second", f"{h['kept']['ours']:,}", f"{h['kept']['other']:,}",
                     yes(h["kept"]["ours"] >= h["kept"]["other"]), "", ""])
    stall = [[f"DNS, STALLS {result['stall_ms']:,} OF {result['every_ms']:,} ms", "p99 ms", "MET", "DNSPERF p99"]]
    for r in result["stalls"]:
        # Of fewer than 1,000 there is no p99.
        p99 = r["ours"]["p99_ms"] or 0
        stall.append([r["what"], f"{p99:,.1f}", yes(p99 >= STALL_SEEN * result["stall_ms"]),
                      f"{r['other']['p99']:,.1f}" if "other" in r else ""])
    out = []
    for rows in (lines, best, stall):
        wide = [max(len(cells[i]) for cells in rows) for i in range(len(rows[0]))]
        out += ["  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, wide))).rstrip() for cells in rows]
        out.append("")
    out.append("WIRE: the kernel's stamps of packets, by another program; DUE: from the moment a question was due, our own lateness (LAG) included")
    if (busy := max(r["busy_pct"] for r in result["rates"])) > 10:
        out.append(f"others kept up to {busy:.0f} % of the CPUs busy")
    return "\n".join(out)


def failures(result, full):
    """What makes the run fail; time never does."""
    if result.get("failed"):
        return [f"dns: {result['failed']}"]
    found = [f"dns: {t['what']}: {t['detail']}" for t in result["truth"] if not t["same"]]
    most = max([result["highest"]["ours_mb"], *(r["ours"]["mb"] for r in result["rates"])])
    if full and most > MOST_MB:
        found.append(f"dns: {most:.1f} MB of {MOST_MB}")
    return found


def main():
    spec = json.loads(sys.argv[1])
    tools, binary, size = spec["tools"], spec["binary"], Size(spec["full"])
    prepare()
    pathlib.Path(tools, "questions").write_text(f"{NAME} A\n")
    # Nobody is to be asked but the server of this bench.
    pathlib.Path(tools, "resolv.conf").write_text("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", f"{tools}/resolv.conf", os.path.realpath("/etc/resolv.conf")], check=True)
    with held(f"{tools}/dns_server", PORT):
        result = {"load": "dns", "rates": rates(tools, binary, size), "highest": highest(tools, binary, size)}
    result |= {"stalls": stalls(tools, binary, size), "stall_ms": size.stall_ms, "every_ms": size.every_ms}
    result["truth"] = agree(result, size)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
