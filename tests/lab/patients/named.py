"""Takes any name, then keeps files open until TOTAL descriptors are: named.py HEX TOTAL"""
import ctypes
import os
import sys

from said import descriptors, hold, ready

PR_SET_NAME = 15
name, total = bytes.fromhex(sys.argv[1]), int(sys.argv[2])
assert ctypes.CDLL(None).prctl(PR_SET_NAME, name, 0, 0, 0) == 0
while descriptors() < total:
    os.open(__file__, os.O_RDONLY)
ready(open=descriptors())
hold()
