"""Computes for BUSY_MS of every 100 ms, for ever: computes.py BUSY_MS"""
import sys
import time

from said import ready

busy = float(sys.argv[1]) / 1000
ready()
while True:
    begin = time.monotonic()
    # Time on a processor, not by the clock: on a crowded machine it does not do less.
    until = time.thread_time() + busy
    while time.thread_time() < until:
        pass
    time.sleep(max(0.0, 0.1 - (time.monotonic() - begin)))
