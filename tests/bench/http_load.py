"""The load of `http` beside wrk and hey: the same nginx, the same seconds, the same
connections; what each costs and what each says of a server that loses requests.

Not `http.py`: that would hide the module of Python. Started by `run` like dns.py, in namespaces of its own; prints its result as JSON.
`draw` and `failures` are for the runner. Times in ms.
"""

import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

from inside import cost_above, prepare, say, wait_until_quiet

PORT, LOSSY = 8480, 8481
# What the goals say: requests a second from one core and so much memory.
GOAL_PER_S, GOAL_MB = 20_000, 48
CONNECTIONS = 64
# One of so many requests is lost by the server that loses some, in each way.
ONE_OF = 50
WAYS = ("closed before an answer", "reset before an answer", "half a body, closed", "half a body, reset")
NGINX = """
daemon off; worker_processes 1; pid {tools}/nginx.pid; error_log {tools}/nginx.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000;
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "{body}"; }} }}
}}
"""
BODY = b"b" * 600


class Size:
    """How much of it runs."""

    def __init__(self, full):
        self.full = full
        self.seconds, self.lossy_seconds = (10, 10) if full else (2, 1)
        self.runs = 3 if full else 1
        self.per_s, self.lossy_per_s = (GOAL_PER_S, 400) if full else (4_000, 200)


@contextmanager
def nginx(tools):
    pathlib.Path(tools, "nginx.conf").write_text(NGINX.format(tools=tools, port=PORT, body=BODY.decode()))
    server = subprocess.Popen(["nginx", "-c", f"{tools}/nginx.conf", "-p", tools], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", PORT)).close()
                break
            except OSError:
                time.sleep(0.02)
        else:
            raise SystemExit("bench: nginx did not come up")
        yield
    finally:
        server.terminate()
        server.wait()


class Lossy:
    """Answers, but for one request of so many; counts what it read, and what it did not answer whole."""

    def __init__(self):
        self.lock, self.read, self.lost, self.turn = threading.Lock(), 0, 0, 0
        self.listener = socket.create_server(("127.0.0.1", LOSSY), backlog=1024)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)
        got = b""
        with connection:
            while True:
                try:
                    more = connection.recv(4096)
                except OSError:
                    return
                if not more:
                    return
                got += more
                # One at a time: none of them sends the next request before the answer.
                if not got.endswith(b"\r\n\r\n"):
                    continue
                got = b""
                with self.lock:
                    self.read += 1
                    loses = self.read % ONE_OF == 0
                    self.lost += loses
                    self.turn += loses
                    way = WAYS[self.turn % len(WAYS)] if loses else ""
                if "half" in way:
                    connection.sendall(head + BODY[:300])
                    # The reset must not overtake what was sent.
                    time.sleep(0.002)
                if "reset" in way:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if loses:
                    return
                try:
                    connection.sendall(head + BODY)
                except OSError:
                    return

    def take(self):
        """What it counted since the last time."""
        with self.lock:
            counted = (self.read, self.lost)
            self.read = self.lost = 0
        return counted


def paramedic(tools, binary, port, per_s, seconds):
    out, us, mb = cost_above(tools, [binary, "http", f"http://127.0.0.1:{port}/", "--for", f"{seconds}s", "--rate", str(per_s),
                               "--connections", str(CONNECTIONS), "--json"])
    for section in json.loads(out)["sections"]:
        for block in section["blocks"]:
            if block["name"] == "load" and block["rows"]:
                row = dict(zip([c["key"] for c in block["columns"]], block["rows"][0]))
                return {"n": row["sent"], "lost": row["lost"], "us": us, "mb": mb, "p50": row["p50_ms"], "p99": row["p99_ms"],
                        "lag": row["lag_p99_ms"]}
    raise SystemExit(f"bench: paramedic shows no load: {out[:500]}")


def number(text):
    """`1.23ms`, `45.00us` or `1.20s`, in ms."""
    for unit, factor in (("us", 0.001), ("ms", 1), ("s", 1000)):
        if text.endswith(unit):
            return float(text[:-len(unit)]) * factor
    return float(text)


def wrk(tools, port, seconds, connections=CONNECTIONS):
    out, us, mb = cost_above(tools, ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}/"])
    found = {"us": us, "mb": mb, "lost": 0}
    for line in map(str.split, out.splitlines()):
        match line:
            case ["50%", time]:
                found["p50"] = number(time)
            case ["99%", time]:
                found["p99"] = number(time)
            case [n, "requests", "in", *_]:
                found["n"] = int(n)
            case ["Socket", "errors:", *rest]:
                found["lost"] += sum(int(n.rstrip(",")) for n in rest[1::2])
            case ["Non-2xx", *rest]:
                found["lost"] += int(rest[-1])
    return found


def hey(tools, port, seconds, per_s):
    # Its rate is each connection's.
    each = max(per_s // CONNECTIONS, 1)
    out, us, mb = cost_above(tools, ["hey", "-z", f"{seconds}s", "-c", str(CONNECTIONS), "-q", str(each), "-cpus", "1",
                               f"http://127.0.0.1:{port}/"])
    found, errors = {"us": us, "mb": mb, "lost": 0, "n": 0}, False
    for line in out.splitlines():
        words = line.split()
        errors |= line.startswith("Error distribution")
        if words[:1] in (["50%"], ["99%"]) and words[1] == "in":
            found[f"p{words[0][:2]}"] = float(words[2]) * 1000
        elif words[:1] and words[0].startswith("[") and words[0].endswith("]"):
            n = int(words[1]) if not errors else int(words[0][1:-1])
            found["n"] += n
            found["lost"] += n if errors or not words[0].startswith("[2") else 0
    return found


def speed(tools, binary, size):
    """Each beside the others, at the rate of the goal where it knows one."""
    runs = {"paramedic": [], "hey": [], "wrk": []}
    with nginx(tools):
        busy = wait_until_quiet(size.full)
        for _ in range(size.runs):
            runs["paramedic"].append(paramedic(tools, binary, PORT, size.per_s, size.seconds))
            runs["hey"].append(hey(tools, PORT, size.seconds, size.per_s))
            runs["wrk"].append(wrk(tools, PORT, size.seconds))
    found = {}
    for who, all_of_it in runs.items():
        middle = sorted(all_of_it, key=lambda r: r["us"] / max(r["n"], 1))[len(all_of_it) // 2]
        found[who] = middle | {"per_s": middle["n"] / size.seconds, "mb": max(r["mb"] for r in all_of_it)}
        say(f"{who}: {found[who]['per_s']:,.0f}/s, {middle['us'] / max(middle['n'], 1):.1f} µs each, {found[who]['mb']:.1f} MB")
    return {"who": found, "busy_pct": busy}


def losses(tools, binary, size):
    """What each says of a server that loses one request of so many, beside that server's own count."""
    server, found = Lossy(), {}
    sides = {
        "paramedic": lambda: paramedic(tools, binary, LOSSY, size.lossy_per_s, size.lossy_seconds),
        "hey": lambda: hey(tools, LOSSY, size.lossy_seconds, size.lossy_per_s),
        "wrk": lambda: wrk(tools, LOSSY, size.lossy_seconds, 2),
    }
    for who, side in sides.items():
        server.take()
        said = side()
        read, lost = server.take()
        found[who] = {"read": read, "lost": lost, "said": said["lost"], "said_n": said["n"]}
        say(f"{who}: says {said['lost']} of {said['n']} lost; the server lost {lost} of {read}")
    return found


def draw(result, full):
    """Two tables as text."""
    lines = [["HTTP", "REQUESTS/S", "µs EACH", "CORES", "p50 ms", "p99 ms", "MB", "MET"]]
    for who, r in result["speed"]["who"].items():
        cores = r["us"] / 1e6 / result["seconds"]
        met = ""
        if full and who == "paramedic":
            met = "yes" if r["per_s"] >= 0.99 * GOAL_PER_S and cores <= 1 and r["mb"] <= GOAL_MB else "NO"
        lines.append([who, f"{r['per_s']:,.0f}", f"{r['us'] / max(r['n'], 1):.1f}", f"{cores:.2f}",
                      f"{r.get('p50') or 0:.2f}", f"{r.get('p99') or 0:.2f}", f"{r['mb']:.1f}", met])
    lost = [["HTTP, A SERVER THAT LOSES SOME", "LOST", "SAID TO BE LOST", "MISSED"]]
    for who, r in result["losses"].items():
        lost.append([who, f"{r['lost']:,} of {r['read']:,}", f"{r['said']:,}", f"{r['lost'] - r['said']:,}"])
    out = []
    for rows in (lines, lost):
        wide = [max(len(cells[i]) for cells in rows) for i in range(len(rows[0]))]
        out += ["  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(cells, wide))).rstrip() for cells in rows]
        out.append("")
    out.append(f"lost: {', '.join(WAYS)}, in turn; wrk has no rate, hey's is each connection's")
    if result["speed"]["busy_pct"] > 10:
        out.append(f"others kept up to {result['speed']['busy_pct']:.0f} % of the CPUs busy")
    return "\n".join(out)


def failures(result, full):
    """What makes the run fail; time never does."""
    if result.get("failed"):
        return [f"http: {result['failed']}"]
    found = []
    ours = result["losses"]["paramedic"]
    # One request beside the load looks at the answer: it may be one of those that are lost.
    if not 0 <= ours["lost"] - ours["said"] <= 1:
        found.append(f"http: {ours['said']} said to be lost, {ours['lost']} were")
    if (mb := result["speed"]["who"]["paramedic"]["mb"]) > GOAL_MB:
        found.append(f"http: {mb:.1f} MB of {GOAL_MB}")
    return found


def main():
    spec = json.loads(sys.argv[1])
    tools, binary, size = spec["tools"], spec["binary"], Size(spec["full"])
    prepare()
    result = {"load": "http", "seconds": size.seconds, "speed": speed(tools, binary, size)}
    result["losses"] = losses(tools, binary, size)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
