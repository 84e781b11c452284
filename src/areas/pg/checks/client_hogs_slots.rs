//! `pg/client-hogs-slots`

use super::{
    super::facts::{Facts, session::Program},
    who::{Fill, client, fill, pct, peer, told, undecided},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Why, rates},
};

check! {
    /// ## What it sees
    ///
    /// One application that holds most of the ordinary connection slots of a server on which others are short of them: slots
    /// are scarce, most sessions are at work or inside a transaction (or next to none is left), and other applications have
    /// sessions here too. An application is what calls itself so (`application_name`), else a role; when most of its sessions
    /// come from one address, that is named. A server with one application only has nobody to protect from it.
    ///
    /// ## Why it matters
    ///
    /// There is no bulkhead: when this application is slow, everybody else's logins fail. The bigger its pools, the more of
    /// them it takes exactly when it is in trouble.
    ///
    /// ## Confirm
    ///
    /// `paramedic pg pool`, or: `SELECT application_name, usename, client_addr, count(*) FROM pg_stat_activity WHERE
    /// backend_type = 'client backend' GROUP BY 1, 2, 3 ORDER BY 4 DESC`.
    ///
    /// ## Fix
    ///
    /// A wall for it: `ALTER ROLE app CONNECTION LIMIT n`, a role of its own for each application, a pool of its own in
    /// PgBouncer (`max_user_connections`). Then a pool that fits: `paramedic pg pool --instances N --pool M`. One address with
    /// many more than its siblings leaks connections or runs without a pool.
    "pg/client-hogs-slots": "one application holds most connection slots"
    {
        share_pct: "held by one application, % of the ordinary slots" = 60;
        used_pct: "taken in all, % of the ordinary slots" = 80;
        idle_pct: "idle sessions from which on a full server is as planned, % of the clients" = 50;
        free: "with fewer free slots than this it does not matter whether they idle" = 3;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(fill) = fill(f, out) else { return };
    let programs = fill.activity.programs.top();
    out.looked(fill.activity.programs.total());
    let Some(first) = programs.first() else { return };
    let others = fill.activity.clients - first.sessions.min(fill.activity.clients);
    let scarce = fill.used_pct() >= at.used_pct.value();
    if !scarce || others == 0 || pct(first.sessions, fill.slots) < at.share_pct.value() {
        return;
    }
    if (fill.free() as f64) >= at.free.value() {
        match fill.busy(at.idle_pct.value()) {
            Some(true) => {}
            Some(false) => return,
            None => {
                return undecided(
                    out,
                    Why::Denied,
                    "whether its sessions are idle is hidden: it takes pg_read_all_stats",
                );
            }
        }
    }
    out.find(finding(&fill, first, others));
}

fn finding(fill: &Fill, hog: &Program, others: u64) -> Finding {
    let server = fill.server;
    let n = rates::count;
    // The address is worth naming when it alone is most of it, and has siblings that are modest.
    let groups = fill.activity.groups.top().iter();
    let most = groups
        .filter(|g| (&g.application, &g.user) == (&hog.application, &hog.user) && hog.addresses > 1)
        .find(|g| g.sessions * 2 > hog.sessions)
        .and_then(|g| g.client.as_ref().map(|c| (c, g.sessions)));
    let at = most.map(|(c, sessions)| format!(", {} of them at {c}", n(sessions))).unwrap_or_default();
    let title = format!(
        "{} holds {} of the {} ordinary slots of Postgres at {}{at}",
        hog.name(),
        n(hog.sessions),
        n(fill.slots),
        server.peer
    );
    Finding::new(Severity::Warning, Confidence::High, client(server, hog.name()), title)
        .about(peer(server))
        .evidence("sessions", hog.sessions)
        .evidence("slots", fill.slots)
        .evidence("share_pct", pct(hog.sessions, fill.slots))
        .evidence("free", fill.free())
        .evidence("others", others)
        .evidence("largest_at_one_address", most.map(|m| m.1).unwrap_or(hog.largest))
        .because(told(hog))
        .because(format!(
            "all others have {} sessions, and {} slots are left for them",
            n(others),
            n(fill.free())
        ))
        .remedy("give it a role with a CONNECTION LIMIT and a pool that fits, so that the others keep theirs")
        .next("pg pool")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Thing, What};

    fn shared(web: u64, state: &str, other: u64) -> Facts {
        let of_web = (0..web)
            .map(|i| on(if i % 10 < 9 { "10.0.0.5" } else { "10.0.0.6" }, client_session("web", state)));
        server_with(100, of_web.chain((0..other).map(|_| client_session("billing", "idle"))))
    }

    #[test]
    fn who_holds_most_slots_of_a_server_that_others_need_is_found() {
        let f = &found(&CHECK, &shared(80, "active", 5))[0];
        assert_eq!(
            f.title,
            "web holds 80 of the 97 ordinary slots of Postgres at 10.0.0.3:5432, 72 of them at 10.0.0.5"
        );
        assert_eq!(f.severity, Severity::Warning);
        assert_eq!(f.subject, Thing::Named { what: What::Client, server: PEER.into(), name: "web".into() });
        assert!(
            f.evidence.contains(&("others", 5u64.into())) && f.evidence.contains(&("free", 11u64.into()))
        );
        assert_eq!(f.because[1], "all others have 5 sessions, and 11 slots are left for them");
    }

    #[test]
    fn a_server_of_its_own_and_a_pool_at_rest_are_nobodys_harm() {
        clear(&CHECK, &shared(90, "active", 0));
        clear(&CHECK, &shared(80, "idle", 5));
        clear(&CHECK, &shared(57, "active", 25));
        clear(&CHECK, &shared(60, "active", 5));
        assert_eq!(found(&CHECK, &shared(59, "active", 20)).len(), 1);
        assert_eq!(found(&CHECK, &shared(90, "idle", 4)).len(), 1, "nobody else gets in any more");
    }

    #[test]
    fn sessions_that_hide_what_they_do_are_not_taken_for_busy() {
        let hidden = (0..80).map(|_| hidden_session("web"));
        let facts = server_with(100, hidden.chain((0..5).map(|_| client_session("billing", "idle"))));
        unknown(&CHECK, &without_rights(facts), Why::Denied);
        skipped(&CHECK, &Facts::unseen(Why::NotAsked));
    }
}
