# The table of open files of the whole machine: 2,000 files of one process, then a limit just above them.
. /guest/room.sh
set -eu
usual=$(cat /proc/sys/fs/file-max)
trap 'echo $usual > /proc/sys/fs/file-max' EXIT
ulimit -n 5000
patient files python3 /guest/patient.py descriptors 2000
# Not `read`: a shell reads byte by byte, and a file of sysctl gives its first read only.
set -- $(cat /proc/sys/fs/file-nr)
used=$1
shot twin paramedic check --json
echo $((used * 100 / 88)) > /proc/sys/fs/file-max
shot warning paramedic check --json --window 0
echo $((used * 100 / 97)) > /proc/sys/fs/file-max
shot critical paramedic fds --json --window 0
shot file-nr cat /proc/sys/fs/file-nr
