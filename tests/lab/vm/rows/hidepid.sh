# A /proc that hides the processes of others: the same patient is neither 0 nor clear, it is not there at all.
. /guest/room.sh
set -eu
ulimit -Sn 1000
patient leak python3 /guest/patient.py descriptors 900
shot pid echo "$PATIENT"
mount -o remount,hidepid=2 /proc
trap 'mount -o remount,hidepid=0 /proc' EXIT
shot seen as-nobody sh -c 'ls -d /proc/[0-9]* | wc -l'
shot fds as-nobody paramedic fds --json --window 0
shot fds-strict as-nobody paramedic fds --json --window 0 --strict
shot fds-pid as-nobody paramedic fds --json --window 0 --pid "$PATIENT"
shot check as-nobody paramedic check --json
shot check-strict as-nobody paramedic check --json --window 0 --strict
# hidepid=1 lists the processes and refuses to say anything of them.
mount -o remount,hidepid=1 /proc
shot listed as-nobody paramedic fds --json --window 0
shot listed-strict as-nobody paramedic fds --json --window 0 --strict
mount -o remount,hidepid=2 /proc
# hidepid does not bind root: the same look finds the patient.
shot root paramedic fds --json --window 0
