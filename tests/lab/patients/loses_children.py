"""A parent that lives on while its children need memory: loses_children.py MIB COUNT [PAUSE_S]

Each child takes so much memory and exits. How many the kernel killed before their end is told; with a pause they go on
being started after that.
"""
import os
import signal
import sys
import time

from said import hold, ready

size = int(sys.argv[1]) << 20
count = int(sys.argv[2])
pause = float(sys.argv[3]) if len(sys.argv) > 3 else 0


def child():
    """Whether a child was killed by the kernel."""
    pid = os.fork()
    if pid == 0:
        # The kernel kills the biggest; this makes sure of it on a group that is small.
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")
        held = bytearray()
        while len(held) < size:
            held += b"x" * (1 << 20)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


killed = sum(child() for _ in range(count))
ready(killed=killed)
while pause:
    time.sleep(pause)
    child()
hold()
