"""Starts COUNT programs that end at once and never collects them; with `orphans`, children of children that end after their
parent did: never_waits.py COUNT [orphans]. It waits for the order `collect` to make it good."""
import os
import signal
import sys
import time

from said import orders, ready

count, orphans = int(sys.argv[1]), sys.argv[2:] == ["orphans"]
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
for _ in range(count):
    child = os.fork()
    if child == 0:
        # The grandchild waits until it has another parent: only then is it an orphan.
        parent = os.getpid()
        if orphans and os.fork() == 0:
            while os.getppid() == parent:
                time.sleep(0.01)
        os._exit(0)
    if orphans:
        os.waitpid(child, 0)
ready(zombies=count)
for order in orders():
    if order == "collect":
        while count > 0:
            os.waitpid(-1, 0)
            count -= 1
        ready(zombies=0)
