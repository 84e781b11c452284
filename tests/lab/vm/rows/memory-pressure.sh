# Tasks that wait for memory: a group that needs more than memory.high all the time, and one that needs as much of enough.
. /guest/room.sh
. /guest/groups.sh
set -eu
group press
group calm
echo 16M > $groups/press/memory.high
echo 64M > $groups/press/memory.max
echo 64M > $groups/calm/memory.high
patient calm /guest/in-group calm python3 /guest/patient.py needs 16 4
shot twin paramedic check --json
end_patients
patient press /guest/in-group press python3 /guest/patient.py needs 16 4
shot pid echo "$PATIENT"
# The averages of the kernel follow slowly.
for _ in $(seq 40); do
    share=$(sed -n 's/^full .*avg60=\([0-9]*\).*/\1/p' $groups/press/memory.pressure)
    if [ "$share" -ge 7 ]; then break; fi
    sleep 0.5
done
shot pressure cat $groups/press/memory.pressure
shot waits paramedic check --json
tree "$PATIENT" > /run/tree
shot waits-tree cat /run/tree
