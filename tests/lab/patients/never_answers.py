"""A FUSE file system whose requests nobody reads: never_answers.py DIRECTORY
When this process ends, however it ends, its descriptor closes and the kernel gives every request up."""
import ctypes
import os
import sys

from said import hold, ready

place = sys.argv[1]
try:
    fuse = os.open("/dev/fuse", os.O_RDWR)
except OSError as error:
    sys.exit(f"/dev/fuse cannot be opened ({error}): the lab needs a kernel with FUSE; try modprobe fuse")
options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0".encode()
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"store:/srv", place.encode(), b"fuse.store", 6, options) != 0:  # MS_NOSUID | MS_NODEV
    sys.exit(f"mount of a FUSE file system: {os.strerror(ctypes.get_errno())}")
ready(device=fuse)
hold()
