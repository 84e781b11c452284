"""Asks COUNT times, reads each answer to the end of the stream and keeps the connection:
forgets_to_close.py ADDRESS PORT COUNT"""
import socket
import sys

from said import hold, ready

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
kept = []
for _ in range(count):
    client = socket.create_connection((address, port))
    client.sendall(b"GET /body HTTP/1.0\r\n\r\n")
    while client.recv(65536):
        pass
    kept.append(client)
ready(answers=len(kept))
hold()
