//! The faults of the catalogue, one file each, with the healthy twin beside the fault.

mod fds_growing;
mod fds_inotify_exhausted;
mod fds_near_limit;
mod hostile_names;
mod memory_growing;
mod memory_heap_vs_limit;
mod memory_near_limit;
mod memory_oom_killed;
mod ordinary_services;
mod other_namespaces;
mod sockets_accept_queue_full;
mod sockets_app_not_reading;
mod sockets_close_wait_leak;
mod sockets_connect_hanging;
mod sockets_conntrack_near_limit;
mod sockets_dead_peer;
mod sockets_fin_wait_stuck;
mod sockets_listen_drops;
mod sockets_listen_loopback_only;
mod sockets_no_keepalive;
mod sockets_peer_not_reading;
mod sockets_peer_saturated;
mod sockets_ports_exhausted;
mod sockets_retransmits;
mod unprivileged;
