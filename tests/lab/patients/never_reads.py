"""Clients that ask and never read the answer: never_reads.py ADDRESS PORT COUNT"""
import socket
import sys

from said import hold, ready

address, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
clients = [socket.create_connection((address, port)) for _ in range(count)]
ready(connections=len(clients))
hold()
