# Becomes PID 1 of a host of the lab. Runs in fresh pid, mount, net, uts and ipc namespaces.
# $1 the built binary, $2 the patients, $3 init.py, $4 the host's name
set -e
hostname "$4"
ip link set lo up
# /run is private: pid files, and a path every uid can reach, even when the checkout lies in /root.
mount -t tmpfs -o mode=755,size=64m lab /run
mkdir -p /run/lab/patients /run/lab/work /run/netns
chmod 1777 /run/lab/work
touch /run/lab/paramedic
mount --bind "$1" /run/lab/paramedic
mount --bind "$2" /run/lab/patients
cp "$3" /run/lab/init.py
cd /
exec /usr/bin/python3 -I /run/lab/init.py
