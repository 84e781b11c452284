//! `pgbouncer/pool-over-server`

use super::{
    super::facts::{Console, Facts, capacity::Host, capacity::Slots},
    UNASKED,
};
use crate::{
    check,
    model::{Cell, Confidence, Finding, Judging, Severity, Thing, Why},
};

check! {
    /// ## What it sees
    ///
    /// For each server behind the pooler: what its pools may open together, against the slots that the server has for ordinary
    /// sessions. A pool is a database and a user that connected, and each may have `pool_size` connections and the reserve; a
    /// database stays below `max_db_connections` and a user below `max_user_connections`. The slots are asked of the
    /// server itself (`--pg`) or given (`--slots`). Other poolers, and clients that go to the server directly, are not counted.
    /// Sizes that are set for single users (1.24 and newer) are not seen.
    ///
    /// More than fits is a notice while few clients are connected, as many installations allow more than ever comes. It is a
    /// warning when the clients that are connected now would be enough, if all of them asked for something at once.
    ///
    /// ## Why it matters
    ///
    /// A pooler is there to keep the server from being full. When its pools are larger than the server, the peak goes
    /// through: logins of the pooler fail (`too many clients already`), its clients wait or fail, and nobody else gets in, not
    /// even with the tool that would tell why. `pool_size` is for each database and user, not for all: ten users of one database
    /// are ten pools.
    ///
    /// ## Confirm
    ///
    /// `psql -p 6432 pgbouncer -c 'SHOW DATABASES' -c 'SHOW POOLS'`; on the server `SHOW max_connections` and `SHOW
    /// superuser_reserved_connections` (and `reserved_connections`, 16 and newer). Several poolers: multiply.
    ///
    /// ## Fix
    ///
    /// `max_db_connections` for each database so that the sum fits (it is the limit that counts all users), or a smaller
    /// `default_pool_size`; fewer users, or `user=` in the entry of the database, make fewer pools. Leave room for
    /// migrations, jobs and people. A larger `max_connections` needs a restart and memory, and seldom makes a server faster.
    "pgbouncer/pool-over-server": "pools larger than their server"
    {
        slots_pct: "server connections that pools may open, % of the server's slots; more is found" = 100;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(console) = out.part(&f.console, UNASKED) else { return };
    let Some(hosts) = out.part(&f.hosts, "its databases or pools could not be read") else { return };
    if !hosts.top().is_empty() && hosts.top().iter().all(|h| out.aside(&h.slots).is_none()) {
        // The same reason for all: nobody asked, or the server did not answer.
        for host in hosts.top().iter().take(1) {
            out.part(&host.slots, "the server's slots: say --pg TARGET or --slots N");
        }
        return;
    }
    out.unseen(hosts.total() - hosts.top().len() as u64, Why::TooMany);
    for host in hosts.top() {
        let Some(slots) = out.see(&host.slots) else { continue };
        let ordinary = slots.ordinary();
        let bears = ordinary as f64 * at.slots_pct.value() / 100.0;
        let over = |n: u64| n as f64 > bears;
        if over(host.may_open) {
            let severity = if over(host.clients_fill) { Severity::Warning } else { Severity::Notice };
            out.find(finding(console, host, *slots, severity));
        }
    }
}

fn finding(console: &Console, host: &Host, slots: Slots, severity: Severity) -> Finding {
    let ordinary = slots.ordinary();
    let title = format!(
        "pools may open {} connections to {}, which has {ordinary} slots",
        host.may_open, host.server
    );
    let asked = match slots {
        Slots::Given { .. } => "the slots were given".to_string(),
        Slots::Asked { max, reserved } => {
            format!("the server has max_connections {max}, {reserved} of them reserved")
        }
    };
    let clients = match severity {
        Severity::Notice => {
            format!("the clients that are connected now can fill {}: it fits as yet", host.clients_fill)
        }
        _ => format!("the clients that are connected now can fill {}, if all ask at once", host.clients_fill),
    };
    let terms = Cell::List(host.terms.iter().map(ToString::to_string).collect());
    let mut finding =
        Finding::new(severity, Confidence::High, Thing::Peer { address: host.server.clone() }, title)
            .about(Thing::Peer { address: console.address.clone() });
    for address in host.addresses.iter().filter(|a| **a != host.server) {
        finding = finding.about(Thing::Peer { address: address.clone() });
    }
    finding
        .evidence("may_open", host.may_open)
        .evidence("slots", ordinary)
        .evidence("clients_fill", host.clients_fill)
        .evidence("open", host.open)
        .evidence("pools", host.pools)
        .evidence("terms", terms)
        .because(sum(host))
        .because(asked)
        .because(clients)
        .remedy(format!(
            "max_db_connections for its databases, {ordinary} in all less what goes to the server directly; or smaller pools"
        ))
        .next("pgbouncer -o wide")
}

/// The arithmetic, as far as it fits a line.
fn sum(host: &Host) -> String {
    let told: Vec<String> = host.terms.iter().take(4).map(|t| format!("({t})")).collect();
    let more = host.terms.len().saturating_sub(4);
    let rest = if more > 0 { format!(" and {more} more databases") } else { String::new() };
    format!("{}{rest} = {}", told.join(" + "), host.may_open)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::facts::capacity::Term, recorded::*},
        *,
    };
    use crate::model::{Kept, Outcome, Reading};

    fn host(may_open: u64, clients_fill: u64, slots: Reading<Slots>) -> Host {
        Host {
            server: "db:5432".into(),
            addresses: vec!["10.0.0.7:5432".into()],
            pools: 4,
            may_open,
            clients_fill,
            open: 5,
            terms: vec![
                Term { database: "shop".into(), users: 3, each: 20, cap: None, sum: 60 },
                Term { database: "crm".into(), users: 1, each: 20, cap: None, sum: 20 },
            ],
            slots,
        }
    }

    fn facts(hosts: Vec<Host>) -> Facts {
        Facts { hosts: Reading::seen(Kept::whole(hosts)), ..with("1.18.0", vec![]) }
    }

    fn asked(max: u64) -> Reading<Slots> {
        Reading::seen(Slots::Asked { max, reserved: 3 })
    }

    #[test]
    fn pools_that_the_clients_of_now_could_fill_beyond_the_server_are_a_warning_with_the_arithmetic() {
        let f = &found(&CHECK, &facts(vec![host(80, 60, asked(53))]))[0];
        assert_eq!(f.title, "pools may open 80 connections to db:5432, which has 50 slots");
        assert_eq!(
            (f.severity, f.subject.clone()),
            (Severity::Warning, Thing::Peer { address: "db:5432".into() })
        );
        assert_eq!(f.because[0], "(shop: 3 users × 20) + (crm: 1 user × 20) = 80");
        assert_eq!(f.because[1], "the server has max_connections 53, 3 of them reserved");
        assert!(
            f.about.contains(&Thing::Peer { address: "10.0.0.7:5432".into() }),
            "a finding of pg meets it"
        );
    }

    #[test]
    fn on_paper_only_it_is_a_notice_and_what_fits_is_none() {
        assert_eq!(found(&CHECK, &facts(vec![host(80, 50, asked(53))]))[0].severity, Severity::Notice);
        assert_eq!(clear(&CHECK, &facts(vec![host(50, 50, asked(53))])), (1, 0));
    }

    #[test]
    fn slots_that_nobody_asked_for_are_not_plenty() {
        let none = || Reading::unseen(Why::NotAsked);
        let unasked = outcome(&CHECK, &facts(vec![host(80, 60, none()), host(8, 6, none())]));
        assert!(matches!(unasked, Outcome::Skipped { detail } if detail.contains("--slots")), "{unasked:?}");
        unknown(&CHECK, &facts(vec![host(80, 60, Reading::unseen(Why::Denied))]), Why::Denied);
        let elsewhere = facts(vec![host(8, 6, asked(100)), host(80, 60, Reading::unseen(Why::Absent))]);
        assert_eq!(clear(&CHECK, &elsewhere), (1, 1));
        needs_the_console(&CHECK);
    }

    #[test]
    fn a_pooler_that_nobody_used_yet_may_open_nothing() {
        assert_eq!(clear(&CHECK, &facts(vec![])), (0, 0));
    }
}
