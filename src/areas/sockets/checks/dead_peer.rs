//! `sockets/dead-peer`

use super::holder::{Holder, connections, groups, peer, towards};
use crate::{
    areas::sockets::facts::{End, Facts, Group, Mark, Marked},
    check,
    model::{Cell, Confidence, Finding, Judging, Severity, TcpState, rates},
};
use std::collections::HashMap;

check! {
    /// ## What it sees
    ///
    /// Connections whose peer no longer answers: the kernel has sent the same data, the end of the stream or a keepalive
    /// probe several times in a row, each time after a longer wait, and nothing came back. Attempts to connect are told
    /// by another check, and connections that no process holds any more are the kernel's own business.
    ///
    /// Any connection that we made counts. Where clients came to us, their dead ones count only by their share: some
    /// laptops and telephones are always out of reach. Ages are lower bounds: the kernel tells the time since the last
    /// attempt, and not since the first.
    ///
    /// ## Why it matters
    ///
    /// Requests on such a connection hang until a time-out of the application, if it has one; the kernel itself gives up
    /// only after many minutes. Until then each holds a descriptor, a slot of the pool, and what waits to be sent.
    ///
    /// ## Confirm
    ///
    ///     ss -tnpoi
    ///
    /// Lines with `timer:(on,...,N)` and `backoff:N` retransmit for the Nth time; `lastrcv` and `lastack` are the
    /// milliseconds since anything came. Then ask the network: `ping`, `tcptraceroute ADDRESS PORT`, and on the way the
    /// firewall's log.
    ///
    /// ## Fix
    ///
    /// Find out why the peer is silent: it is down, it was replaced under the same name, or a firewall forgot the
    /// connection and drops what belongs to none it knows. Then let the process notice by itself: a time-out for each
    /// request, and TCP_USER_TIMEOUT, which ends a connection whose data stays unacknowledged.
    ///
    /// - Node: `socket.setTimeout(ms)` with `destroy()` on `'timeout'`; `query_timeout` of `pg`.
    /// - Python: `timeout=` of every call; `tcp_user_timeout` for psycopg; `pool_pre_ping` of SQLAlchemy.
    /// - Java: `socketTimeout` of the JDBC driver; `maxLifetime` of the pool, so that new addresses are learnt.
    /// - Go: a `context` with a deadline for each call; HTTP/2 wants `ReadIdleTimeout` of its transport.
    /// - nginx: `proxy_read_timeout`, `proxy_send_timeout`; towards clients `reset_timedout_connection on;`.
    "sockets/dead-peer": "connections whose peer no longer answers"
    {
        count: "connections of one owner to one peer that get no answer" = 1, 20;
        clients_pct: "where clients came to us: dead ones, % of the connections of their port" = 10;
    }
    judge(Facts)
}

/// States in which a process waits for the other end.
const STATES: [TcpState; 6] = [
    TcpState::Established,
    TcpState::CloseWait,
    TcpState::FinWait1,
    TcpState::FinWait2,
    TcpState::LastAck,
    TcpState::Closing,
];

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let narrow = "sockets in ESTABLISHED: --state leaves them out";
    if out.part(&f.asked(TcpState::Established), narrow).is_none() {
        return;
    }
    let Some(groups) = groups(f, out) else { return };
    if out.part(&f.detail, "sock_diag: retransmissions and probes of connections").is_none() {
        return;
    }
    let mut dead: Vec<Dead> = Vec::new();
    let mut index: HashMap<(Holder, String), usize> = HashMap::new();
    for g in groups.iter().filter(|g| STATES.contains(&g.state)) {
        let holder = Holder::of(g, out);
        let i = *index.entry((holder, g.end.to_string())).or_insert(dead.len());
        if i == dead.len() {
            dead.push(Dead { holder, end: &g.end, of: 0, marked: Marked::default() });
        }
        dead[i].add(g);
    }
    dead.iter().filter_map(|d| d.finding(at)).for_each(|f| out.find(f));
}

/// Sockets of one holder and end, whatever their state.
struct Dead<'f> {
    holder: Holder<'f>,
    end: &'f End,
    of: u64,
    marked: Marked,
}

impl<'f> Dead<'f> {
    fn add(&mut self, g: &Group) {
        let more = g.marked(Mark::Dead);
        self.of += g.count;
        self.marked.count += more.count;
        self.marked.tries = self.marked.tries.max(more.tries);
        self.marked.ages.merge(&more.ages);
    }

    fn severity(&self, at: &Limits) -> Option<Severity> {
        let few = self.marked.count as f64 * 100.0 < at.clients_pct.value() * self.of as f64;
        let ordinary = matches!(self.end, End::ClientsOf(_)) && few;
        at.count.of(self.marked.count as f64).filter(|_| self.marked.count > 0 && !ordinary)
    }

    fn finding(&self, at: &Limits) -> Option<Finding> {
        let severity = self.severity(at)?;
        let Marked { count, tries, ages, .. } = &self.marked;
        let n = connections(*count);
        let title = format!("{} waits on {n} {} without any answer", self.holder.name(), towards(self.end));
        let oldest = if ages.total() == 0 { Cell::Unseen } else { ages.oldest_s.into() };
        let span = match ages.total() {
            0 => "nothing came back".into(),
            _ => format!("nothing came back for {} and more", rates::span(ages.oldest_s.into())),
        };
        let all = match self.of.saturating_sub(*count) {
            0 => "none of the connections there answers".into(),
            _ => format!("of {} there {} get no answer", connections(self.of), rates::count(*count)),
        };
        let finding = self
            .holder
            .finding(severity, Confidence::High, title)
            .about(peer(self.end))
            .evidence("count", *count)
            .evidence("retransmits", *tries)
            .evidence("oldest_unacked_s", oldest)
            .because(format!("sent again up to {tries} times in a row, {span}"))
            .because(all)
            .remedy(
                "find why the peer is silent; a request time-out or TCP_USER_TIMEOUT frees the connections",
            )
            .next(format!("{} -o wide", self.holder.sockets(self.end)));
        Some(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample::*, CHECK};
    use crate::{
        areas::sockets::facts::{Ages, End, Facts, Group, Mark},
        model::{ALL_STATES, Cell, Confidence, Kept, Reading, Severity, TcpState, Thing, Why},
    };

    /// `dead` of `count` connections get no answer, at the sixth repetition.
    fn silent(state: TcpState, count: u64, dead: u64) -> Group {
        let mut g = marked(group(state, count, &[90]), Mark::Dead, dead, &[30, 90]);
        g.marks.get_mut(&Mark::Dead).unwrap().tries = 6;
        g
    }
    const ESTABLISHED: TcpState = TcpState::Established;

    #[test]
    fn one_dead_connection_of_a_pool_is_a_warning_that_names_owner_and_peer() {
        let found = findings(&CHECK, &with(vec![silent(ESTABLISHED, 10, 2)]));
        let [f] = &found[..] else { panic!("{found:?}") };
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert_eq!(f.subject, Thing::Process(owner(41, "node", 4096).process));
        assert_eq!(f.about, [Thing::Peer { address: "10.0.3.7:443".into() }]);
        assert_eq!(evidence(f, "count"), Some(&Cell::Int(2)));
        assert_eq!(evidence(f, "retransmits"), Some(&Cell::Int(6)));
        assert_eq!(evidence(f, "oldest_unacked_s"), Some(&Cell::Int(90)));
        assert_eq!(f.title, "node (pid 41) waits on 2 connections to 10.0.3.7:443 without any answer");
        assert_eq!(f.next, ["sockets --pid 41 --peer 10.0.3.7:443 -o wide"]);
        assert!(f.because[1] == "of 10 connections there 2 get no answer", "{:?}", f.because);
    }

    #[test]
    fn the_healthy_pool_beside_it_is_clear() {
        assert_eq!(outcome(&CHECK, &with(vec![group(ESTABLISHED, 10, &[90])])), "clear 10/0");
    }

    #[test]
    fn from_twenty_on_it_is_critical_and_states_are_summed() {
        let severity =
            |groups| findings(&CHECK, &with(groups)).iter().map(|f| f.severity).collect::<Vec<_>>();
        assert_eq!(severity(vec![silent(ESTABLISHED, 1, 1)]), [Severity::Warning]);
        assert_eq!(severity(vec![silent(ESTABLISHED, 19, 19)]), [Severity::Warning]);
        assert_eq!(severity(vec![silent(ESTABLISHED, 20, 20)]), [Severity::Critical]);
        let states = vec![silent(ESTABLISHED, 15, 15), silent(TcpState::FinWait1, 5, 5)];
        assert_eq!(severity(states), [Severity::Critical]);
        let other = Group { end: End::Peer("10.0.3.8:443".into()), ..silent(ESTABLISHED, 15, 15) };
        assert_eq!(severity(vec![silent(ESTABLISHED, 15, 15), other]), [Severity::Warning; 2]);
    }

    #[test]
    fn attempts_to_connect_are_left_to_their_own_check() {
        assert_eq!(outcome(&CHECK, &with(vec![silent(TcpState::SynSent, 9, 9)])), "clear 0/0");
        assert_eq!(outcome(&CHECK, &with(vec![group(TcpState::TimeWait, 9, &[])])), "clear 0/0");
    }

    #[test]
    fn of_clients_only_a_share_is_remarkable() {
        let clients = |count, dead| Group { end: End::ClientsOf(443), ..silent(ESTABLISHED, count, dead) };
        assert_eq!(outcome(&CHECK, &with(vec![clients(9_000, 60)])), "clear 9000/0");
        assert_eq!(outcome(&CHECK, &with(vec![clients(100, 9)])), "clear 100/0");
        assert_eq!(outcome(&CHECK, &with(vec![clients(100, 10)])), "found 1");
        assert_eq!(outcome(&CHECK, &with(vec![clients(1, 1)])), "found 1");
    }

    #[test]
    fn an_age_that_the_kernel_did_not_tell_is_not_nought() {
        let mut g = silent(ESTABLISHED, 1, 1);
        g.marks.get_mut(&Mark::Dead).unwrap().ages = Ages::default();
        assert_eq!(evidence(&findings(&CHECK, &with(vec![g]))[0], "oldest_unacked_s"), Some(&Cell::Unseen));
    }

    #[test]
    fn what_cannot_be_seen_is_never_clear_and_never_one_culprit() {
        let unseen = |g| Group { owner: hole(Why::Denied), ..g };
        let found = findings(&CHECK, &with(vec![unseen(silent(ESTABLISHED, 30, 30))]));
        let [f] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            (&f.subject, f.confidence, f.severity),
            (&Thing::Host, Confidence::Low, Severity::Warning)
        );
        assert!(f.title.starts_with("someone who cannot be seen from here"), "{}", f.title);
        let quiet_stranger = unseen(group(ESTABLISHED, 5, &[1]));
        assert_eq!(outcome(&CHECK, &with(vec![quiet_stranger.clone()])), "unknown Denied");
        assert_eq!(outcome(&CHECK, &with(vec![quiet_stranger, group(ESTABLISHED, 5, &[1])])), "clear 5/1");
        let cut =
            Facts { groups: Reading::seen(Kept::worst(4, vec![group(ESTABLISHED, 5, &[1])])), ..quiet() };
        assert_eq!(outcome(&CHECK, &cut), "clear 5/3");
        let files = Facts { detail: hole(Why::Unsupported), ..with(vec![group(ESTABLISHED, 5, &[])]) };
        assert_eq!(outcome(&CHECK, &files), "unknown Unsupported");
        assert_eq!(outcome(&CHECK, &Facts { groups: hole(Why::Denied), ..quiet() }), "unknown Denied");
        let narrow = Facts { mask: ALL_STATES & !ESTABLISHED.bit(), ..with(vec![silent(ESTABLISHED, 9, 9)]) };
        assert_eq!(outcome(&CHECK, &narrow), "skipped");
    }
}
