"""COUNT connections that each send a full segment every 10 ms: streams.py ADDRESS PORT COUNT"""
import socket
import sys
import time

from said import ready

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
clients = [socket.create_connection((address, port)) for _ in range(count)]
for client in clients:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.setblocking(False)
ready(connections=count)
due = time.monotonic()
while True:
    for client in clients:
        try:
            client.send(b"x" * 1400)
        except BlockingIOError:
            pass
    due += 0.01
    time.sleep(max(0.0, due - time.monotonic()))
