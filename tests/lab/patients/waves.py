"""Clients in waves: WIDTH connections ask, are answered and go, again and again:
waves.py ADDRESS PORT WIDTH PAUSE_S"""
import socket
import sys
import time

from said import ready

address, port, width, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
waves = 0
while True:
    clients = [socket.create_connection((address, port)) for _ in range(width)]
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\nHost: waves\r\n\r\n")
    time.sleep(pause)
    for client in clients:
        assert client.recv(4096).startswith(b"HTTP/1.1 200"), "the server does not answer"
        client.close()
    waves += 1
    if waves == 2:
        ready(waves=waves)
    time.sleep(pause)
