"""Starts a child whose input is a FIFO. Nothing opens the other end, so the child waits before it is another program, and
with it whoever started it: spawns.py FIFO main|thread"""
import os
import sys
import threading

from said import hold, ready

fifo, where = sys.argv[1:]
if not os.path.exists(fifo):
    os.mkfifo(fifo)


def spawn():
    opening = [(os.POSIX_SPAWN_OPEN, 0, fifo, os.O_RDONLY, 0)]
    pid = os.posix_spawn("/usr/bin/cat", ["cat"], {}, file_actions=opening)
    os.waitpid(pid, 0)


ready()
if where == "thread":
    threading.Thread(target=spawn, name="spawns").start()
else:
    spawn()
hold()
