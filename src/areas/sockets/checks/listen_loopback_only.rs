//! `sockets/listen-loopback-only`

use crate::{
    areas::sockets::facts::{Facts, Listener},
    check,
    model::{Arrange, Confidence, Finding, Judging, Process, Severity, TcpState, Thing},
};
use std::collections::{BTreeMap, HashSet};

/// Listeners that one finding names; more are counted.
const NAMED: usize = 8;

check! {
    /// ## What it sees
    ///
    /// A process all of whose listening sockets are on loopback, on ports on which nobody listens elsewhere. Many programs
    /// want it so, a database for its own machine, a debugger, a metrics port behind a sidecar; therefore it is
    /// a hint and never a warning. A process that also listens where others can reach it has chosen, and is left alone,
    /// and so is one that shares its sockets with such a process.
    ///
    /// ## Why it matters
    ///
    /// From outside the machine, the pod or the container the connection is refused, while every test from within
    /// succeeds: a published port, a readiness probe or a load balancer finds nobody.
    ///
    /// ## Confirm
    ///
    ///     ss -tlnp
    ///
    /// The local address is 127.0.0.1 or [::1] and not 0.0.0.0, `*` or [::]. Then, from another machine or pod:
    /// `nc -vz ADDRESS PORT`.
    ///
    /// ## Fix
    ///
    /// If others are meant to reach it, let it listen on all addresses, or on that of the interface.
    ///
    /// - Node: `server.listen(port)` or `listen(port, '0.0.0.0')`; development servers want `--host`.
    /// - Python: `--host 0.0.0.0` for uvicorn and flask, `--bind 0.0.0.0:PORT` for gunicorn.
    /// - Java: `server.address=0.0.0.0` (Spring); look for `InetAddress.getLoopbackAddress()`.
    /// - Go: `":8080"` and not `"localhost:8080"` for `ListenAndServe`.
    /// - nginx: `listen 80;` and not `listen 127.0.0.1:80;`. PostgreSQL: `listen_addresses`. Redis: `bind`.
    ///
    /// If it is right as it is, say so with an `[[ignore]]` entry in the settings file.
    "sockets/listen-loopback-only": "a service that only its own machine can reach"
    {}
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    if out.part(&f.asked(TcpState::Listen), "listening sockets: --state leaves them out").is_none() {
        return;
    }
    let Some(kept) = out.part(&f.listeners, "the list of listening sockets") else { return };
    let all = kept.all();
    // One that was left out may be the one that others can reach.
    let Some(listeners) = out.part(&all, "all listening sockets: there are too many") else { return };
    let open_ports: HashSet<u16> = listeners.iter().filter(|l| !l.loopback).map(|l| l.port).collect();
    let mut reachable: HashSet<&Process> = HashSet::new();
    let mut closed: Vec<(Vec<&Process>, &Listener)> = Vec::new();
    for l in listeners.iter() {
        let decided = !l.loopback || open_ports.contains(&l.port);
        // Of one that others can reach the holder only speaks for what else he holds.
        let owner = if decided { out.aside(&l.owner) } else { out.see(&l.owner) };
        out.looked(u64::from(decided));
        let Some(Some(owner)) = owner else { continue };
        let holders: Vec<&Process> = std::iter::once(&owner.process).chain(&owner.also).collect();
        if !l.loopback {
            reachable.extend(holders);
        } else if !decided {
            closed.push((holders, l));
        }
    }
    let mut by_process: BTreeMap<(i32, u64), (&Process, Vec<&Listener>)> = BTreeMap::new();
    for (holders, l) in closed {
        if !holders.iter().any(|p| reachable.contains(p)) {
            let p = holders[0];
            by_process.entry((p.pid, p.start_ticks)).or_insert((p, vec![])).1.push(l);
        }
    }
    by_process.into_values().for_each(|(p, ls)| out.find(finding(p, ls)));
}

fn finding(process: &Process, mut listeners: Vec<&Listener>) -> Finding {
    listeners.arrange_by(|a, b| (a.port, &a.address).cmp(&(b.port, &b.address)));
    let shown: Vec<&str> = listeners.iter().take(NAMED).map(|l| l.address.as_str()).collect();
    let more = match listeners.len() - shown.len() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let title =
        format!("{} listens on {}{more}: only this machine can reach it", process.label(), shown.join(", "));
    let finding = Finding::new(Severity::Notice, Confidence::Low, Thing::Process(process.clone()), title)
        .evidence("address", listeners[0].address.as_str())
        .because("it has no listening socket that others can reach; whether any should is not seen from here")
        .remedy("if others are meant to reach it, let it listen on 0.0.0.0 or [::]")
        .next(format!("sockets --pid {} --listen", process.pid));
    shown.into_iter().fold(finding, |f, a| f.about(Thing::Listener { address: a.into() }))
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, CHECK};
    use crate::{
        areas::sockets::facts::{Facts, Listener},
        model::{ALL_STATES, Cell, Confidence, Kept, Reading, Severity, TcpState, Thing, Why},
    };

    fn listener(pid: i32, address: &str) -> Listener {
        Listener {
            address: address.into(),
            loopback: address.starts_with("127.") || address.starts_with("[::1]"),
            port: address.rsplit(':').next().unwrap().parse().unwrap(),
            owner: Reading::seen(Some(owner(pid, "node", 4096))),
            queue: 0,
            queue_least: 0,
            backlog: Reading::seen(128),
            drops: Reading::seen(0),
            dropped: Reading::seen(0),
        }
    }

    #[test]
    fn a_service_on_loopback_alone_is_a_notice_with_its_address() {
        let found = findings(&CHECK, &listening(vec![listener(41, "127.0.0.1:3000")]));
        let [f] = &found[..] else { panic!("{found:?}") };
        assert_eq!((f.severity, f.confidence), (Severity::Notice, Confidence::Low));
        assert_eq!(f.subject, Thing::Process(owner(41, "node", 4096).process));
        assert_eq!(f.about, [Thing::Listener { address: "127.0.0.1:3000".into() }]);
        assert_eq!(evidence(f, "address"), Some(&Cell::Text("127.0.0.1:3000".into())));
        assert_eq!(f.title, "node (pid 41) listens on 127.0.0.1:3000: only this machine can reach it");
    }

    #[test]
    fn many_ports_of_one_process_are_one_finding_and_of_two_processes_two() {
        let many = (0..12).map(|i| listener(41, &format!("127.0.0.1:{}", 5012 - i))).collect();
        let found = findings(&CHECK, &listening(many));
        let [f] = &found[..] else { panic!("{found:?}") };
        assert_eq!(evidence(f, "address"), Some(&Cell::Text("127.0.0.1:5001".into())));
        assert_eq!(f.about.len(), 8);
        assert!(f.title.contains(" and 4 more:"), "{}", f.title);
        let two = vec![listener(41, "127.0.0.1:1"), listener(42, "[::1]:2")];
        assert_eq!(outcome(&CHECK, &listening(two)), "found 2");
    }

    #[test]
    fn whoever_can_be_reached_on_any_port_is_left_alone() {
        let clear = |ls| assert_eq!(outcome(&CHECK, &listening(ls)), "clear 2/0");
        clear(vec![listener(41, "127.0.0.1:3000"), listener(41, "0.0.0.0:3000")]);
        clear(vec![listener(41, "127.0.0.1:9229"), listener(41, "10.0.0.2:3000")]);
        // Somebody else answers on that port from outside.
        clear(vec![listener(41, "127.0.0.1:80"), listener(42, "10.0.0.2:80")]);
        // Inherited over a fork: the child can be reached.
        let mut shared = listener(41, "127.0.0.1:9229");
        let mut master = owner(40, "master", 1024);
        master.also = vec![owner(41, "node", 1024).process];
        shared.owner = Reading::seen(Some(master));
        clear(vec![shared, listener(41, "0.0.0.0:3000")]);
    }

    #[test]
    fn a_listener_of_somebody_unseen_is_a_hole_and_no_finding() {
        let unseen = Listener { owner: hole(Why::Denied), ..listener(1, "127.0.0.1:5432") };
        assert_eq!(outcome(&CHECK, &listening(vec![unseen.clone()])), "unknown Denied");
        let open = listener(41, "0.0.0.0:3000");
        assert_eq!(outcome(&CHECK, &listening(vec![unseen.clone(), open])), "clear 1/1");
        // Whoever it is: others can reach it.
        let public = Listener { owner: hole(Why::Denied), ..listener(1, "0.0.0.0:22") };
        assert_eq!(outcome(&CHECK, &listening(vec![public])), "clear 1/0");
        assert_eq!(outcome(&CHECK, &listening(vec![unseen, listener(41, "127.0.0.1:3000")])), "found 1");
    }

    #[test]
    fn without_every_listener_it_is_not_decided() {
        let cut = Kept::worst(2, vec![listener(41, "127.0.0.1:3000")]);
        assert_eq!(outcome(&CHECK, &Facts { listeners: Reading::seen(cut), ..quiet() }), "unknown TooMany");
        assert_eq!(outcome(&CHECK, &Facts { listeners: hole(Why::Denied), ..quiet() }), "unknown Denied");
        assert_eq!(outcome(&CHECK, &Facts { listeners: hole(Why::NotAsked), ..quiet() }), "skipped");
        let mask = ALL_STATES & !TcpState::Listen.bit();
        let narrow = Facts { mask, ..listening(vec![listener(41, "127.0.0.1:3000")]) };
        assert_eq!(outcome(&CHECK, &narrow), "skipped");
        assert_eq!(outcome(&CHECK, &quiet()), "clear 0/0");
    }
}
