//! Kernel parameters that a network or IPC namespace owns.

use super::{Look, sheet::Sheet};
use crate::model::{Class, Gaps, Group, Seen, Why};

const NETWORK: &[&str] = &[
    "net/core/somaxconn",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/icmp_echo_ignore_all",
    "net/ipv4/ip_default_ttl",
    "net/ipv4/ip_forward",
    "net/ipv4/ip_local_port_range",
    "net/ipv4/ip_local_reserved_ports",
    "net/ipv4/ip_nonlocal_bind",
    "net/ipv4/ip_unprivileged_port_start",
    "net/ipv4/ping_group_range",
    "net/ipv4/tcp_congestion_control",
    "net/ipv4/tcp_ecn",
    "net/ipv4/tcp_fastopen",
    "net/ipv4/tcp_fin_timeout",
    "net/ipv4/tcp_keepalive_intvl",
    "net/ipv4/tcp_keepalive_probes",
    "net/ipv4/tcp_keepalive_time",
    "net/ipv4/tcp_max_syn_backlog",
    "net/ipv4/tcp_mtu_probing",
    "net/ipv4/tcp_orphan_retries",
    "net/ipv4/tcp_retries2",
    "net/ipv4/tcp_rmem",
    "net/ipv4/tcp_sack",
    "net/ipv4/tcp_slow_start_after_idle",
    "net/ipv4/tcp_syn_retries",
    "net/ipv4/tcp_synack_retries",
    "net/ipv4/tcp_syncookies",
    "net/ipv4/tcp_timestamps",
    "net/ipv4/tcp_tw_reuse",
    "net/ipv4/tcp_window_scaling",
    "net/ipv4/tcp_wmem",
    "net/ipv6/conf/all/disable_ipv6",
    "net/ipv6/conf/all/forwarding",
];
const IPC: &[&str] = &[
    "fs/mqueue/msg_max",
    "fs/mqueue/queues_max",
    "kernel/msgmax",
    "kernel/msgmnb",
    "kernel/msgmni",
    "kernel/sem",
    "kernel/shm_rmid_forced",
    "kernel/shmall",
    "kernel/shmmax",
    "kernel/shmmni",
];

pub(super) fn read(look: &Look, sheet: &mut Sheet, gaps: &mut Gaps) {
    let world = look.moment.world;
    let proc_root = &world.proc_root;
    // What these files show belongs to the namespace of the thread that reads.
    let one = |name: &&str| {
        let text = crate::source::proc::read_text(&proc_root.join("sys").join(name));
        text.map(|t| t.split_ascii_whitespace().collect::<Vec<_>>().join(" ")).map_err(|e| Why::from(&e))
    };
    let all = |names: &[&str]| names.iter().map(one).collect::<Vec<_>>();
    let network = look.patient.in_its_network(world, || all(NETWORK)).map_err(|e| Why::from(&e));
    put("parameters of its network", NETWORK, network, sheet, gaps);
    let ipc = look.patient.shares(world, "ipc").map(|()| all(IPC));
    put("parameters of its IPC namespace", IPC, ipc, sheet, gaps);
}

fn put(
    what: &'static str,
    names: &[&str],
    values: Seen<Vec<Seen<String>>>,
    sheet: &mut Sheet,
    gaps: &mut Gaps,
) {
    let values = values.unwrap_or_else(|why| {
        gaps.add(why, what, "another namespace, which may not be entered from here");
        vec![Err(why); names.len()]
    });
    for (name, value) in names.iter().zip(values) {
        // This kernel has no such parameter: nor is it missed.
        if value != Err(Why::Absent) {
            sheet.text(Group::Sysctl, name.replace('/', "."), Class::Equal, value);
        }
    }
}
