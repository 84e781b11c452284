"""Starts programs that are gone at once, WIDTH at a time: churns.py WIDTH"""
import os
import subprocess
import sys

from said import ready

width, rounds = int(sys.argv[1]), 0
while True:
    running = [subprocess.Popen(["/bin/true"], stdin=subprocess.DEVNULL) for _ in range(width)]
    for child in running:
        child.wait()
    rounds += 1
    if rounds == 3:
        ready(programs=rounds * width, load=os.getloadavg()[0])
