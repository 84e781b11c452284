#!/usr/bin/env python3
"""The load of `check --pg`: a server in trouble beside what people run on one, then the same server in full health.

Started by `run --load pg`, in namespaces of its own; prints its result as JSON. `draw` and `failures` are for the runner.

What is seen is asserted: who blocks, who makes a queue, who fills a pool, how many slots are left; and that a server under
`pgbench` gives no finding however often one looks. Times are told beside each other, in pairs, and never asserted.
"""

import json
import os
import pathlib
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl

from inside import prepare, say, wait_until_quiet
from pg import WIKI_PAIRS
from pg_server import Server, ask

HERE = pathlib.Path(__file__).resolve().parent
PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"
GOAL = 0.5
MOST_MB = 32
RUN_LIMIT_S = 180
# The patients of the sick server: application, sessions. 197 ordinary slots of 200.
CHECKOUT, API, WEB, REPORTS, WORKER, SLOTS = 12, 20, 10, 8, 130, 197
USED = 1 + CHECKOUT + 1 + 1 + API + WEB + WORKER
# The reduced run does not wait for what is told after seconds: `pg/lock-wait`, `pg/query-hogs-pool`, `pg/lock-queue`.
SOONER = {"pg/lock-wait": "wait_s = [0.5, 30]", "pg/query-hogs-pool": "median_s = 0.5", "pg/lock-queue": "for_s = 0.5"}
# The tree below those who wait for nobody, as it is written with pg_blocking_pids.
TREE = """WITH RECURSIVE waits AS MATERIALIZED (SELECT a.pid, b.by FROM pg_stat_activity a, unnest(pg_blocking_pids(a.pid)) AS b(by)),
tree(root, pid) AS (SELECT DISTINCT by, by FROM waits WHERE by NOT IN (SELECT pid FROM waits)
  UNION SELECT t.root, w.pid FROM tree t JOIN waits w ON w.by = t.pid)
SELECT root, a.application_name, a.state, a.query, count(*) - 1 AS behind FROM tree JOIN pg_stat_activity a ON a.pid = root
GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC"""


class Size:
    """How much of it runs."""

    def __init__(self, full):
        self.full = full
        self.pairs = 5 if full else 1
        self.tables = 200 if full else 20
        self.polled_s = 60 if full else 2
        self.age_s, self.queued_s = (5.5, 2.5) if full else (1, 1)
        self.limits = {} if full else SOONER


class Ran:
    """What one program printed, how it ended, and what it took: ms of the wall clock, of its own processors, of the server; MB."""

    def __init__(self, server, run):
        since = server.mark()
        self.text, (wall, user, system, peak, status) = run()
        self.ms, self.cpu_ms, self.mb = wall / 1e6, (user + system) / 1e3, peak * 1024 / 1e6
        self.status = os.waitstatus_to_exitcode(status)
        self.server_ms = server.spent(since)


class Tools:
    """Runs programs by `measure`: each at nice 19, as paramedic puts itself there, and with a peak that is its own."""

    def __init__(self, tools):
        self.measure = f"{tools}/measure"

    def run(self, *command):
        """The output of a program and what `measure` says of it."""
        report, report_in = os.pipe()
        try:
            done = subprocess.run([self.measure, str(report_in), "-", *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  pass_fds=[report_in], timeout=RUN_LIMIT_S)
        finally:
            os.close(report_in)
        with os.fdopen(report) as said:
            return done.stdout.decode(errors="replace"), [int(n) for n in said.read().split()]

    def screen(self, server, until, keys=b""):
        """The same of pg_activity on a terminal of 60 lines, which is told to quit when the screen that shows `until` is whole."""
        terminal, inside = pty.openpty()
        ioctl(inside, termios.TIOCSWINSZ, struct.pack("4H", 60, 220, 0, 0))
        report, report_in = os.pipe()
        child = subprocess.Popen(
            [self.measure, str(report_in), "-", "pg_activity", "-h", server.dir, "-U", "postgres", "-d", "postgres"],
            stdin=inside, stdout=inside, stderr=inside, pass_fds=[report_in], env={**os.environ, "TERM": "xterm", "LANG": "C.UTF-8"})
        os.close(inside)
        os.close(report_in)
        text, end, sent = b"", time.monotonic() + RUN_LIMIT_S, False
        while time.monotonic() < end:
            ready, _, _ = select.select([terminal], [], [], 1)
            try:
                text += os.read(terminal, 65536) if ready else b""
            except OSError:  # the terminal is gone with its program
                break
            # The last line of a screen is that of its keys.
            if keys and not sent and b"Quit" in text:
                sent = bool(os.write(terminal, keys))
                text = b""
            elif until in text and b"Quit" in text.rsplit(until, 1)[1]:
                os.write(terminal, b"q")
                until = b"\0never"
        os.close(terminal)
        child.wait(timeout=RUN_LIMIT_S)
        with os.fdopen(report) as said:
            return plain(text), [int(n) for n in said.read().split()]


def plain(text):
    return re.sub(rb"\x1b[\[(][0-9;?]*[A-Za-z]", b"", text).decode(errors="replace")


def fall_sick(server, tables):
    """Brings the trouble about that leaves every catalog free to be read."""
    setup = server.connect("setup")
    ask(setup, "CREATE EXTENSION pg_stat_statements; CREATE TABLE account (id int PRIMARY KEY, v int); "
               "INSERT INTO account VALUES (1, 0); CREATE TABLE orders (id int PRIMARY KEY, note text)")
    ask(setup, f"DO $$ BEGIN FOR i IN 1..{tables} LOOP EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, at timestamptz UNIQUE)', i); "
               "END LOOP; END $$")
    setup.close()
    kept = [server.connect("worker") for _ in range(WORKER)]
    billing = server.connect("billing")
    ask(billing, "BEGIN; UPDATE account SET v = v + 1 WHERE id = 1")
    etl = server.connect("etl")
    ask(etl, "SELECT count(*), pg_sleep(600) FROM orders", wait=False)
    until(server, 1, "application_name = 'etl' AND wait_event = 'PgSleep'")
    kept += waiting(server, "checkout", CHECKOUT, "UPDATE account SET v = v + 1 WHERE id = 1")
    kept += run_in(server, "web", REPORTS, "SELECT 'report', pg_sleep(600)")
    kept += [server.connect("web") for _ in range(WEB - REPORTS)]
    until(server, REPORTS, "application_name = 'web' AND wait_event = 'PgSleep'")
    return [*kept, billing, etl]


def make_a_queue(server):
    """A migration behind the long statement, and everybody who wants its table behind that."""
    kept = waiting(server, "migrate", 1, "ALTER TABLE orders ADD COLUMN sent timestamptz")
    return kept + waiting(server, "api", API, "SELECT note FROM orders WHERE id = 7")


def waiting(server, application, count, sql):
    sessions = run_in(server, application, count, sql)
    until(server, count, f"application_name = '{application}' AND wait_event_type = 'Lock'")
    return sessions


def run_in(server, application, count, sql):
    sessions = [server.connect(application) for _ in range(count)]
    for s in sessions:
        ask(s, sql, wait=False)
    return sessions


def until(server, count, condition):
    end = time.monotonic() + RUN_LIMIT_S
    while int(server.psql("-At", "-c", f"SELECT count(*) FROM pg_stat_activity WHERE {condition}")) < count:
        if time.monotonic() > end:
            raise SystemExit(f"bench: no {count} sessions with {condition}")
        time.sleep(0.05)


def competitors(server, tools):
    """Name, and how it is run once."""
    psql = ["/usr/bin/psql", *server.psql_line("-q")[1:]]
    return {
        "pg_activity": lambda: tools.screen(server, b"RUNNING QUERIES"),
        "collection": lambda: tools.run(*psql, "-f", str(HERE / "pg_collection.sql")),
        "wiki": lambda: tools.run(*psql, "-c", WIKI_PAIRS),
        "tree": lambda: tools.run(*psql, "-c", TREE),
    }


def ours(server, tools, binary):
    check = [binary, "check", f"--pg={server.target}"]
    return {
        "check --pg": lambda: tools.run(*check),
        "check --pg --window 0": lambda: tools.run(*check, "--window", "0"),
        "pg": lambda: tools.run(binary, "pg", "-d", server.target),
    }


def measured(server, tools, binary, size):
    """Rounds in which each runs once: medians of the figures, and of the ratios of each round."""
    mine, others = ours(server, tools, binary), competitors(server, tools)
    rounds = []
    for _ in range(size.pairs):
        rounds.append({name: Ran(server, run) for name, run in {**mine, **others}.items()})
    bad = [f"{name}: exit {r[name].status}" for r in rounds for name in mine if r[name].status not in (0, 1, 2)]
    bad += [f"{name}: exit {r[name].status}" for r in rounds for name in others if r[name].status]

    def middle(of):
        return statistics.median(of(r) for r in rounds)

    keys = ("ms", "cpu_ms", "server_ms", "mb")
    rows = {name: {k: middle(lambda r, n=name, k=k: getattr(r[n], k)) for k in keys} for name in {**mine, **others}}
    ratios = {a: {b: {k: middle(lambda r: getattr(r[a], k) / max(getattr(r[b], k), 0.001)) for k in ("ms", "server_ms")}
                  for b in others} for a in mine}
    for name, row in rows.items():
        say(f"{name}: {row['ms']:.0f} ms, server {row['server_ms']:.1f} ms")
    return {"rows": rows, "ratios": ratios, "bad": sorted(set(bad))}


def sights(server, tools, binary, size):
    """What each of them shows of the four things that one has to know: the finding of ours, lines of theirs that hold it."""
    pid = {name: server.psql("-At", "-c", f"SELECT pid FROM pg_stat_activity WHERE application_name = '{name}'").strip()
           for name in ("billing", "migrate")}
    config = pathlib.Path(server.dir, "limits.toml")
    config.write_text("".join(f'[limits."{code}"]\n{limit}\n' for code, limit in size.limits.items()))
    text, _ = tools.run(binary, "check", f"--pg={server.target}", "--json", "--config", str(config))
    report = json.loads(text)
    found = {}
    for f in report["findings"]:
        found.setdefault(f["code"], f)

    def named(code, holds, **evidence):
        f = found.get(code, {})
        about = json.dumps([f.get("subject"), f.get("about")])
        right = all(f.get("evidence", {}).get(k) == v for k, v in evidence.items()) and holds in about
        return f["title"] if f and right else ""

    free = ""
    for block in (b for s in report["sections"] for b in s["blocks"] if b["name"] == "slots" and b["rows"]):
        row = dict(zip([c["key"] for c in block["columns"]], block["rows"][0]))
        # Ours is one more.
        free = f"{row['free']} of {row['ordinary']} slots are free" if (row["ordinary"], row["free"]) == (SLOTS, SLOTS - USED - 1) else ""
    blocking, _ = tools.screen(server, b"BLOCKING QUERIES", keys=b"3")
    theirs = {name: run()[0] for name, run in competitors(server, tools).items()}
    theirs["pg_activity"] += blocking

    def lines(text, what):
        of = [line for line in re.split(r"[\r\n]+", text) if line.strip()]
        n = sum(bool(re.search(rf"\b{what}\b", line)) for line in of)
        return f"in {n} of {len(of)} lines" if n else "no"

    # Behind the long statement stands the request that makes the queue, and behind that everybody else.
    rows = [("who blocks the row, and how many wait", named("pg/lock-wait", pid["billing"], waiting=CHECKOUT), pid["billing"]),
            ("which ALTER TABLE makes the queue", named("pg/lock-queue", pid["migrate"]), pid["migrate"]),
            ("which statement fills which pool", named("pg/query-hogs-pool", '"web"', same=REPORTS, sessions=WEB), "web"),
            ("how many slots are left", free, f"{USED + 1}/200")]
    return [{"what": what, "ours": mine, "theirs": {name: lines(text, key) for name, text in theirs.items()}}
            for what, mine, key in rows]


def polled(tools, binary, seconds):
    """A server under pgbench, looked at without a pause: how often, and what was found."""
    with Server(autovacuum="on", log_min_duration_statement="-1", deadlock_timeout="1s", max_connections="100") as server:
        to = ["-h", server.dir, "-U", "postgres", "postgres"]
        subprocess.run([PGBENCH, "-i", "-q", *to], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        bench = subprocess.Popen([PGBENCH, "-c", "20", "-j", "2", "-T", str(seconds + 1), *to],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        until(server, 20, "application_name = 'pgbench'")
        counts, found, end = {"pg": 0, "check": 0}, [], time.monotonic() + seconds
        while time.monotonic() < end:
            name = "check" if counts["pg"] > counts["check"] else "pg"
            where = ["check", f"--pg={server.target}"] if name == "check" else ["pg", "-d", server.target]
            text, (*_, status) = tools.run(binary, *where, "--json", "--window", "200ms")
            if os.waitstatus_to_exitcode(status) not in (0, 1, 2):
                raise SystemExit(f"bench: paramedic failed under pgbench: {text}")
            report = json.loads(text)
            counts[name] += 1
            # An area that was not looked at would find nothing either.
            judged = [c for s in report["sections"] if s["area"] == "pg" for c in s["checks"]]
            unseen = [c["code"] for c in judged if c["outcome"] == "unknown"]
            found += unseen if judged else ["pg was not looked at"]
            found += [f"{f['code']}: {f['title']}" for f in report["findings"]
                      if f["code"].startswith("pg/") and f["severity"] != "notice"]
        done = int(re.search(r"actually processed: (\d+)", bench.communicate(timeout=RUN_LIMIT_S)[0])[1])
    say(f"pgbench, {done:,} transactions in {seconds} s: {counts['pg']} looks of pg, {counts['check']} of check, {len(found)} findings")
    return {"seconds": seconds, "transactions": done, "looks": counts, "found": sorted(set(found))}


NAMES = {"pg_activity": "pg_activity, its first screen", "collection": "psql, 29 queries of a full collection",
         "wiki": "psql, the wiki's self-join of pg_locks", "tree": "psql, the tree by pg_blocking_pids"}


def table(rows, left=1):
    wide = [max(len(cells[i]) for cells in rows) for i in range(len(rows[0]))]
    return ["  ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(cells, wide))).rstrip()
            for cells in rows] + [""]


def draw(result, full):
    """What it took, and what was seen, as text."""
    rows, ratios = result["rows"], result["ratios"]
    took = [["POSTGRES IN TROUBLE", "WHOLE ms", "CPU ms", "SERVER ms", "MB"]]
    for name, r in rows.items():
        took.append([NAMES.get(name, f"paramedic {name}"), f"{r['ms']:,.0f}", f"{r['cpu_ms']:,.0f}", f"{r['server_ms']:,.1f}", f"{r['mb']:.0f}"])
    beside = [["OURS / THEIRS: WHOLE, SERVER", *ratios, "GOAL", "MET"]]
    for name, said in NAMES.items():
        cells = [f"{r[name]['ms']:.2f}, {r[name]['server_ms']:.2f}" for r in ratios.values()]
        goal = name == "collection"
        met = ", ".join("yes" if max(r[name].values()) <= GOAL else "NO" for r in ratios.values())
        beside.append([said, *cells, f"≤ {GOAL}" if goal else "", met if goal and full else ""])
    saw = [["WHAT IS SEEN", "check --pg", *NAMES]]
    saw += [[s["what"], "named" if s["ours"] else "NO", *(s["theirs"][n] for n in NAMES)] for s in result["sights"]]
    p = result["polled"]
    out = table(took) + table(beside) + table(saw, left=9)
    out += [f"  {s['ours']}" for s in result["sights"]]
    out.append(f"pgbench for {p['seconds']} s, {p['transactions']:,} transactions: {p['looks']['pg']} looks of `pg` and {p['looks']['check']} of "
               f"`check --pg` found {len(p['found'])} things")
    if (busy := result["busy_pct"]) > 10:
        out.append(f"others kept {busy:.0f} % of the CPUs busy")
    return "\n".join(out) + "\n"


def failures(result, full):
    """What makes the run fail; time never does."""
    if result.get("failed"):
        return [f"pg: {result['failed']}"]
    found = [f"pg: {t}" for t in result["bad"]]
    found += [f"pg: not seen: {s['what']}" for s in result["sights"] if not s["ours"]]
    found += [f"pg: under pgbench: {t}" for t in result["polled"]["found"]]
    if not all(result["polled"]["looks"].values()):
        found.append(f"pg: under pgbench: {result['polled']['looks']}")
    most = max(r["mb"] for name, r in result["rows"].items() if name not in NAMES)
    if most > MOST_MB:
        found.append(f"pg: {most:.1f} MB of {MOST_MB}")
    return found


def main():
    spec = json.loads(sys.argv[1])
    tools, binary, size = Tools(spec["tools"]), spec["binary"], Size(spec["full"])
    prepare()
    with Server(max_connections=200, superuser_reserved_connections=3, shared_preload_libraries="pg_stat_statements") as server:
        kept = fall_sick(server, size.tables)
        begun = time.monotonic()
        busy = wait_until_quiet(size.full)
        result = measured(server, tools, binary, size)
        kept += make_a_queue(server)
        time.sleep(max(size.queued_s, size.age_s - (time.monotonic() - begun)))
        result |= {"load": "pg", "busy_pct": busy, "sights": sights(server, tools, binary, size)}
        for s in kept:
            s.close()
    result["polled"] = polled(tools, binary, size.polled_s)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
