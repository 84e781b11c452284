"""The patients of the rows: each mode brings about one state, prints "ready" and then only waits.

    patient.py descriptors N      N open descriptors in all
    patient.py connections N      N connections to itself, both ends open and silent
    patient.py close-wait N       N connections whose other end has closed
    patient.py mixture            some of every state, over IPv4, IPv6 and v4-mapped addresses
    patient.py unread MIB         that many bytes wait in receive queues
    patient.py orphans N          N closed sockets whose data nobody takes
    patient.py holds MIB          so much memory that no file stands behind
    patient.py children MIB N     N children one after another that need so much, and a parent that outlives them
    patient.py needs MIB MORE     holds so much, and takes and frees so much more again and again once it is ready
"""
import _socket
import os
import signal
import socket
import sys
import time

LOOPBACK = ("127.0.0.1", 0)


def listener(address=LOOPBACK, family=socket.AF_INET, before=lambda s: None):
    s = socket.socket(family)
    before(s)
    s.bind(address)
    s.listen(128)
    return s


def pair(server, host="127.0.0.1", before=lambda s: None):
    """A connected client and the server's end of it."""
    client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    before(client)
    client.connect((host, server.getsockname()[1]))
    return client, server.accept()[0]


def descriptors(n):
    # The directory that is being listed has a descriptor of its own.
    while len(os.listdir("/proc/self/fd")) - 1 < n - 50:
        for _ in range(50):
            os.open("/dev/null", os.O_RDONLY)
    while len(os.listdir("/proc/self/fd")) - 1 < n:
        os.open("/dev/null", os.O_RDONLY)


def bare_pairs(n):
    """As pair(), but the plain descriptors below Python's own objects, which take half of the time of 10,000 pairs."""
    # One listener for each 5,000, well below the number of ports of one destination.
    for done in range(0, n, 5000):
        server = listener()
        address = server.getsockname()
        os.dup(server.fileno())
        for _ in range(min(n - done, 5000)):
            client = _socket.socket(socket.AF_INET.value, socket.SOCK_STREAM.value)
            client.connect(address)
            client.detach()
            yield server._accept()[0]


def connections(n):
    for _ in bare_pairs(n):
        pass


def close_wait(n):
    for end in bare_pairs(n):
        os.close(end)


def mixture():
    def both(s):
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)

    four, six = listener(), listener(("::1", 0), socket.AF_INET6)
    dual = listener(("::", 0), socket.AF_INET6, both)
    keep = [four, six, dual]
    for n, server, host in ((20, four, "127.0.0.1"), (10, six, "::1"), (5, dual, "127.0.0.1")):
        keep += [pair(server, host) for _ in range(n)]
    for _ in range(7):
        client, end = pair(four)
        client.shutdown(socket.SHUT_WR)  # FIN_WAIT2 that is owned, and a CLOSE_WAIT
        keep += [client, end]
    for _ in range(9):
        client, end = pair(four)
        end.close()
        client.close()  # TIME_WAIT
    return keep


def unread(mib):
    keep = []
    for _ in range(mib):
        server = listener(before=lambda s: s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 << 20))
        client, end = pair(server)
        client.sendall(b"x" * (1 << 20))
        keep += [server, client, end]
    return keep


def orphans(n):
    def small(s):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)

    server = listener(before=small)
    keep = [server]
    for _ in range(n):
        client, end = pair(server, before=small)
        end.setblocking(False)
        try:
            while True:
                end.send(b"x" * 4096)
        except BlockingIOError:
            end.close()
        keep.append(client)
    return keep


def holds(mib):
    return [b"%d" % i * (1 << 20) for i in range(10, 10 + mib // 2)]


def children(mib, n):
    for _ in range(n):
        pid = os.fork()
        if pid == 0:
            holds(mib)
            os._exit(0)
        os.waitpid(pid, 0)


def needs(mib, more):
    kept = holds(mib)
    print("ready", flush=True)
    while kept:
        holds(more)
        # paramedic is niced: beside one who never sleeps it would not have a turn on the only processor.
        time.sleep(0.05)


def computes(busy_ms):
    """Computes for so much of every 100 ms, by the clock of its thread."""
    print("ready", flush=True)
    while True:
        began, until = time.monotonic(), time.thread_time() + busy_ms / 1000
        while time.thread_time() < until:
            pass
        time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))


modes = {
    "descriptors": descriptors,
    "connections": connections,
    "close-wait": close_wait,
    "mixture": mixture,
    "unread": unread,
    "orphans": orphans,
    "holds": holds,
    "children": children,
    "needs": needs,
    "computes": computes,
}
kept = modes[sys.argv[1]](*map(int, sys.argv[2:]))
print("ready", flush=True)
while True:
    signal.pause()
