"""The table: what was measured beside what was aimed at, as text or Markdown."""

from rows import ROWS

# RATIO is of wall time, CPU of user and system time together: what a busy machine cannot stretch.
HEAD = ["ROW", "OURS", "OTHER", "THEIRS", "RATIO", "CPU", "GOAL", "MET", "PEAK MB", "GOAL", "MET", "THEIRS MB"]


def time_said(ms):
    return f"{ms / 1000:.2f} s" if ms >= 1000 else f"{ms:.0f} ms" if ms >= 100 else f"{ms:.1f} ms"


def share_said(ratio):
    return f"{ratio:.2f}" if ratio > 0.8 else f"1/{1 / ratio:.1f}" if ratio > 0.1 else f"1/{1 / ratio:.0f}"


def yes(met):
    return "yes" if met else "NO"


def line(result, full, group):
    """One row as cells. Goals are about the full load: reduced runs print no verdict on them."""
    row, ours, other = ROWS[result["row"]], result["ours"], result.get("other")
    goal, met = "", ""
    if row.ratio:
        goal, met = f"≤ {share_said(row.ratio)}", yes(result["ratio"] <= row.ratio)
    if row.ms:
        goal, met = f"≤ {row.ms:g} ms", yes(ours["ms"] <= row.ms)
    met = met if full else ""
    if row.cgroup_mib:
        goal, met = "no OOM kill", yes(not group["oom_kills"])
    return [
        row.what, time_said(ours["ms"]), " ".join(row.other).replace("FLOOR", "bare C loop") if row.other else "",
        time_said(other["ms"]) if other else "", share_said(result["ratio"]) if other else "",
        share_said(result["cpu_ratio"]) if other else "",
        goal, met, f"{ours['mb']:.1f}", f"≤ {row.mb:g}" if row.mb else "",
        yes(memory_met(row, ours)) if row.mb and full else "", f"{other['mb']:.1f}" if other else "",
    ]


def memory_met(row, ours):
    return not row.mb or ours["mb"] <= row.mb


def failures(results, full):
    """What makes the run fail; time never does."""
    found = []
    for result in results:
        where = result["load"]
        if result.get("failed"):
            found.append(f"{where}: {result['failed']}")
        found += [f"{where}: {t['what']}: {t['detail']}" for t in result["truth"] if not t["same"]]
        if result.get("cgroup", {}).get("oom_kills"):
            found.append(f"{where}: killed {result['cgroup']['oom_kills']} times for lack of memory")
        for measured in result["rows"]:
            row = ROWS[measured["row"]]
            # paramedic: 0 clear, 1 warning, 2 critical. The rest, or a signal, is a failure.
            if bad := [s for s in measured["ours"]["status"] if s not in (0, 1 << 8, 2 << 8)]:
                found.append(f"{row.what}: wait status {bad}")
            if bad := [s for s in measured.get("other", {}).get("status", []) if s not in (0, 1 << 8)]:
                found.append(f"{row.what}: {row.other[0]}: wait status {bad}")
            if full and not memory_met(row, measured["ours"]):
                found.append(f"{row.what}: {measured['ours']['mb']:.1f} MB of {row.mb:g}")
    return found


def draw(results, machine, args):
    rows = [HEAD] + [line(r, args.full, result.get("cgroup")) for result in results for r in result["rows"]]
    out = []
    if args.markdown:
        out += ["| " + " | ".join(cells) + " |" for cells in rows]
        out.insert(1, "|" + " --- |" * len(HEAD))
    else:
        wide = [max(len(cells[i]) for cells in rows) for i in range(len(HEAD))]
        left = (0, 2, 6, 7, 9, 10)
        out += ["  ".join(c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(cells, wide))).rstrip() for cells in rows]
    out.append("")
    for result in results:
        same = [t["what"] for t in result["truth"] if t["same"]]
        note = f"{result['load']}" + (f"; the same on both sides: {', '.join(same)}" if same else "")
        if group := result.get("cgroup"):
            note += f"; OOM kills {group['oom_kills']}" + (f", the group's peak {group['peak_mb']:.1f} MB" if group["peak_mb"] else "")
        if (busy := max((r["busy_pct"] for r in result["rows"]), default=0)) > 10:
            note += f"; others kept up to {busy:.0f} % of the CPUs busy: trust CPU, not RATIO"
        out.append(f"- {note}" if args.markdown else note)
    kind = "full load" if args.full else "reduced load: the goals are about --full"
    said = f"{machine}; medians of {args.runs} pairs, warm unless said, everything at nice 19; {kind}"
    out.append(f"- {said}" if args.markdown else said)
    out += [f"FAILED {text}" for text in failures(results, args.full)]
    return "\n".join(out)
