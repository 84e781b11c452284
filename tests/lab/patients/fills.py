"""Fills a file system to PCT percent of its bytes or its inodes: fills.py DIRECTORY bytes|inodes PCT"""
import os
import sys

from said import hold, ready

place, what, pct = sys.argv[1], sys.argv[2], int(sys.argv[3])


def used():
    s = os.statvfs(place)
    if what == "bytes":
        taken = s.f_blocks - s.f_bfree
        return 100 * taken / (taken + s.f_bavail)
    return 100 * (s.f_files - s.f_ffree) / s.f_files


made = 0
with open(os.path.join(place, "log"), "wb") as log:
    while used() < pct:
        if what == "bytes":
            log.write(b"x" * (64 << 10))
            log.flush()
        else:
            open(os.path.join(place, f"session-{made}"), "w").close()
        made += 1
ready(used=int(used()), files=made if what == "inodes" else 1)
hold()
