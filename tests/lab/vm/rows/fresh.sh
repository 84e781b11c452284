. /guest/room.sh
set -eu
shot bare paramedic --json
shot x uname -a
shot fd stat -c %s /proc/1/fd
shot nob as-nobody id
shot nobargs as-nobody echo "a b" c
shot py python3 -I -S -c 'print(1)'
shot py2 python3 -I -S -c 'import socket'
shot probe0 python3 -I -S /guest/probe.py
load inet_diag tcp_diag
shot probe1 python3 -I -S /guest/probe.py
shot big head -c 200000 /bin/busybox
shot mods cat /proc/modules
shot nr cat /proc/sys/fs/file-nr /proc/sys/fs/file-max /proc/sys/net/ipv4/tcp_mem /proc/sys/net/ipv4/tcp_max_orphans /proc/net/sockstat
shot ps ps
