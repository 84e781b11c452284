"""What a small service is: listens, answers, and ends when it is told to. `GET /keep?fds=300` and `GET /keep?mib=100` make it a
service that leaks: it keeps so much."""
import os
import re
import signal
import socket
import sys

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
listener = socket.create_server(("0.0.0.0", 8080), backlog=128)
kept = []
print("ready", os.getpid(), flush=True)
while True:
    connection, _ = listener.accept()
    with connection:
        asked = re.match(rb"GET /keep\?(fds|mib)=(\d+) ", connection.recv(4096))
        if asked and asked[1] == b"fds":
            kept += [os.dup(listener.fileno()) for _ in range(int(asked[2]))]
        elif asked:
            kept.append(b"\1" * (int(asked[2]) << 20))
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nok\n")
