# What the rows are written in. Sourced by every row; fd 3 is the port for records.
# A command that fails where it should not ends the row, and the row's own record then carries that status.

# record NAME EXIT MS STDOUT-FILE STDERR-FILE: one record, in the form that record.rs reads.
record() {
    {
        echo "### begin $1 exit=$2 ms=$3 stdout=$(wc -c < "$4") stderr=$(wc -c < "$5")"
        cat "$4" "$5"
        echo
        echo "### end $1"
    } >&3
}

# now: milliseconds since the start of the machine.
now() {
    read -r uptime _ < /proc/uptime
    echo "${uptime%.*}${uptime#*.}0"
}

# shot NAME COMMAND…: runs the command for at most 40 s and records how it ended and what it printed.
shot() {
    shot=$1
    shift
    began=$(now)
    code=0
    timeout -s KILL 40 "$@" > /run/stdout 2> /run/stderr < /dev/null || code=$?
    record "$ROW/$shot" "$code" "$(($(now) - began))" /run/stdout /run/stderr
}

# patient NAME COMMAND…: starts a program that prints "ready" when its state is reached; its pid is in $PATIENT. How long
# that may take is the deadline of the row.
patient() {
    name=$1
    shift
    "$@" > "/run/patient.$name" 2>&1 < /dev/null 3>&- &
    PATIENT=$!
    echo "$PATIENT" >> /run/patients
    until grep -q ready "/run/patient.$name"; do
        if ! kill -0 "$PATIENT"; then
            echo "patient $name ended before it was ready:"
            cat "/run/patient.$name"
            return 1
        fi
        usleep 100000
    done
}

# end_patients: kills what the row has started, and waits until it is gone.
end_patients() {
    if [ ! -f /run/patients ]; then return 0; fi
    while read -r pid; do
        kill -9 "$pid" 2> /dev/null || continue
        for _ in $(seq 100); do
            if ! grep -q '^State:.[^Z]' "/proc/$pid/status" 2> /dev/null; then break; fi
            usleep 50000
        done
    done < /run/patients
    rm /run/patients
}

# load MODULE…: inserts modules; the kernel has no modprobe here, so nothing is loaded that a row did not ask for.
load() {
    for module in "$@"; do
        if ! grep -q "^$module " /proc/modules; then insmod "/modules/$module.ko"; fi
    done
}
