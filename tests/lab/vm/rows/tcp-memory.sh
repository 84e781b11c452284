# 16 MiB of unread data against a tcp_mem that is just above or just below it.
. /guest/room.sh
set -eu
load inet_diag tcp_diag
mem=/proc/sys/net/ipv4/tcp_mem
usual=$(cat $mem)
trap 'echo $usual > $mem' EXIT
# The twin has the small limits and no load.
echo "3000 3500 4500" > $mem
shot twin paramedic check --json
echo "$usual" > $mem
patient unread python3 /guest/patient.py unread 16
pages=$(sed -n 's/^TCP:.* mem //p' /proc/net/sockstat)
shot usual paramedic check sockets/tcp-memory --json --window 0
echo "$((pages * 80 / 100)) $((pages * 90 / 100)) $((pages * 2))" > $mem
shot pressure paramedic check --json --window 0
echo "$((pages * 80 / 100)) $((pages * 90 / 100)) $((pages * 102 / 100))" > $mem
shot full paramedic sockets --json --window 0
shot sockstat cat /proc/net/sockstat
