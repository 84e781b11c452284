# Quotas and pressure of control groups of version 2: a quota in the parent of the group that computes, the same seen from a
# namespace below it, and the same quota with little to do.
. /guest/room.sh
. /guest/groups.sh
set -eu

# cpu_tree PID…: all that paramedic cpu reads in one look, in the form of `tree`.
cpu_tree() {
    for file in /proc/stat /proc/1/mountinfo \
        $(for pid in 1 "$@"; do echo "/proc/$pid/stat" "/proc/$pid/cgroup" "/proc/$pid/status"; done) \
        $(find $groups -type f | grep -E '/(cgroup\.(type|procs|controllers)|cpu\.(max|stat|pressure))$'); do
        if text=$(cat "$file" 2> /dev/null); then
            echo "=== $file"
            case $file in
                */mountinfo) echo "$text" | grep ' - cgroup2 ' ;;
                /proc/stat) echo "$text" | grep -E '^(cpu|btime)' ;;
                */status) echo "$text" | grep -E '^(Name|Uid|Threads)' ;;
                *) echo "$text" ;;
            esac
        fi
    done
}

group pod/app
echo "20000 100000" > $groups/pod/cpu.max
# So that nobody waits for half a minute, nor for the averages of the kernel, which follow slowly.
cat > /run/limits.toml <<'LIMITS'
[limits."cpu/throttled"]
span_s = 3
[limits."cpu/pressure"]
full_pct = 4
LIMITS
patient twin /guest/in-group pod/app python3 /guest/patient.py computes 2
shot twin paramedic check --json
shot twin-cpu paramedic cpu --json --window 2s
shot twin-stat cat $groups/pod/cpu.stat
end_patients

patient app /guest/in-group pod/app python3 /guest/patient.py computes 100
shot pid echo "$PATIENT"
shot notice paramedic check cpu --json
for _ in $(seq 60); do
    share=$(sed -n 's/^full .*avg60=\([0-9]*\).*/\1/p' $groups/pod/cpu.pressure)
    if [ "$share" -ge 5 ]; then break; fi
    sleep 0.5
done
shot pressure cat $groups/pod/cpu.pressure
shot throttled paramedic check --json --config /run/limits.toml
shot long paramedic cpu --json --window 3.2s --config /run/limits.toml
shot once paramedic cpu --json --window 0
shot stat cat $groups/pod/cpu.stat
cpu_tree "$PATIENT" > /run/tree
shot tree cat /run/tree
end_patients

# In a container the parent cannot be seen, nor its quota: no signal, which is not a clear one. What the group itself
# suffers is told by its own pressure.
shot hidden /guest/in-group pod/app unshare-cgroup -C -m -p -f /guest/throttled-container
