"""Counts TCP sockets by state out of /proc/net/tcp and tcp6, as a JSON object: what the binary is held against."""
NAMES = {
    "01": "ESTABLISHED", "02": "SYN_SENT", "03": "SYN_RECV", "04": "FIN_WAIT1", "05": "FIN_WAIT2", "06": "TIME_WAIT",
    "08": "CLOSE_WAIT", "09": "LAST_ACK", "0A": "LISTEN", "0B": "CLOSING",
}
counts = {}
for path in "/proc/net/tcp", "/proc/net/tcp6":
    with open(path) as lines:
        next(lines)
        for line in lines:
            name = NAMES[line.split()[3]]
            counts[name] = counts.get(name, 0) + 1
print("{%s}" % ", ".join('"%s": %d' % item for item in sorted(counts.items())))
