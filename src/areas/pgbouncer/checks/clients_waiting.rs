//! `pgbouncer/clients-waiting`

use super::{
    super::facts::{Console, Facts, Pool, Seats, Stop},
    looks, named, pools, starved, stunted, tied, wait,
};
use crate::{
    check,
    model::{Cell, Confidence, Finding, Judging, Thing, What, rates},
};

check! {
    /// ## What it sees
    ///
    /// Clients that sent something and have no server connection to do it on, at two looks a second apart. A queue that comes
    /// and goes is how a pooler works: it counts only when the wait is one that people feel, which is the longest of the
    /// wait of the queue's head at both looks, of the average wait of those that were served in between, and of the
    /// time between the looks when the very same client waits at both. The reason is told from limits: every connection of the
    /// pool is taken (and by whom), `max_db_connections` or `max_user_connections` is reached, `PAUSE` was said, or no server
    /// connection comes up.
    ///
    /// ## Why it matters
    ///
    /// To the application it looks like a slow database, while the server may be idle. Its own timeouts and its own pool run out
    /// next. Who waits for as long as `query_wait_timeout` is sent away with an error.
    ///
    /// ## Confirm
    ///
    /// On the console, twice: `psql -p 6432 pgbouncer -c 'SHOW POOLS'` (`cl_waiting`, `maxwait`); `SHOW CLIENTS` names who
    /// is linked to a server connection. On the server: `paramedic pg activity`, or `SELECT application_name, client_addr,
    /// state, now() - xact_start FROM pg_stat_activity ORDER BY 4 DESC NULLS LAST`.
    ///
    /// ## Fix
    ///
    /// Find what holds the connections before the pool is made larger: a slow query, a lock, or a transaction that is open while
    /// the application does something else. With session pooling a client holds its connection until it goes: transaction
    /// pooling (`pool_mode = transaction`) lets many share one, if they use nothing of a session. Then `pool_size`, as far as
    /// the server has slots; `reserve_pool_size` for bursts; a database entry of its own for reports, so that they cannot take
    /// what requests need. After `PAUSE`: `RESUME`.
    "pgbouncer/clients-waiting": "clients that wait for a server connection"
    {
        wait_ms: "wait of clients at both looks, ms" = 100, 5000;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some((console, all)) = pools(f, out) else { return };
    for pool in all {
        let Some(seats) = looks(pool, out) else { continue };
        if seats.iter().any(|s| s.cl_waiting == 0) {
            continue;
        }
        let felt = felt_ms(console, pool, seats, out);
        let Some(severity) = at.wait_ms.of(felt) else { continue };
        let (reason, because, remedy) = reason(f, pool, out);
        let confidence = if reason.is_some() { Confidence::High } else { Confidence::Medium };
        let reason = reason.map_or_else(String::new, |r| format!(": {r}"));
        let title =
            format!("{} for a server connection in pool {}{reason}", wait(pool.now.cl_waiting), pool.name());
        let mut finding =
            tied(Finding::new(severity, confidence, named(console, pool), title), console, pool)
                .evidence("waiting", pool.now.cl_waiting)
                .evidence("waited_before", seats[0].cl_waiting)
                .evidence("wait_ms", felt)
                .evidence("maxwait_s", pool.now.maxwait_s)
                .evidence("avg_wait_ms", &pool.wait_ms.map(|ms| ms.map_or(Cell::None, Cell::from)))
                .evidence("servers", pool.now.servers())
                .evidence("pool_size", pool.size)
                .evidence("reserve", pool.reserve)
                .evidence("mode", pool.mode.as_str())
                .because(because);
        if let Some(holder) = pool.holders.first() {
            let who = Cell::List(pool.holders.iter().map(|h| format!("{}: {}", h.who, h.holds)).collect());
            let client = Thing::Named {
                what: What::Client,
                server: console.address.clone(),
                name: holder.who.clone(),
            };
            finding = finding.about(client).evidence("held_by", who);
        }
        out.find(finding.remedy(remedy).next("pgbouncer -o wide").next("pg activity"));
    }
}

/// What a client feels of it, as far as it is certain: never more than it waited.
fn felt_ms(console: &Console, pool: &Pool, seats: [&Seats; 2], out: &mut Judging) -> f64 {
    let head = seats[0].maxwait_s.min(seats[1].maxwait_s) * 1000.0;
    let average = out.aside(&pool.wait_ms).copied().flatten().unwrap_or(0.0);
    let stayed = out.aside(&pool.stayed).is_some_and(|n| *n > 0);
    // PgBouncer itself does not count the wait of a client whose login waits for the first server.
    let same = out.aside(&console.span_s).copied().filter(|_| stayed).unwrap_or(0.0) * 1000.0;
    head.max(average).max(same)
}

/// Why they wait, how that is known, and what to do.
fn reason(f: &Facts, pool: &Pool, out: &mut Judging) -> (Option<String>, String, String) {
    let servers = pool.now.servers();
    match pool.stop {
        Some(Stop::Paused) => (
            Some("it is paused".into()),
            "PAUSE was said on the console, and nobody is served until RESUME".into(),
            format!("RESUME {} on the console, when whoever paused it is done", pool.database),
        ),
        Some(Stop::DatabaseFull) => (
            Some("max_db_connections is reached".into()),
            format!(
                "{servers} server connections are its own; the others of the database belong to other users"
            ),
            "raise max_db_connections, if the server has the slots, or give the other users smaller pools"
                .into(),
        ),
        Some(Stop::UserFull) => (
            Some("max_user_connections is reached".into()),
            format!("user {} holds as many server connections over all databases as it may", pool.user),
            "raise max_user_connections, if the server has the slots, or give its other pools less".into(),
        ),
        None if starved(pool, &pool.now) => (
            Some("no server connection is up".into()),
            "not one is up, and nothing that the console tells forbids it".into(),
            "see why PgBouncer cannot log in to the server: its log says, and pgbouncer/login-failures"
                .into(),
        ),
        None if pool.size.is_some_and(|size| servers >= size) && pool.now.sv_idle == 0 => {
            let by = pool.holders.first().map_or_else(String::new, |h| format!(", {} by {}", h.holds, h.who));
            (Some(format!("all {servers} are taken{by}")), taken(pool), cure(f, pool, out))
        }
        None if stunted(pool, &pool.now) => (
            Some(format!("only {} of {} are up", pool.now.up(), pool.size.unwrap_or(0))),
            "all that are up serve a client, and no further one comes up".into(),
            "see whether the server lets PgBouncer in: its log says, and pgbouncer/login-failures".into(),
        ),
        None => (
            None,
            format!("{} of {servers} server connections serve a client", pool.now.sv_active),
            "look at the server: what its sessions do and wait for".into(),
        ),
    }
}

fn taken(pool: &Pool) -> String {
    let busy = pool.holders.iter().map(|h| h.busy_s).fold(0.0, f64::max);
    let oldest = if busy >= 1.0 {
        format!("; the oldest request on them is {} old", rates::span(busy))
    } else {
        String::new()
    };
    let until = match pool.mode.as_str() {
        "session" => "a client keeps one until it disconnects",
        "statement" => "a client keeps one for one statement",
        _ => "a client keeps one for the whole of its transaction",
    };
    format!("with {} pooling {until}{oldest}", pool.mode)
}

fn cure(f: &Facts, pool: &Pool, out: &mut Judging) -> String {
    let sent_away = out
        .aside(&f.config)
        .and_then(|c| c.query_wait_timeout_s)
        .filter(|s| *s > 0.0)
        .map_or_else(String::new, |s| format!("; who waits {} is sent away", rates::span(s)));
    let first = if pool.mode == "session" {
        "disconnect clients that idle, or pool by transaction"
    } else {
        "end what holds them, then see whether the pool is too small"
    };
    format!("{first}{sent_away}")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::{Reading, Severity, Why};

    #[test]
    fn a_queue_that_people_feel_is_found_with_who_holds_the_servers() {
        let f = &found(&CHECK, &with("1.18.0", vec![full(4, 2.0)]))[0];
        assert_eq!(
            f.title,
            "4 clients wait for a server connection in pool shop/app: all 2 are taken, 2 by report at 10.0.1.2"
        );
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert!(f.because[0].contains("oldest request on them is 40s old"), "{:?}", f.because);
        assert!(f.about.contains(&Thing::Peer { address: "10.0.0.7:5432".into() }), "{:?}", f.about);
        assert!(f.remedy.contains("who waits 2m is sent away"), "{}", f.remedy);
        assert!(f.evidence.contains(&("waiting", Cell::Int(4))));
    }

    #[test]
    fn a_queue_of_one_moment_or_of_milliseconds_is_how_a_pooler_works() {
        clear(&CHECK, &with("1.18.0", vec![quiet()]));
        let brief = Pool { wait_ms: Reading::seen(Some(4.0)), ..full(18, 0.012) };
        clear(&CHECK, &with("1.18.0", vec![brief.clone()]));
        let before = Seats { cl_waiting: 0, maxwait_s: 0.0, ..brief.now };
        clear(&CHECK, &with("1.18.0", vec![Pool { before: Reading::seen(before), ..full(18, 9.0) }]));
        clear(&CHECK, &with("1.18.0", vec![Pool { now: before, ..full(18, 9.0) }]));
    }

    #[test]
    fn the_wait_counts_from_its_level_on_by_whichever_figure_tells_it() {
        let severity = |pool: Pool| match outcome(&CHECK, &with("1.24.0", vec![pool])) {
            crate::model::Outcome::Found { findings, .. } => Some(findings[0].severity),
            _ => None,
        };
        for (wait_s, expected) in [
            (0.099, None),
            (0.1, Some(Severity::Warning)),
            (4.999, Some(Severity::Warning)),
            (5.0, Some(Severity::Critical)),
        ] {
            assert_eq!(severity(full(1, wait_s)), expected, "{wait_s} s at the head");
            let average = Pool { wait_ms: Reading::seen(Some(wait_s * 1000.0)), ..full(1, 0.0) };
            assert_eq!(severity(average), expected, "{wait_s} s on average");
        }
        assert_eq!(severity(full(1, 0.0)), None);
        let same = Pool { stayed: Reading::seen(1), ..full(1, 0.0) };
        assert_eq!(severity(same), Some(Severity::Warning), "the same client for a second");
    }

    #[test]
    fn the_reason_is_the_limit_that_is_reached() {
        let title = |pool: Pool| found(&CHECK, &with("1.18.0", vec![pool]))[0].title.clone();
        for (stop, says) in [
            (Stop::Paused, "it is paused"),
            (Stop::DatabaseFull, "max_db_connections"),
            (Stop::UserFull, "max_user_connections"),
        ] {
            assert!(title(Pool { stop: Some(stop), ..full(1, 2.0) }).contains(says));
        }
        assert!(title(no_server(1, 0)).ends_with(
            "1 client waits for a server connection in pool shop/app: no server connection is up"
        ));
        assert!(title(Pool { size: Some(20), ..full(1, 2.0) }).ends_with("only 2 of 20 are up"));
        let free = Seats { sv_idle: 3, sv_active: 0, ..full(1, 2.0).now };
        let odd = Pool { now: free, size: Some(20), ..full(1, 2.0) };
        assert!(title(odd).ends_with("in pool shop/app"), "no reason is made up");
    }

    #[test]
    fn one_look_is_not_two() {
        let once = Pool { before: Reading::unseen(Why::TimedOut), ..full(4, 9.0) };
        unknown(&CHECK, &with("1.18.0", vec![once.clone()]), Why::TimedOut);
        assert_eq!(clear(&CHECK, &with("1.18.0", vec![quiet(), once])), (1, 1));
        needs_the_console(&CHECK);
    }
}
