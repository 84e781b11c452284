# 60 closed sockets whose data nobody takes, first of the usual thousands, then of 64 allowed.
. /guest/room.sh
set -eu
load inet_diag tcp_diag
max=/proc/sys/net/ipv4/tcp_max_orphans
usual=$(cat $max)
trap 'echo $usual > $max' EXIT
patient orphans python3 /guest/patient.py orphans 60
# Data that nobody takes is what the patient is made of: on a slow machine it is old enough to be a finding of its own.
shot twin paramedic check --json --skip sockets/app-not-reading,sockets/peer-not-reading
echo 64 > $max
shot full paramedic check --json --window 0
shot sockstat cat /proc/net/sockstat
