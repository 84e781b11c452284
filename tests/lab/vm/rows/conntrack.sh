# 190 tracked connections and a table of 200.
. /guest/room.sh
set -eu
load inet_diag tcp_diag libcrc32c nf_defrag_ipv4 nf_defrag_ipv6
# Without this parameter the module tracks nothing until a firewall rule asks for it.
insmod /modules/nf_conntrack.ko enable_hooks=1
patient connections python3 /guest/patient.py connections 190
trap 'end_patients; rmmod nf_conntrack' EXIT
shot twin paramedic check --json
echo 200 > /proc/sys/net/netfilter/nf_conntrack_max
shot full paramedic check --json --window 0
shot count cat /proc/sys/net/netfilter/nf_conntrack_count
# A namespace of its own reads 0 of the same table: that is not "clear".
shot other-namespace unshare -n paramedic sockets --json --window 0
