"""A thousand recorded snapshots compared, beside what ClusterShell's clubak makes of the same as text.

Run by `run`; prints nothing. What is measured is a file of about 300 attributes for each of 1,000 pods, one of which has
another time zone. clubak gets the same attributes as lines of "pod: attribute value", once without what is each pod's own:
whoever uses it would have to strip that first, and the row says what becomes of it when he does not.
"""

import hashlib
import json
import os
import pathlib
import random
import statistics
import subprocess

# What the goals say.
MOST_MS, MOST_MB = 1500, 256
# A program that hangs must not hold the bench for ever.
RUN_LIMIT_S = {True: 300, False: 3}
SECRETS, PARAMETERS = 220, 60
GROUPS = ["env", "limit", "sysctl", "memory", "fd"]


def sealed(number):
    return ["sealed", f"{number:016x}", 12]


def attributes(draw, odd):
    """Of one pod: what all have, and what is its own."""
    shared = [("env", f"SETTING_{n:03}", sealed(n * 7919)) for n in range(SECRETS)]
    shared += [("sysctl", f"net.ipv4.parameter_{n}", "1") for n in range(PARAMETERS)]
    shared.append(("env", "TZ", "Asia/Tokyo" if odd else "Europe/Berlin"))
    own = [("env", f"OWN_{n}", sealed(draw.getrandbits(64))) for n in range(10)]
    own += [("memory", "working_set_bytes", draw.uniform(150, 220) * 2**20),
            ("fd", "all_open_count", float(draw.randint(40, 200)))]
    return shared, own


def document(name, listed):
    """As `paramedic snapshot` writes it, sealed."""
    listed = sorted(listed, key=lambda a: (GROUPS.index(a[0]), a[1]))
    head = {"schema": "paramedic-snapshot/1", "version": "0.1.0", "taken_at": "2026-11-21T22:33:00.123Z", "duration_ms": 12.0,
            "host": {key: None for key in ("hostname", "kernel", "boot_id", "pod", "namespace", "node", "container", "seen_as_uid")},
            "gaps": []}
    identity = {"hostname": name, "pod": name, "namespace": "prod", "pod_uid": name, "node": None, "container": None,
                "boot_id": None, "addresses": [], "machine": "x86_64", "started": None}
    facts = {"identity": identity, "key_id": "one", "clock": "2026-11-21T22:33:00.123Z",
             "list": {"total": len(listed), "rows": listed}}
    record = {"area": "attributes", "span_s": 0.0, "args": {}, "facts": facts, "failed": None, "gaps": []}
    compact = {"separators": (",", ":")}
    body = json.dumps(head, **compact)[:-1] + ',"records":[' + json.dumps(record, **compact) + "]"
    return body + ',"end":"' + hashlib.sha256(body.encode()).hexdigest() + '"}\n'


def make(folder, pods, odd):
    """The files, and the same as text with and without what is each pod's own."""
    draw = random.Random(1)
    names = []
    with open(folder / "all.txt", "w") as all_lines, open(folder / "shared.txt", "w") as shared_lines:
        for n in range(pods):
            name = f"web-{n}"
            shared, own = attributes(draw, n == odd)
            (folder / f"{name}.json").write_text(document(name, shared + own))
            for group, setting, value in shared:
                line = f"{name}: {group} {setting} {json.dumps(value)}\n"
                all_lines.write(line)
                shared_lines.write(line)
            for group, setting, value in own:
                all_lines.write(f"{name}: {group} {setting} {json.dumps(value)}\n")
            names.append(f"{name}.json")
    return names


def cost(tools, folder, command, limit, stdin=None):
    """Output, milliseconds, megabytes and exit code."""
    report, report_in = os.pipe()
    with open(stdin or os.devnull) as told:
        done = subprocess.run([f"{tools}/measure", str(report_in), "-", *command], cwd=folder, stdin=told,
                              capture_output=True, pass_fds=[report_in], timeout=limit)
    os.close(report_in)
    with os.fdopen(report) as said:
        wall, _, _, peak, status = said.read().split()
    return done.stdout.decode(), int(wall) / 1e6, int(peak) / 1024, int(status)


def run(tools, binary, full, runs, scratch):
    """Both sides, in turns."""
    # What clubak takes grows with the square of them.
    pods, odd = (1000, 700) if full else (16, 11)
    folder = pathlib.Path(scratch) / "snapshots"
    folder.mkdir()
    names = make(folder, pods, odd)
    result = {"load": "compare", "pods": pods, "ours": [], "theirs": [], "wrong": []}
    for _ in range(runs):
        out, ms, mb, status = cost(tools, folder, [binary, "compare", *names, "--json"], RUN_LIMIT_S[True])
        titles = [f["title"] for f in json.loads(out)["findings"]]
        wanted = f"web-{odd} alone has another TZ: Asia/Tokyo, the {pods - 1} others Europe/Berlin"
        if titles != [wanted] or status != 1 << 8:
            result["wrong"].append(f"compare says {titles}, wait status {status}")
        result["ours"].append((ms, mb))
    # Once: it takes minutes where ours takes a second, and a busy machine does not make up for that.
    try:
        out, ms, mb, _ = cost(tools, folder, ["clubak", "-b"], RUN_LIMIT_S[full], folder / "shared.txt")
        if out.count("Asia/Tokyo") != 1 or out.count("Europe/Berlin") != 1:
            result["wrong"].append("clubak does not fold the others into one")
        result["theirs"].append((ms, mb))
        out, _, _, _ = cost(tools, folder, ["clubak", "-b"], RUN_LIMIT_S[full], folder / "all.txt")
        result["drowned"] = out.count("env TZ ")
    except subprocess.TimeoutExpired:
        result["gave_up_s"] = RUN_LIMIT_S[full]
    return result


def draw(result):
    """The row."""
    ms, mb = (statistics.median(r[i] for r in result["ours"]) for i in (0, 1))
    said = (f"compare, {result['pods']:,} snapshots of 300 attributes: {ms:.0f} ms, {mb:.0f} MB "
            f"(goal of 1,000: {MOST_MS} ms, {MOST_MB} MB)\nclubak -b over the same as text: ")
    said += ", ".join(f"{ms:.0f} ms, {mb:.0f} MB" for ms, mb in result["theirs"])
    if "drowned" in result:
        said += f"; with what is each pod's own left in: {result['drowned']:,} groups"
    if "gave_up_s" in result:
        said += f"; given up after {result['gave_up_s']} s"
    return said


def failures(result):
    """What makes the run fail; time never does."""
    over = [mb for _, mb in result["ours"] if mb > MOST_MB]
    return result["wrong"] + [f"compare took {mb:.0f} MB" for mb in over[:1]]
