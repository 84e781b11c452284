"""A Postgres server of the bench: Debian's postgresql-15, as user postgres, on a socket in a directory of its own.

Its log tells how long each statement took (`log_min_duration_statement`): one clock for ours and theirs.
"""

import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
SETTINGS = {
    "listen_addresses": "''", "port": "5432", "fsync": "off", "log_min_duration_statement": "0", "log_line_prefix": "'%a|'",
    "log_statement": "none", "autovacuum": "off", "deadlock_timeout": "'60s'",
}


class Server:
    """Runs until the end of the `with`."""

    def __init__(self, **settings):
        self.dir = tempfile.mkdtemp(prefix="bench-pg-")
        shutil.chown(self.dir, "postgres")
        self.log = f"{self.dir}/log"
        self.target = f"host={self.dir} user=postgres dbname=postgres"
        self.as_postgres(BIN / "initdb", "-D", f"{self.dir}/data", "-A", "trust", "-U", "postgres", "--no-sync")
        with open(f"{self.dir}/data/postgresql.conf", "a", encoding="utf8") as conf:
            for key, value in {**SETTINGS, "unix_socket_directories": f"'{self.dir}'", **settings}.items():
                conf.write(f"{key}={value}\n")
        self.as_postgres(BIN / "pg_ctl", "-D", f"{self.dir}/data", "-l", self.log, "-w", "start")

    def as_postgres(self, *command):
        user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        subprocess.run([*user, *map(str, command)], check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.as_postgres(BIN / "pg_ctl", "-D", f"{self.dir}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.dir)

    def connect(self, application="web"):
        """A session of an application, without a client library that costs more than it."""
        s = socket.socket(socket.AF_UNIX)
        s.connect(f"{self.dir}/.s.PGSQL.5432")
        body = struct.pack("!I", 196608) + f"user\0postgres\0application_name\0{application}\0\0".encode()
        s.sendall(struct.pack("!I", len(body) + 4) + body)
        await_ready(s)
        return s

    def psql(self, *arguments):
        """What psql prints of it."""
        done = subprocess.run(self.psql_line(*arguments), check=True, capture_output=True, text=True,
                              env={**os.environ, "PGAPPNAME": "theirs"})
        return done.stdout

    def psql_line(self, *arguments):
        return ["psql", "-h", self.dir, "-U", "postgres", "-d", "postgres", "-X", *arguments]

    def mark(self):
        """Where the log ends now."""
        return os.path.getsize(self.log)

    def spent(self, since, application=""):
        """What the server spent on statements of an application, or of all, since then, ms."""
        with open(self.log, encoding="utf8", errors="replace") as log:
            log.seek(since)
            lines = [line for line in log if not application or line.startswith(application + "|")]
        return sum(float(m[1]) for line in lines if (m := re.search(r"duration: ([0-9.]+) ms", line)))


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
