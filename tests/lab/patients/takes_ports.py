"""Connects COUNT times, in turn to each ADDRESS, keeps KEPT of them and closes the others first:
takes_ports.py PORT COUNT KEPT ADDRESS…"""
import socket
import sys

from said import hold, ready

port, count, keep = (int(word) for word in sys.argv[1:4])
addresses = sys.argv[4:]
clients, refused, why = [], 0, None
for index in range(count):
    try:
        clients.append(socket.create_connection((addresses[index % len(addresses)], port)))
    except OSError as error:
        refused, why = refused + 1, str(error)
for client in clients[keep:]:
    client.close()
ready(connections=len(clients), kept=keep, refused=refused, why=why)
hold()
