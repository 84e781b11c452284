# A machine that has just started and has nothing wrong with it.
. /guest/room.sh
set -eu
shot size-of-fd stat -c %s /proc/self/fd /proc/1/fd
shot check paramedic check --json
shot text paramedic
