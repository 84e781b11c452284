# 900 of 1,000 descriptors in use, on a kernel that does not tell the number by the size of the directory.
. /guest/room.sh
set -eu
ulimit -Sn 1000
patient leak python3 /guest/patient.py descriptors 900
shot pid echo "$PATIENT"
shot counted sh -c "ls /proc/$PATIENT/fd | wc -l"
shot root paramedic fds --json --window 0
shot check paramedic check --json
# To nobody the patient is closed, and its size is 0, which is no count.
shot nobody as-nobody paramedic fds --json --window 0
shot nobody-named as-nobody paramedic check fds/near-limit --json --window 0 --pid "$PATIENT"
shot nobody-strict as-nobody paramedic fds --json --window 0 --strict
end_patients
# A patient of nobody's own: what can be seen without rights is found without rights.
patient own as-nobody python3 /guest/patient.py descriptors 900
shot own-pid echo "$PATIENT"
shot own as-nobody paramedic fds --json --window 0
end_patients
patient twin python3 /guest/patient.py descriptors 400
shot twin paramedic check --json
