"""Opens connections and never closes them, until TOTAL descriptors are open:
keeps_connections.py ADDRESS PORT TOTAL"""
import socket
import sys

from said import descriptors, hold, ready

address, port, total = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
kept = []
while descriptors() < total:
    kept.append(socket.create_connection((address, port)))
ready(open=descriptors(), connections=len(kept))
hold()
