"""Holds so many descriptors and so much memory: holds.py DESCRIPTORS MIB."""
import json
import os
import sys
import time

kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(int(sys.argv[1]))]
memory = b"\1" * (int(sys.argv[2]) << 20)
print("ready", json.dumps({"pid": os.getpid(), "held": len(kept), "bytes": len(memory)}), flush=True)
while True:
    time.sleep(1000)
