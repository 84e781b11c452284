# 20,000 sockets, and a control group of 64 MiB for the one who looks at them; then the patient's own group, nearly full.
. /guest/room.sh
set -eu
load inet_diag tcp_diag
ulimit -n 100000
groups=/sys/fs/cgroup
mkdir -p $groups/patient $groups/visitor
echo 64M > $groups/visitor/memory.max
cat > /run/in-group <<'IN'
echo $$ > /sys/fs/cgroup/$1/cgroup.procs
shift
exec "$@"
IN
patient many sh /run/in-group patient python3 /guest/patient.py connections 10000
shot pid echo "$PATIENT"
shot truth python3 /guest/truth.py
shot visitor sh /run/in-group visitor paramedic sockets --json --window 0 --timeout 60s
shot visitor-all sh /run/in-group visitor sh -c "paramedic sockets --json --window 0 --all --timeout 60s | tail -c 200"
shot visitor-peak cat $groups/visitor/memory.peak
shot visitor-events cat $groups/visitor/memory.events
# 24 MiB of headroom in the group of the patient, which must be alive afterwards.
echo $(($(cat $groups/patient/memory.current) + 25165824)) > $groups/patient/memory.max
shot beside sh /run/in-group patient paramedic sockets --json --window 0 --timeout 60s
shot beside-memory cat $groups/patient/memory.current $groups/patient/memory.max $groups/patient/memory.peak
shot beside-events cat $groups/patient/memory.events
shot alive kill -0 "$PATIENT"
