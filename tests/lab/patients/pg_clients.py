"""Applications with real pools of psycopg2, each session held open as a pool does:
pg_clients.py USER DATABASE ADDRESS/APPLICATION/SIZE…

Orders:
  open ADDRESS/APPLICATION/SIZE   one pool more
  run APPLICATION COUNT SQL       so many of its sessions run this; {i} is the number of each
  begin APPLICATION SQL           its first session begins a transaction, runs this and does no more
  rollback APPLICATION            … and ends it
"""
import sys
import threading

from psycopg2.pool import ThreadedConnectionPool

from said import orders, ready

user, database, *pools = sys.argv[1:]
held = {}
working = []


def open_pool(spec):
    address, application, size = spec.rsplit("/", 2)
    size = int(size)
    pool = ThreadedConnectionPool(
        size, size, host=address, user=user, dbname=database, application_name=application)
    held.setdefault(application, []).extend(pool.getconn() for _ in range(size))


def run(connection, sql):
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
    except Exception as error:  # the lab ends servers under their clients
        print(error, file=sys.stderr, flush=True)


def follow(order):
    verb, _, rest = order.partition(" ")
    if verb == "open":
        open_pool(rest)
    elif verb == "run":
        application, count, sql = rest.split(" ", 2)
        for i, connection in enumerate(held[application][: int(count)]):
            text = sql.replace("{i}", str(i))
            working.append(threading.Thread(target=run, args=(connection, text), daemon=True))
            working[-1].start()
    elif verb == "begin":
        application, sql = rest.split(" ", 1)
        held[application][0].cursor().execute(sql)
    elif verb == "rollback":
        held[rest][0].rollback()


for pool in pools:
    open_pool(pool)
ready(sessions=sum(map(len, held.values())))
for order in orders():
    follow(order)
    ready(sessions=sum(map(len, held.values())))
