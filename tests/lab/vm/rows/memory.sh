# Control groups of version 2: a limit in the parent that fills up, the same seen from a cgroup namespace below it, and
# children that are killed while their parent lives.
. /guest/room.sh
. /guest/groups.sh
set -eu
group pod/app
group pod/side
echo 128M > $groups/pod/memory.max
patient app /guest/in-group pod/app python3 /guest/patient.py holds 24
app=$PATIENT
patient side /guest/in-group pod/side python3 /guest/patient.py holds 12
shot pid echo "$app"
shot twin paramedic check --json
# What they hold is 98 % of this; nobody needs more, so nobody is killed.
echo $(($(held pod) * 100 / 98)) > $groups/pod/memory.max
shot held echo "$(held pod)"
shot limit cat $groups/pod/memory.max
shot full paramedic check --json --window 0
shot table paramedic memory --json
tree "$app" "$PATIENT" > /run/tree
shot full-tree cat /run/tree
shot events cat $groups/pod/memory.events
end_patients

# In a container the groups above it are hidden, and so is the limit that is set there.
group box/inner
echo 64M > $groups/box/memory.max
echo 64M > $groups/box/inner/memory.max
shot hidden /guest/in-group box/inner unshare-cgroup -C -m -p -f /guest/container
shot hidden-tree cat /run/hidden-tree

group worker
echo 24M > $groups/worker/memory.max
patient worker /guest/in-group worker python3 /guest/patient.py children 48 2
shot worker-pid echo "$PATIENT"
shot worker-events cat $groups/worker/memory.events.local
shot killed paramedic check --json --window 0
tree "$PATIENT" > /run/tree
shot killed-tree cat /run/tree
end_patients
echo 96M > $groups/worker/memory.max
group worker-twin
echo 96M > $groups/worker-twin/memory.max
patient worker-twin /guest/in-group worker-twin python3 /guest/patient.py children 24 2
shot killed-twin paramedic check memory --json --container worker-twin
