"""How a patient in Python talks with the lab: `ready {facts}` on stdout, orders on stdin."""
import json
import os
import sys


def ready(**facts):
    """Says that the state stands, and what is known of it."""
    print("ready", json.dumps({"pid": os.getpid(), **facts}), flush=True)


def orders():
    """The lines of stdin, as they come."""
    for line in sys.stdin:
        yield line.strip()


def hold():
    """Keeps the state until the lab ends this program."""
    for _ in orders():
        pass


def descriptors():
    """Open descriptors of this process, without the one that lists them."""
    return len(os.listdir("/proc/self/fd")) - 1
