"""Holds, with a handler for SIGTERM when told so: obeys.py yes|no"""
import signal
import sys

from said import ready

if sys.argv[1] == "yes":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ready()
# Not the end of stdin: a shell gives none to what it starts in the background.
while True:
    signal.pause()
