"""COUNT connections; the order `send` sends BYTES over each, as much as the peer takes, the order
`close` closes all: sends.py ADDRESS PORT COUNT BYTES"""
import socket
import sys

from said import orders, ready

address, port, count, size = sys.argv[1], *(int(word) for word in sys.argv[2:5])
clients = [socket.create_connection((address, port)) for _ in range(count)]
for client in clients:
    client.setblocking(False)
ready(connections=count)
for order in orders():
    if order == "send":
        sent = 0
        for client in clients:
            try:
                sent += client.send(b"x" * size)
            except BlockingIOError:
                pass
        ready(connections=count, sent=sent)
    elif order == "close":
        for client in clients:
            client.close()
        ready(connections=0)
