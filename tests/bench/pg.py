#!/usr/bin/env python3
"""The load of `pg`: a row that everybody wants, and locks that nobody waits for.

    tests/bench/pg.py [--sessions N] [--locks N] [--binary PATH]

Starts a Postgres server of its own. The server's time of each statement is what its log says, so that
ours and theirs are told by the same clock. Times are printed, never asserted; exit 1 when what was seen
is wrong or memory went over its goal. `check --pg` beside other tools is `run --load pg`.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

sys.dont_write_bytecode = True

from pg_server import Server, ask  # noqa: E402

MOST_MB = 32
PAIRS = 3
EVERY = "SELECT sum(cardinality(pg_blocking_pids(pid))) FROM pg_stat_activity"
WAITERS = EVERY + " WHERE wait_event_type = 'Lock'"
# https://wiki.postgresql.org/wiki/Lock_Monitoring: what most people paste.
TAG = ["locktype", "database", "relation", "page", "tuple", "virtualxid", "transactionid", "classid", "objid", "objsubid"]
FROM = (" FROM pg_catalog.pg_locks blocked JOIN pg_catalog.pg_stat_activity a ON a.pid = blocked.pid "
        "JOIN pg_catalog.pg_locks blocking ON "
        + " AND ".join(f"blocking.{c} IS NOT DISTINCT FROM blocked.{c}" for c in TAG)
        + " AND blocking.pid <> blocked.pid JOIN pg_catalog.pg_stat_activity b ON b.pid = blocking.pid WHERE NOT blocked.granted")
WIKI = "SELECT count(*)" + FROM
WIKI_PAIRS = ("SELECT blocked.pid AS blocked_pid, a.usename AS blocked_user, blocking.pid AS blocking_pid, b.usename AS blocking_user, "
              "a.query AS blocked_statement, b.query AS current_statement_in_blocking_process" + FROM)


def timed(server, application, run):
    """Wall time of `run`, what it gave, and the server's time of all its statements, ms."""
    since = server.mark()
    begun = time.monotonic()
    out = run()
    return (time.monotonic() - begun) * 1000, out, server.spent(since, application)


def psql(server, sql):
    return server.psql("-At", "-c", sql)


def ours(server, binary, *args):
    """What paramedic printed, its peak memory in MB."""
    command = [binary, "pg", *args, "-d", server.target, "--timeout", "30s"]
    read, write = os.pipe()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)])
    os.close(write)
    with os.fdopen(read, encoding="utf8") as out:
        text = out.read()
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1, 2):
        raise SystemExit(f"bench: paramedic failed: {text}")
    return text, usage.ru_maxrss / 1024, (usage.ru_utime + usage.ru_stime) * 1000


def side(server, binary, name, theirs, view):
    rows = []
    for _ in range(PAIRS):
        wall, (text, mb, cpu), mine = timed(server, "paramedic", lambda: ours(server, binary, view))
        others = [timed(server, "theirs", lambda sql=sql: psql(server, sql))[2] for _, sql in theirs]
        rows.append((wall, cpu, mb, mine, *others))
    wall, cpu, mb, mine, *others = [statistics.median(column) for column in zip(*rows)]
    print(f"{name}: paramedic {wall:.0f} ms in all, {cpu:.0f} ms of its own processor time, {mb:.1f} MB (goal {MOST_MB}), "
          f"server {mine:.1f} ms")
    for (what, _), took in zip(theirs, others):
        print(f"  server, {what}: {took:.1f} ms; ours / theirs = {mine / took:.2f}")
    return text, mb


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--sessions", type=int, default=1000)
    args.add_argument("--locks", type=int, default=20_000)
    args.add_argument("--binary", default="target/x86_64-unknown-linux-musl/release/paramedic")
    args = args.parse_args()
    binary = str(pathlib.Path(args.binary).resolve(strict=True))
    wrong = []
    with Server(max_connections=args.sessions + 50, max_locks_per_transaction=1024) as server:
        holder = server.connect()
        ask(holder, "CREATE TABLE account (id int PRIMARY KEY, v int); INSERT INTO account VALUES (1, 0)")

        quiet = server.connect()
        ask(quiet, f"SELECT count(pg_advisory_lock(i)) FROM generate_series(1, {args.locks}) i")
        theirs = [("count(*) of pg_locks", "SELECT count(*) FROM pg_catalog.pg_locks"), ("pg_blocking_pids of every session", EVERY)]
        _, mb = side(server, binary, f"{args.locks:,} locks, nobody waits", theirs, "locks")
        wrong += [f"{mb:.0f} MB"] if mb > MOST_MB else []
        quiet.close()

        ask(holder, "BEGIN; UPDATE account SET v = v + 1 WHERE id = 1")
        waiting = [server.connect() for _ in range(args.sessions)]
        for s in waiting:
            ask(s, "UPDATE account SET v = v + 1 WHERE id = 1", wait=False)
        while int(psql(server, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")) < args.sessions:
            time.sleep(0.2)
        theirs = [("pg_blocking_pids of every session", EVERY), ("pg_blocking_pids of those that wait", WAITERS),
                  ("the wiki's self-join of pg_locks", WIKI)]
        text, mb = side(server, binary, f"{args.sessions:,} sessions wait for one row", theirs, "locks")
        wrong += [f"{mb:.0f} MB"] if mb > MOST_MB else []
        report = json.loads(ours(server, binary, "locks", "--json")[0])
        behind = [f["evidence"]["waiting"] for f in report["findings"] if f["code"] == "pg/lock-wait"]
        wrong += [f"{behind} sessions behind the root, not {args.sessions}"] if behind != [args.sessions] else []
        print(f"  the screen has {len(text.splitlines())} lines")
    if wrong:
        print("bench: wrong: " + "; ".join(wrong), file=sys.stderr)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
