"""Answers one request on each connection, closes it SECONDS later and tells, asked on stdin, how long each was really idle:
closes_idle.py PORT SECONDS [CERTIFICATE KEY]"""
import socket
import ssl
import sys
import threading
import time

from said import orders, ready

port, idle = int(sys.argv[1]), float(sys.argv[2])
rests = []


def serve(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        if not piece:
            return
        head += piece
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nKeep-Alive: timeout=3\r\n\r\nrow\n")
    answered = time.monotonic()
    connection.settimeout(idle)
    try:
        connection.recv(1)
        return
    except TimeoutError:
        pass
    rests.append(time.monotonic() - answered)
    connection.close()


context = None
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])


def accept(connection):
    try:
        serve(context.wrap_socket(connection, server_side=True) if context else connection)
    except OSError:
        pass


listener = socket.create_server(("127.0.0.1", port), backlog=64)


def listen():
    while True:
        threading.Thread(target=accept, args=(listener.accept()[0],), daemon=True).start()


threading.Thread(target=listen, daemon=True).start()
ready()
for _ in orders():
    ready(ended=len(rests), shortest_ms=round(min(rests) * 1000) if rests else 0)
