"""Writes BYTES into a log with Python's own logging and keeps it open; its COUNT children, started by fork, hold the same
file: keeps_log.py PATH BYTES COUNT"""
import logging
import os
import sys
import time

from said import hold, ready

path, size, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
logging.basicConfig(filename=path, level=logging.INFO, format="%(message)s")
for _ in range(size >> 20):
    logging.info("x" * ((1 << 20) - 1))
for _ in range(count):
    if os.fork() == 0:
        # A worker of a pool, which dies with its master's host.
        while True:
            time.sleep(60)
ready(bytes=size)
hold()
