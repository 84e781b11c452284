"""Sends one datagram over each of so many paths that no more can be tracked: fills_conntrack.py"""
import socket

from said import hold, ready


def number(name):
    with open(f"/proc/sys/net/netfilter/nf_conntrack_{name}") as file:
        return int(file.read())


sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
paths = ((f"127.0.{net}.1", port) for net in range(1, 200) for port in range(1, 65536))
for sent, path in enumerate(paths):
    try:
        sender.sendto(b"x", path)
    except OSError:
        pass  # Refused by the receiver, or dropped since the table is full.
    if sent % 1000 == 0 and number("count") >= number("max") * 0.995:
        break
ready(tracked=number("count"), max=number("max"))
hold()
