# paramedic itself may open only 16 descriptors, and still tells the truth about others.
. /guest/room.sh
set -eu
ulimit -n 1000
patient leak python3 /guest/patient.py close-wait 890
# A connection in CLOSE_WAIT for a moment is no leak yet.
sleep 3
shot pid echo "$PATIENT"
shot counted sh -c "ls /proc/$PATIENT/fd | wc -l"
shot usual paramedic check --json --window 0
shot sixteen sh -c 'ulimit -n 16; exec paramedic check --json'
shot eight sh -c 'ulimit -n 8; exec paramedic check --json --window 0'
