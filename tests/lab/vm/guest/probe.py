"""Asks the kernel over sock_diag as the binary does, and prints what this kernel's answers look like."""
import os, socket, struct, time

NETLINK_SOCK_DIAG = 4


def ask(kind, body, label):
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
    s.settimeout(3)
    s.send(struct.pack("=IHHII", 16 + len(body), kind, 0x301, 1, 0) + body)
    seen, attrs, done, sizes = {}, {}, None, set()
    try:
        while done is None:
            data = s.recv(1 << 16)
            sizes.add(len(data))
            at = 0
            while at < len(data):
                length, typ, flags, _, _ = struct.unpack_from("=IHHII", data, at)
                if typ == 3:
                    done = "done %r" % (data[at + 16 : at + length],)
                elif typ == 2:
                    done = "error %d" % struct.unpack_from("=i", data, at + 16)
                else:
                    fam, state = data[at + 16], data[at + 17]
                    seen[fam, state] = seen.get((fam, state), 0) + 1
                    p = at + 16 + 72
                    while p < at + length:
                        n, t = struct.unpack_from("=HH", data, p)
                        attrs.setdefault(t, set()).add(n - 4)
                        p += (n + 3) & ~3
                at += (length + 3) & ~3
    except OSError as e:
        done = repr(e)
    print(label, "kind", kind, "->", done, "family,state:", seen, "attr:sizes", attrs, "recv", sorted(sizes)[-3:])


def v2(family, ext=0, states=0xFFF, proto=6):
    return struct.pack("=BBBBI48s", family, proto, ext, 0, states, b"\0" * 48)


def v1(family, ext=0, states=0xFFF):
    return struct.pack("=BBBB48sII", family, 0, 0, ext, b"\0" * 48, states, 0)


keep = []
for fam, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    l = socket.socket(fam); l.bind((host, 0)); l.listen(5)
    c = socket.socket(fam); c.connect(l.getsockname()[:2]); a, _ = l.accept()
    keep += [l, c, a]
    c2 = socket.socket(fam); c2.connect(l.getsockname()[:2]); a2, _ = l.accept()
    a2.close(); keep += [c2]
for ext in (0, 0x02 | 0x40, 0xFF):
    for fam in (2, 10, 0):
        ask(20, v2(fam, ext), "v2 fam %d ext %#x" % (fam, ext))
        ask(18, v1(fam, ext), "v1 fam %d ext %#x" % (fam, ext))
print("fd st_size", os.stat("/proc/self/fd").st_size, os.stat("/proc/1/fd").st_size)
