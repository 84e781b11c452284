"""Makes COUNT inotify instances, or as many as it may: watches_files.py COUNT"""
import ctypes
import errno
import sys

from said import hold, ready

libc = ctypes.CDLL(None, use_errno=True)
made, error = 0, 0
while made < int(sys.argv[1]):
    if libc.inotify_init1(0) < 0:
        error = ctypes.get_errno()
        break
    made += 1
ready(instances=made, emfile=int(error == errno.EMFILE))
hold()
