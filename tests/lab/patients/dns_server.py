"""A DNS server that is sick in the ways that the case orders, and keeps a list of what it was asked.

    dns_server.py ADDRESS[,ADDRESS…] [RULE…]

A rule is `WHAT=HOW` or `WHAT/TYPE=HOW`: WHAT is a name, `*.domain` or `*`; the first that fits counts. HOW is one of
    10.0.0.7       an address (an AAAA question gets fd77::7, unless the rule names the type)
    none           there is no such name        nodata     the name exists, without records
    servfail       SERVFAIL                     refused    REFUSED
    silent         no answer                    slow:MS    an address, MS milliseconds late
    truncated      TC over UDP, an address over TCP
    foreign        an answer with another id first, then the right one
    twice          the right answer, two times
    alias          another name and no address of it
    half           of each port the first question is answered and the second one dropped
    over:N:HOW     an address, and HOW for what comes faster than N a second (ten at once are borne)
    stall:MS:S     an address; every S seconds the whole server stands still for MS milliseconds
A rule `ADDRESS@WHAT=HOW` counts for one of the addresses only. The words `notcp` and `noudp` close that side.
"""
import json
import os
import select
import socket
import struct
import sys
import threading
import time

from said import orders, ready

TYPES = {1: "A", 28: "AAAA", 5: "CNAME", 15: "MX", 16: "TXT", 2: "NS", 6: "SOA", 12: "PTR", 33: "SRV"}
LOG = "/run/lab/work/queries.jsonl"


def question(packet):
    """Name, type and where the question ends."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode("latin-1"))
        at += packet[at] + 1
    kind = struct.unpack("!H", packet[at + 1 : at + 3])[0]
    return ".".join(labels), TYPES.get(kind, str(kind)), at + 5


class Server:
    def __init__(self, addresses, rules, words):
        self.rules, self.words, self.lock = rules, words, threading.Lock()
        self.asked, self.ports = open(LOG, "a", buffering=1), {}
        self.udp, self.tcp = [], []
        self.spare, self.spared, self.stalled = 10.0, time.monotonic(), time.monotonic()
        for address in addresses:
            # A link-local one has its interface behind a percent sign.
            family, _, _, _, place = socket.getaddrinfo(address, 53, flags=socket.AI_NUMERICHOST)[0]
            if "noudp" not in words:
                s = socket.socket(family, socket.SOCK_DGRAM)
                s.bind(place)
                self.udp.append((s, address))
            if "notcp" not in words:
                s = socket.socket(family, socket.SOCK_STREAM)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(place)
                s.listen(32)
                self.tcp.append((s, address))

    def rule(self, server, name, kind):
        for where, what, of, how in self.rules:
            fits = what in ("*", name) or what.startswith("*.") and name.endswith(what[1:])
            if fits and of in (None, kind) and where in (None, server):
                return how, of
        return "none", None

    def bears(self, rate):
        """A bucket of ten that fills at this rate: what finds it empty is too much."""
        now = time.monotonic()
        self.spare = min(10.0, self.spare + (now - self.spared) * rate)
        self.spared = now
        if self.spare < 1:
            return False
        self.spare -= 1
        return True

    def stall(self, ms, every):
        if time.monotonic() - self.stalled > every:
            time.sleep(ms / 1000)
            self.stalled = time.monotonic()

    def note(self, over, server, peer, name, kind):
        line = {"over": over, "server": server, "port": peer[1], "name": name, "type": kind}
        with self.lock:
            self.asked.write(json.dumps(line) + "\n")

    def answer(self, packet, end, kind, how, over):
        """The bytes of the answer to a question that ends there."""
        code, records, flags = 0, b"", 0x8180
        if how in ("none", "servfail", "refused"):
            code = {"none": 3, "servfail": 2, "refused": 5}[how]
        elif how == "truncated" and over == "udp":
            flags |= 0x0200
        elif how == "alias":
            data = b"\x05other" + bytes([0xC0, 12])
            records = struct.pack("!HHHIH", 0xC00C, 5, 1, 30, len(data)) + data
        elif how != "nodata":
            address = how if how[0].isdigit() or ":" in how and how.split(":")[0] not in ("slow", "over", "stall") else "10.77.0.9"
            if kind == "AAAA" and ":" not in address:
                address = "fd77::7"
            if kind in ("A", "AAAA") and (":" in address) == (kind == "AAAA"):
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                data = socket.inet_pton(family, address)
                records = struct.pack("!HHHIH", 0xC00C, 1 if kind == "A" else 28, 1, 30, len(data)) + data
            elif kind == "TXT":
                data = b"\x1b[31mred\x1b[0m\n"
                records = struct.pack("!HHHIH", 0xC00C, 16, 1, 30, len(data) + 1) + bytes([len(data)]) + data
        head = packet[:2] + struct.pack("!HHHHH", flags | code, 1, 1 if records else 0, 0, 0)
        return head + packet[12:end] + records

    def datagram(self, sock, server):
        packet, peer = sock.recvfrom(4096)
        name, kind, end = question(packet)
        self.note("udp", server, peer, name, kind)
        how, _ = self.rule(server, name, kind)
        if how.startswith("over:"):
            _, rate, worse = how.split(":")
            how = "10.77.0.9" if self.bears(float(rate)) else worse
        if how.startswith("stall:"):
            _, ms, every = how.split(":")
            self.stall(float(ms), float(every))
            how = "10.77.0.9"
        if how == "silent":
            return
        if how == "half":
            seen = self.ports.get((server, peer[1]), 0)
            self.ports[(server, peer[1])] = seen + 1
            if seen == 1:
                return
        answer = self.answer(packet, end, kind, how, "udp")
        if how.startswith("slow:"):
            threading.Timer(int(how[5:]) / 1000, sock.sendto, (answer, peer)).start()
            return
        if how == "foreign":
            sock.sendto(bytes([answer[0] ^ 255]) + answer[1:], peer)
        sock.sendto(answer, peer)
        if how == "twice":
            sock.sendto(answer, peer)

    def connection(self, sock, server):
        conn, peer = sock.accept()
        threading.Thread(target=self.serve, args=(conn, peer, server), daemon=True).start()

    def serve(self, conn, peer, server):
        with conn:
            while len(head := conn.recv(2, socket.MSG_WAITALL)) == 2:
                packet = conn.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL)
                name, kind, end = question(packet)
                self.note("tcp", server, peer, name, kind)
                how, _ = self.rule(server, name, kind)
                if how == "silent":
                    time.sleep(60)
                answer = self.answer(packet, end, kind, how, "tcp")
                conn.sendall(struct.pack("!H", len(answer)) + answer)

    def run(self):
        while True:
            sockets = {s: (self.datagram, a) for s, a in self.udp} | {s: (self.connection, a) for s, a in self.tcp}
            for sock in select.select(list(sockets), [], [])[0]:
                act, server = sockets[sock]
                try:
                    act(sock, server)
                except (OSError, IndexError, struct.error):
                    pass


def parsed(text):
    """(address or None, name, type or None, what to do)"""
    what, how = text.split("=", 1)
    where = None
    if "@" in what:
        where, what = what.split("@", 1)
    kind = None
    if "/" in what:
        what, kind = what.split("/", 1)
    return where, what, kind, how


addresses = sys.argv[1].split(",")
words = [a for a in sys.argv[2:] if "=" not in a]
server = Server(addresses, [parsed(a) for a in sys.argv[2:] if "=" in a], words)
threading.Thread(target=server.run, daemon=True).start()
ready()
for order in orders():
    # Other rules from now on: `rules WHAT=HOW …`; the list begins anew.
    server.rules = [parsed(a) for a in order.split()[1:]]
    server.ports.clear()
    with server.lock:
        server.asked.close()
        os.unlink(LOG)
        server.asked = open(LOG, "a", buffering=1)
    ready()
