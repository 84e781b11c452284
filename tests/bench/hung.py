"""A mount whose server never answers: what a dead NFS or FUSE server leaves behind."""

import ctypes
import os
import tempfile


class Silent:
    """The mount; it hangs until it is closed, at the latest when this process ends."""

    def __init__(self):
        self.place = tempfile.mkdtemp(prefix="never-answers-")
        self.server = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self.server},rootmode=40000,user_id=0,group_id=0".encode()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"silent", self.place.encode(), b"fuse", 0, options):
            raise OSError(ctypes.get_errno(), "mount of a FUSE file system")

    def close(self):
        # Without its server every call that hangs ends with ENOTCONN.
        os.close(self.server)
        ctypes.CDLL(None).umount2(self.place.encode(), 2)
        os.rmdir(self.place)


def mount():
    return Silent()
