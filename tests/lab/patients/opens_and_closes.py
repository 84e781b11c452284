"""Clients that say a word and go: opens_and_closes.py ADDRESS PORT COUNT"""
import socket
import sys

from said import hold, ready

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for _ in range(count):
    with socket.create_connection((address, port)) as client:
        client.sendall(b"hello")
ready(closed=count)
hold()
