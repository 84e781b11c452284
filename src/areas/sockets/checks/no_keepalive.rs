//! `sockets/no-keepalive`

use super::holder::{Holder, connections, groups, peer, towards};
use crate::{
    areas::sockets::facts::{Facts, Group, Mark},
    check,
    model::{Confidence, Finding, Judging, Severity, TcpState, rates},
};

check! {
    /// ## What it sees
    ///
    /// Established connections that have been idle for long and have no timer armed: nothing is in flight, nothing waits
    /// to be sent, and keepalive is off. Connections within this machine are left out, because their other end cannot
    /// vanish without a word. A ping that the application sends by itself is traffic, so such a connection is not idle.
    ///
    /// ## Why it matters
    ///
    /// A firewall, a NAT or a load balancer forgets idle connections without telling either end, and a machine that loses
    /// its power tells nobody. Without keepalive such a connection stays in the pool for ever: the next request that gets
    /// it hangs until its own time-out, and its descriptor is never given back.
    ///
    /// ## Confirm
    ///
    ///     ss -tnpo state established
    ///
    /// A line without `timer:(keepalive,...)` has none armed. `ss -tnpoi` shows `lastsnd` and `lastrcv`, the milliseconds
    /// of silence.
    ///
    /// ## Fix
    ///
    /// Arm keepalive on the connections, with a time below the shortest idle time-out on the way, or let the pool close
    /// connections before the network forgets them. The system's `tcp_keepalive_time` acts only where it is armed.
    ///
    /// - Node: `socket.setKeepAlive(true, ms)`; `keepAlive: true` in the configuration of `pg` (with
    ///   `keepAliveInitialDelayMillis`) and of an `http.Agent`; `idleTimeoutMillis` of the pool.
    /// - Python: `keepalives=1, keepalives_idle=...` for psycopg, `socket_keepalive=True` for redis, `pool_recycle` and
    ///   `pool_pre_ping` of SQLAlchemy; else `setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)`.
    /// - Java: `tcpKeepAlive=true` for the PostgreSQL and MySQL drivers; `keepaliveTime`, `maxLifetime` and `idleTimeout` of
    ///   HikariCP.
    /// - Go: keepalive is on by default; look for `KeepAlive: -1` in a `net.Dialer`, and set `IdleConnTimeout` and
    ///   `SetConnMaxIdleTime`.
    /// - nginx: `proxy_socket_keepalive on;` towards upstreams, `so_keepalive=on` of `listen` towards clients.
    "sockets/no-keepalive": "idle connections whose dead peer would never be noticed"
    {
        count: "connections of one owner and peer that are idle without keepalive" = 4;
        idle_s: "seconds without traffic from which on a connection counts as idle" = 300;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let narrow = "sockets in ESTABLISHED: --state leaves them out";
    if out.part(&f.asked(TcpState::Established), narrow).is_none() {
        return;
    }
    let Some(groups) = groups(f, out) else { return };
    if out.part(&f.detail, "sock_diag: timers and idle times of connections").is_none() {
        return;
    }
    for g in groups.iter().filter(|g| g.state == TcpState::Established) {
        let holder = Holder::of(g, out);
        if let Some(finding) = one(g, holder, at) {
            out.find(finding);
        }
    }
}

fn one(g: &Group, holder: Holder, at: &Limits) -> Option<Finding> {
    let marked = g.marked(Mark::NoKeepalive);
    let count = marked.ages.at_least(at.idle_s.value());
    if count == 0 || (count as f64) < at.count.value() {
        return None;
    }
    let oldest = rates::span(marked.ages.oldest_s.into());
    let n = connections(count);
    let title = format!("{} keeps {n} {} idle without keepalive", holder.name(), towards(&g.end));
    let sentence =
        format!("silent for up to {oldest}, no timer armed: a peer that vanished would not be noticed");
    let finding = holder
        .finding(Severity::Notice, Confidence::Medium, title)
        .about(peer(&g.end))
        .evidence("count", count)
        .evidence("oldest_idle_s", marked.ages.oldest_s)
        .because(sentence)
        .remedy("arm SO_KEEPALIVE on these connections, or let the pool close them while they are idle")
        .next(format!("{} --state established -o wide", holder.sockets(&g.end)));
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, CHECK};
    use crate::{
        areas::sockets::facts::{End, Facts, Group, Mark},
        model::{ALL_STATES, Cell, Confidence, Kept, Reading, Severity, TcpState, Thing, Why},
    };

    fn idle(count: u64, age: u32) -> Group {
        marked(group(TcpState::Established, count, &[age]), Mark::NoKeepalive, count, &[age])
    }

    #[test]
    fn an_idle_pool_without_keepalive_is_a_notice_about_process_and_peer() {
        let found = findings(&CHECK, &with(vec![idle(10, 3600)]));
        let [f] = &found[..] else { panic!("{found:?}") };
        assert_eq!((f.severity, f.code), (Severity::Notice, "sockets/no-keepalive"));
        assert_eq!(f.subject, Thing::Process(owner(41, "node", 4096).process));
        assert_eq!(f.about, [Thing::Peer { address: "10.0.3.7:443".into() }]);
        assert_eq!(evidence(f, "count"), Some(&Cell::Int(10)));
        assert_eq!(evidence(f, "oldest_idle_s"), Some(&Cell::Int(3600)));
        assert_eq!(f.title, "node (pid 41) keeps 10 connections to 10.0.3.7:443 idle without keepalive");
        assert_eq!(f.next, ["sockets --pid 41 --peer 10.0.3.7:443 --state established -o wide"]);
    }

    #[test]
    fn the_same_pool_with_keepalive_is_clear() {
        let twin = group(TcpState::Established, 10, &[3600]);
        assert_eq!(outcome(&CHECK, &with(vec![twin])), "clear 10/0");
    }

    #[test]
    fn few_or_briefly_idle_ones_are_silent() {
        assert_eq!(outcome(&CHECK, &with(vec![idle(3, 3600)])), "clear 3/0");
        assert_eq!(outcome(&CHECK, &with(vec![idle(4, 300)])), "found 1");
        assert_eq!(outcome(&CHECK, &with(vec![idle(400, 299)])), "clear 400/0");
        // Of a busy pool only those that are idle count.
        let mixed = marked(idle(10, 0), Mark::NoKeepalive, 10, &[1, 1, 1, 3600]);
        assert_eq!(outcome(&CHECK, &with(vec![mixed])), "clear 10/0");
    }

    #[test]
    fn a_pool_of_each_peer_is_counted_alone_and_no_other_state_counts() {
        let to = |port: u16| Group { end: End::Peer(format!("10.0.3.7:{port}")), ..idle(3, 3600) };
        assert_eq!(outcome(&CHECK, &with(vec![to(1), to(2)])), "clear 6/0");
        let closing = Group { state: TcpState::CloseWait, ..idle(30, 3600) };
        assert_eq!(outcome(&CHECK, &with(vec![closing])), "clear 0/0");
    }

    #[test]
    fn clients_are_named_by_the_port_they_came_to() {
        let clients = Group { end: End::ClientsOf(3000), ..idle(8, 3600) };
        let found = findings(&CHECK, &with(vec![clients]));
        assert_eq!(found[0].about, [Thing::Peer { address: "clients of :3000".into() }]);
        assert_eq!(found[0].next, ["sockets --pid 41 --state established -o wide"]);
    }

    #[test]
    fn what_cannot_be_seen_is_never_clear_and_never_one_culprit() {
        let strange = Group { owner: hole(Why::Denied), ..idle(8, 3600) };
        let found = findings(&CHECK, &with(vec![strange]));
        assert_eq!((&found[0].subject, found[0].confidence), (&Thing::Host, Confidence::Low));
        let quiet_stranger = Group { owner: hole(Why::Denied), ..idle(8, 3) };
        assert_eq!(outcome(&CHECK, &with(vec![quiet_stranger.clone()])), "unknown Denied");
        assert_eq!(outcome(&CHECK, &with(vec![quiet_stranger, idle(2, 3)])), "clear 2/1");
        let cut = Facts { groups: Reading::seen(Kept::worst(9, vec![idle(2, 3)])), ..quiet() };
        assert_eq!(outcome(&CHECK, &cut), "clear 2/8");
        let files = Facts { detail: hole(Why::Unsupported), ..with(vec![idle(9, 3600)]) };
        assert_eq!(outcome(&CHECK, &files), "unknown Unsupported");
        assert_eq!(outcome(&CHECK, &Facts { groups: hole(Why::TimedOut), ..quiet() }), "unknown TimedOut");
        let narrow = Facts { mask: ALL_STATES & !TcpState::Established.bit(), ..with(vec![idle(9, 3600)]) };
        assert_eq!(outcome(&CHECK, &narrow), "skipped");
    }
}
