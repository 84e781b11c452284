# The same sockets without the sock_diag modules, then with them: the same counts, and the first look says what it lacks.
. /guest/room.sh
set -eu
patient mixture python3 /guest/patient.py mixture
shot pid echo "$PATIENT"
shot files paramedic sockets --json --window 0
shot files-truth python3 /guest/truth.py
load inet_diag tcp_diag
shot diag paramedic sockets --json --window 0
shot diag-truth python3 /guest/truth.py
shot check paramedic check --json
