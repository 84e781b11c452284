"""Runs COUNT threads beside the main one: starts_threads.py COUNT"""
import sys
import threading

from said import hold, ready

stop = threading.Event()
count = int(sys.argv[1])
started = 0
try:
    for _ in range(count):
        threading.Thread(target=stop.wait, daemon=True).start()
        started += 1
except RuntimeError as error:
    print(error, file=sys.stderr, flush=True)
ready(threads=started)
hold()
