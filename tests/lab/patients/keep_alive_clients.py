"""COUNT clients, each with one HTTP connection on which it asks now and then:
keep_alive_clients.py ADDRESS PORT COUNT PAUSE_S"""
import http.client
import sys
import time

from said import ready

address, port, count, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
clients = [http.client.HTTPConnection(address, port) for _ in range(count)]
rounds = 0
while True:
    for client in clients:
        client.request("GET", "/")
        assert client.getresponse().read() == b"well\n", "not what the server says"
        time.sleep(pause / count)
    rounds += 1
    if rounds == 1:
        ready(clients=count)
