"""Writes a little and waits for the disk, again and again, without a name that would stay: syncs.py FOLDER"""
import os
import sys

from said import ready

file = os.open(sys.argv[1], os.O_TMPFILE | os.O_RDWR, 0o600)
for turn in range(20):
    os.pwrite(file, b"x" * 65536, 0)
    os.fsync(file)
ready()
while True:
    os.pwrite(file, b"x" * 65536, 0)
    os.fsync(file)
