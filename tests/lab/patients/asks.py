"""CLIENTS connections, each of which asks again as soon as it is answered: asks.py ADDRESS PORT CLIENTS"""
import selectors
import socket
import sys

from said import ready

address, port, clients = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
REQUEST = b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n"

selector = selectors.DefaultSelector()
for _ in range(clients):
    client = socket.create_connection((address, port))
    selector.register(client, selectors.EVENT_READ)
for key in list(selector.get_map().values()):
    key.fileobj.sendall(REQUEST)
ready(clients=clients)
while True:
    for key, _ in selector.select():
        answer = key.fileobj.recv(4096)
        if not answer:
            sys.exit("the server closed a connection")
        # What follows is a body of one line, which nobody waits for.
        if b"\r\n\r\n" in answer:
            key.fileobj.sendall(REQUEST)
