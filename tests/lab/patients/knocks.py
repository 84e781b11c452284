"""CLIENTS clients that want in and try again for ever: knocks.py ADDRESS PORT CLIENTS RETRY_S"""
import selectors
import socket
import sys
import time

from said import ready

address, port, clients, retry = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])


def knock():
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex((address, port))
    return client


knocking = [knock() for _ in range(clients)]
time.sleep(0.3)
ready(clients=clients)
while True:
    time.sleep(retry)
    with selectors.DefaultSelector() as selector:
        for client in knocking:
            selector.register(client, selectors.EVENT_WRITE)
        heard = {key.fileobj for key, _ in selector.select(0)}
    # Who is connected stays; who was not answered gives up and knocks again.
    for index, client in enumerate(knocking):
        if client not in heard:
            client.close()
            knocking[index] = knock()
