# Control groups of the rows about memory and processor time. Sourced after room.sh.
groups=/sys/fs/cgroup

# group PATH: makes it, and the groups above it hand their controllers on.
group() {
    above=$groups
    for part in $(echo "$1" | tr '/' ' '); do
        echo +memory +cpu > "$above/cgroup.subtree_control"
        above=$above/$part
        mkdir -p "$above"
    done
}

# held PATH: bytes of the group that nobody can take away, as the binary should see them.
held() {
    awk '$1 == "anon" || $1 == "shmem" || $1 == "kernel" || $1 == "sock" { n += $2 }
         $1 == "slab_reclaimable" { n -= $2 } END { printf "%d\n", n }' "$groups/$1/memory.stat"
}

# tree PID…: all that paramedic memory reads, as `=== PATH` and the text of each file.
tree() {
    for file in /proc/stat /proc/meminfo /proc/pressure/memory /proc/1/mountinfo \
        $(for pid in 1 "$@"; do echo "/proc/$pid/stat" "/proc/$pid/cgroup" "/proc/$pid/status"; done) \
        $(find $groups -type f | grep -E '/(cgroup\.(type|procs|controllers)|memory\.[a-z.]*)$' | grep -vE 'reclaim|numa|low|min|peak|swap\.(high|events)'); do
        if text=$(cat "$file" 2> /dev/null); then
            echo "=== $file"
            case $file in
                */mountinfo) echo "$text" | grep ' - cgroup2 ' ;;
                /proc/stat) echo "$text" | grep -E '^(cpu|btime)' ;;
                */status) echo "$text" | grep -E '^(Name|Uid|Vm|Rss|Threads)' ;;
                *) echo "$text" ;;
            esac
        fi
    done
}
