#!/usr/bin/env python3
"""The load of `pg`: a row that everybody wants, and locks that nobody waits for.

    tests/bench/pg.py [--sessions N] [--locks N] [--binary PATH]

Starts a Postgres server of its own (Debian's postgresql-15, as user postgres, on a socket
in a directory of its own). The server's time of each statement is what its log says
(`log_min_duration_statement`), so that ours and theirs are told by the same clock. Times are
printed, never asserted; exit 1 when what was seen is wrong or memory went over its goal.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
MOST_MB = 32
PAIRS = 3
EVERY = "SELECT sum(cardinality(pg_blocking_pids(pid))) FROM pg_stat_activity"
WAITERS = EVERY + " WHERE wait_event_type = 'Lock'"
# https://wiki.postgresql.org/wiki/Lock_Monitoring: what most people paste.
TAG = ["locktype", "database", "relation", "page", "tuple", "virtualxid", "transactionid", "classid", "objid", "objsubid"]
WIKI = ("SELECT count(*) FROM pg_catalog.pg_locks blocked JOIN pg_catalog.pg_stat_activity a ON a.pid = blocked.pid "
        "JOIN pg_catalog.pg_locks blocking ON "
        + " AND ".join(f"blocking.{c} IS NOT DISTINCT FROM blocked.{c}" for c in TAG)
        + " AND blocking.pid <> blocked.pid JOIN pg_catalog.pg_stat_activity b ON b.pid = blocking.pid WHERE NOT blocked.granted")


class Server:
    def __init__(self, sessions):
        self.dir = tempfile.mkdtemp(prefix="bench-pg-")
        shutil.chown(self.dir, "postgres")
        self.log = f"{self.dir}/log"
        self.as_postgres(BIN / "initdb", "-D", f"{self.dir}/data", "-A", "trust", "-U", "postgres", "--no-sync")
        with open(f"{self.dir}/data/postgresql.conf", "a", encoding="utf8") as conf:
            conf.write(f"listen_addresses=''\nport=5432\nunix_socket_directories='{self.dir}'\nfsync=off\n"
                       f"max_connections={sessions + 50}\nmax_locks_per_transaction=1024\nlog_min_duration_statement=0\n"
                       "log_line_prefix='%a|'\nlog_statement=none\nautovacuum=off\ndeadlock_timeout='60s'\n")
        self.as_postgres(BIN / "pg_ctl", "-D", f"{self.dir}/data", "-l", self.log, "-w", "start")

    def as_postgres(self, *command):
        user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        subprocess.run([*user, *map(str, command)], check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.as_postgres(BIN / "pg_ctl", "-D", f"{self.dir}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.dir)

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(f"{self.dir}/.s.PGSQL.5432")
        body = struct.pack("!I", 196608) + b"user\0postgres\0application_name\0web\0\0"
        s.sendall(struct.pack("!I", len(body) + 4) + body)
        await_ready(s)
        return s

    def timed(self, application, run):
        """Wall time of `run`, what it gave, and the server's time of all its statements, ms."""
        before = os.path.getsize(self.log)
        begun = time.monotonic()
        out = run()
        wall = (time.monotonic() - begun) * 1000
        with open(self.log, encoding="utf8", errors="replace") as log:
            log.seek(before)
            lines = [line for line in log if line.startswith(application + "|")]
        took = [float(m[1]) for line in lines if (m := re.search(r"duration: ([0-9.]+) ms", line))]
        return wall, out, sum(took)


def await_ready(s):
    # ReadyForQuery is the last message of an answer: Z, length 5, one byte of state.
    seen = b""
    while seen[-6:-1] != b"Z\0\0\0\5":
        got = s.recv(65536)
        if not got:
            raise SystemExit("bench: the server ended a connection")
        seen += got


def ask(s, sql, wait=True):
    text = sql.encode() + b"\0"
    s.sendall(b"Q" + struct.pack("!I", len(text) + 4) + text)
    if wait:
        await_ready(s)


def psql(server, sql):
    env = {**os.environ, "PGAPPNAME": "theirs"}
    done = subprocess.run(["psql", "-h", server.dir, "-U", "postgres", "-AtX", "-c", sql],
                          check=True, capture_output=True, text=True, env=env)
    return done.stdout


def ours(server, binary, *args):
    """What paramedic printed, its peak memory in MB."""
    command = [binary, "pg", *args, "-d", f"host={server.dir} user=postgres dbname=postgres", "--timeout", "30s"]
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
        wall, (text, mb, cpu), mine = server.timed("paramedic", lambda: ours(server, binary, view))
        others = [server.timed("theirs", lambda sql=sql: psql(server, sql))[2] for _, sql in theirs]
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
    with Server(args.sessions) as server:
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
