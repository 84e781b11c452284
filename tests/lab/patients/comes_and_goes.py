"""Clients that say a word and go, one every PAUSE_S, for ever: comes_and_goes.py ADDRESS PORT PAUSE_S"""
import socket
import sys
import time

from said import ready

address, port, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
gone = 0
while True:
    with socket.create_connection((address, port)) as client:
        client.sendall(b"hello")
    gone += 1
    if gone == 1:
        ready()
    time.sleep(pause)
