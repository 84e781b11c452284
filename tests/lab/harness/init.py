"""PID 1 of a lab host: reaps whatever it inherits, obeys SIGTERM, and dies with the test.

Its stdin is a pipe that the test holds: when the test is gone, however it went, the pipe
ends, PID 1 exits and the kernel kills everything in the namespace.
"""
import os
import select
import signal
import sys

woken, wake = os.pipe()
os.set_blocking(wake, False)
signal.set_wakeup_fd(wake)
signal.signal(signal.SIGCHLD, lambda *_: None)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print("up", flush=True)

while True:
    readable, _, _ = select.select([0, woken], [], [])
    if woken in readable:
        os.read(woken, 4096)
        try:
            while os.waitpid(-1, os.WNOHANG)[0] > 0:
                pass
        except ChildProcessError:
            pass
    if 0 in readable and not os.read(0, 4096):
        sys.exit(0)
