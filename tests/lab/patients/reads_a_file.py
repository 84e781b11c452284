"""Reads a file again and again, at most all of it ten times a second: reads_a_file.py MIB

The file lies on a disk, so that its page cache can be dropped, and has no name, so that it ends with its reader.
"""
import os
import tempfile
import threading
import time

from said import hold, ready
import sys

size = int(sys.argv[1]) << 20
CHUNK = 64 << 10
file = tempfile.TemporaryFile(dir="/var/tmp")
for _ in range(size // CHUNK):
    file.write(os.urandom(CHUNK))
file.flush()
# What is dirty cannot be dropped.
os.fsync(file.fileno())


def read():
    while True:
        for at in range(0, size, CHUNK):
            os.pread(file.fileno(), CHUNK, at)
        time.sleep(0.1)


threading.Thread(target=read, daemon=True).start()
ready(bytes=size)
hold()
