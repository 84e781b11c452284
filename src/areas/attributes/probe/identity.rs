//! Who the patient is: what is its own by nature.

use super::patient::Patient;
use crate::{
    model::{Environ, Identity, OwnName, Seal, Seen, Value, Why},
    source::{Moment, machine, rooted},
};
use std::{collections::BTreeSet, fs::File, io::Read, net::IpAddr, path::Path};

/// So many addresses are kept.
const ADDRESSES: usize = 64;
/// Where a pod finds its namespace.
const NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

pub(super) fn of(m: &Moment, patient: &Patient, environ: Option<&Environ>) -> Identity {
    let world = m.world;
    let line = |path: &str| world.text(path).ok().map(|t| t.trim().to_string()).filter(|t| !t.is_empty());
    let told = |of: OwnName| environ.and_then(|e| e.own_name(of)).map(str::to_string);
    let hostname = match patient.shares(world, "uts") {
        Ok(()) => line("sys/kernel/hostname"),
        Err(_) => small(&rooted::path(&patient.root, "/etc/hostname")).or_else(|| told(OwnName::Hostname)),
    };
    let groups = line(&format!("{}/cgroup", patient.name())).filter(|_| patient.contained);
    let roots: Vec<String> = match &patient.table {
        Ok(t) if patient.contained => {
            t.mounts.iter().map(|mount| String::from_utf8_lossy(&mount.root).into_owned()).collect()
        }
        _ => vec![],
    };
    let texts = || groups.iter().chain(&roots);
    let pod_uid = told(OwnName::Uid).or_else(|| texts().find_map(|t| pod_uid(t)));
    let in_pod = patient.contained && (pod_uid.is_some() || told(OwnName::Kubernetes).is_some());
    let namespace = told(OwnName::Namespace)
        .or_else(|| patient.contained.then(|| small(&rooted::path(&patient.root, NAMESPACE))).flatten());
    let in_pod = in_pod || namespace.is_some();
    Identity {
        pod: told(OwnName::Pod).or_else(|| hostname.clone().filter(|_| in_pod)),
        hostname,
        namespace,
        pod_uid,
        node: told(OwnName::Node),
        container: texts().find_map(|t| container(t)),
        boot_id: line("sys/kernel/random/boot_id"),
        addresses: addresses(&world.proc_root.join(patient.name()).join("net")),
        machine: world.live.then(machine),
        started: patient.process.as_ref().and_then(|p| world.clock.start(p.start_ticks)),
    }
}

/// The uid of a pod in a path of the kubelet or of a control group, where hyphens may be underscores.
fn pod_uid(text: &str) -> Option<String> {
    text.split(['/', '\n', ':', '.']).find_map(|part| {
        let part = part.rsplit_once("pod").map_or(part, |(_, uid)| uid);
        let uid = part.replace('_', "-");
        let groups: Vec<usize> = uid.split('-').map(str::len).collect();
        let hex = uid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        (hex && groups == [8, 4, 4, 4, 12]).then_some(uid)
    })
}

/// The 64 hexadecimal digits of a container.
fn container(text: &str) -> Option<String> {
    let id = |p: &&str| p.len() == 64 && p.bytes().all(|b| b.is_ascii_hexdigit());
    text.split(['/', '\n', '-', ':', '.']).find(id).map(Into::into)
}

/// The identity of a host, machine-id(5), as a hash: it is said to be confidential.
pub(super) fn machine_id(root: &Path, seal: &Seal) -> Seen<Value> {
    let text = small(&root.join("etc/machine-id")).ok_or(Why::Absent)?;
    let id = text.trim();
    // An image that is to make its own has none, or says so.
    if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Why::Absent);
    }
    Ok(Value::Sealed { hash: seal.hash(id.as_bytes()), bytes: id.len() as u64 })
}

/// The first line of a small file.
fn small(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(1024).read_to_string(&mut text).ok()?;
    Some(text.lines().next()?.trim().to_string()).filter(|t| !t.is_empty())
}

/// The addresses of a network namespace out of what the kernel routes to itself: no right is needed, nor another namespace.
fn addresses(net: &Path) -> Vec<String> {
    let text = |file: &str| crate::source::proc::read_text(&net.join(file)).unwrap_or_default();
    let mut all: BTreeSet<IpAddr> = fib(&text("fib_trie"));
    all.extend(text("if_inet6").lines().filter_map(inet6));
    all.into_iter().filter(|a| !near(a)).take(ADDRESSES).map(|a| a.to_string()).collect()
}

/// Loopback and link-local.
fn near(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => a.is_loopback() || a.is_link_local() || a.is_unspecified(),
        IpAddr::V6(a) => a.is_loopback() || a.is_unicast_link_local() || a.is_unspecified(),
    }
}

/// A leaf of the tree, `|-- 10.0.0.7`, with `/32 host LOCAL` below it.
fn fib(text: &str) -> BTreeSet<IpAddr> {
    let mut out = BTreeSet::new();
    let mut leaf: Option<IpAddr> = None;
    for line in text.lines() {
        match line.trim_start().split_once("|-- ") {
            Some((_, address)) => leaf = address.trim().parse().ok(),
            None if line.contains("/32 host LOCAL") => out.extend(leaf),
            None => {}
        }
    }
    out
}

fn inet6(line: &str) -> Option<IpAddr> {
    let digits = line.get(..32)?;
    Some(IpAddr::V6(u128::from_str_radix(digits, 16).ok()?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_and_containers_are_found_in_paths_of_every_runtime() {
        let uid = "0a1b2c3d-1111-2222-3333-444455556666";
        for path in [
            "0::/kubepods.slice/kubepods-burstable-pod0a1b2c3d_1111_2222_3333_444455556666.slice/x.scope",
            "/kubepods/besteffort/pod0a1b2c3d-1111-2222-3333-444455556666/aa",
            "/var/lib/kubelet/pods/0a1b2c3d-1111-2222-3333-444455556666/etc-hosts",
        ] {
            assert_eq!(pod_uid(path).as_deref(), Some(uid), "{path}");
        }
        assert_eq!(pod_uid("0::/user.slice/session-1.scope"), None);
        let id = "ab".repeat(32);
        assert_eq!(container(&format!("/var/lib/docker/containers/{id}/hostname")), Some(id));
    }

    #[test]
    fn the_identity_of_a_host_is_hashed_and_none_of_an_image_counts() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("etc")).unwrap();
        let of = |text: &str| {
            std::fs::write(dir.path().join("etc/machine-id"), text).unwrap();
            machine_id(dir.path(), &Seal::new(b"k"))
        };
        let id = "0123456789abcdef".repeat(2);
        let Ok(Value::Sealed { hash, bytes: 32 }) = of(&format!("{id}\n")) else { panic!("it is one") };
        assert!(!id.contains(&hash));
        for none in ["", "uninitialized\n", "0123"] {
            assert_eq!(of(none), Err(Why::Absent), "{none}");
        }
    }

    #[test]
    fn local_addresses_are_leaves_that_are_hosts() {
        let text = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- 10.0.0.0/24 2 0 2\n\
                    \x20       |-- 10.0.0.0\n           /24 link UNICAST\n        |-- 10.0.0.7\n           /32 host LOCAL\n\
                    \x20       |-- 10.0.0.255\n           /32 link BROADCAST\n     |-- 127.0.0.1\n        /32 host LOCAL\n";
        let all: Vec<String> = fib(text).into_iter().filter(|a| !near(a)).map(|a| a.to_string()).collect();
        assert_eq!(all, ["10.0.0.7"]);
        let line = "fd000000000000000000000000000007 02 40 00 80     eth0";
        assert_eq!(inet6(line).map(|a| a.to_string()).as_deref(), Some("fd00::7"));
        assert!(near(&inet6("fe800000000000000000000000000001 02 40 20 80 eth0").unwrap()));
        assert_eq!(inet6("short"), None);
    }
}
