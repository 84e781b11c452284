# A /proc that hides the processes of others: the same patient is neither 0 nor clear, it is not there at all.
. /guest/room.sh
set -eu
ulimit -Sn 1000
patient leak python3 /guest/patient.py descriptors 900
shot pid echo "$PATIENT"
mount -o remount,hidepid=2 /proc
trap 'mount -o remount,hidepid=0 /proc' EXIT
shot seen as-nobody sh -c 'ls -d /proc/[0-9]* | wc -l'
shot fds as-nobody paramedic fds --json
shot fds-strict as-nobody paramedic fds --json --strict
shot fds-pid as-nobody paramedic fds --json --pid "$PATIENT"
shot check as-nobody paramedic check --json
shot check-strict as-nobody paramedic check --json --strict
# hidepid does not bind root: the same look finds the patient.
shot root paramedic fds --json
