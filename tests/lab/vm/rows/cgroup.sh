# 20,000 sockets of one patient: looked at from its own control group, which is nearly full, then from one of 64 MiB.
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
# 8 MiB of headroom in the group of the patient, who must be alive afterwards. This is the first walk over its
# descriptors: the kernel's memory for them (a dentry and an inode each) is charged to whoever looks first.
echo $(($(cat $groups/patient/memory.current) + 8388608)) > $groups/patient/memory.max
shot beside sh /run/in-group patient paramedic sockets --json --window 0 --timeout 60s
shot beside-events cat $groups/patient/memory.events
shot alive kill -0 "$PATIENT"
shot visitor sh /run/in-group visitor paramedic sockets --json --window 0 --timeout 60s
shot visitor-all sh /run/in-group visitor sh -c "paramedic sockets --json --window 0 --all --timeout 60s | tail -c 200"
shot visitor-events cat $groups/visitor/memory.events
