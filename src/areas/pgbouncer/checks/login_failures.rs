//! `pgbouncer/login-failures`

use super::{
    super::facts::{Config, Facts, Pool, Seats},
    looks, named, pools, starved, stunted, tied, wait,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, rates},
};

check! {
    /// ## What it sees
    ///
    /// A pool whose clients wait while not one of its server connections is up, at two looks a second apart, though neither
    /// `PAUSE` nor a limit of connections explains it: PgBouncer tries to log in to the server and does not come in. The
    /// same when some are up, all of them taken and fewer than `pool_size`, and none is added for clients that wait at both looks; and
    /// server connections that log in at the first look and still do at the second, while clients wait. A
    /// first connection of a cold pool takes milliseconds, so two looks tell it apart.
    ///
    /// Why the login fails stands in PgBouncer's log only. Three things are not seen here: what refuses clients at once instead
    /// of letting them wait (they are gone before one can count them), who would wait if anybody asked for something, and,
    /// before the console had `SHOW STATE`, whether `PAUSE` of everything is the reason.
    ///
    /// ## Why it matters
    ///
    /// Nobody of this database and user is served. After a failure PgBouncer waits `server_login_retry` until it tries again:
    /// a server that is back for long still looks dead for that time, and clients meet their timeouts. To an application it
    /// looks as if the pooler hung, and `maxwait` may read 0 all the while.
    ///
    /// ## Confirm
    ///
    /// The log: `grep -E 'login failed|connect failed|closing because' /var/log/postgresql/pgbouncer.log | tail`, or
    /// `kubectl logs`. By hand, from where PgBouncer runs and as the user of the pool: `psql -h SERVER -p 5432 -U USER
    /// DATABASE`. On the console `SHOW SERVERS` stays empty for the pool, or shows state `new`.
    ///
    /// ## Fix
    ///
    /// `connect failed`: the server is down, or name, port, firewall or route are wrong (`SHOW DNS_HOSTS`). `password
    /// authentication failed`: the password in `auth_file` or of `auth_query` is not the server's, or `pg_hba.conf` does not let
    /// this address in; SCRAM secrets cannot be used to log in to a server unless the client logged in with them. `too many
    /// clients` or `remaining connection slots are reserved`: the server is full, see `pgbouncer/pool-over-server`. Then
    /// `RECONNECT` or wait; a smaller `server_login_retry` shortens the way back.
    "pgbouncer/login-failures": "server connections that do not come up"
    {
        waiting: "clients that wait at both looks" = 1;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some((console, all)) = pools(f, out) else { return };
    for pool in all {
        let Some(seats) = looks(pool, out) else { continue };
        let waiting = seats[0].cl_waiting.min(seats[1].cl_waiting);
        if waiting == 0 || (waiting as f64) < at.waiting.value() {
            continue;
        }
        let retry = out.aside(&f.config).and_then(|c: &Config| c.server_login_retry_s);
        let stayed = out.aside(&pool.stayed).copied();
        let found = if seats.iter().all(|s| starved(pool, s)) && stayed != Some(0) {
            let blind = out.aside(&console.halted).is_none();
            Some(nobody(pool, seats, retry, blind))
        } else {
            let stuck = out.aside(&pool.stuck_logins).copied().unwrap_or(0);
            let hangs = (stuck > 0 && pool.stop.is_none()).then(|| slow(pool, stuck));
            // Without a failure behind it PgBouncer opens one at once for whoever waits.
            let grows = seats[1].up() > seats[0].up();
            let no_more = !grows && stayed > Some(0) && seats.iter().all(|s| stunted(pool, s));
            hangs.or_else(|| no_more.then(|| few(pool, retry)))
        };
        let Some((severity, title, because, remedy)) = found else { continue };
        // From 1.24 on a user may have a pool size of its own, which the console does not tell.
        let sure = pool.now.up() == 0 || console.number().is_some_and(|v| v < (1, 24));
        let confidence = if sure { Confidence::Medium } else { Confidence::Low };
        let mut finding = Finding::new(severity, confidence, named(console, pool), title)
            .evidence("waiting", pool.now.cl_waiting)
            .evidence("servers_up", pool.now.up())
            .evidence("logging_in", pool.now.sv_login)
            .evidence("pool_size", pool.size)
            .evidence("server", pool.servers.first().map(String::as_str))
            .evidence("retry_s", retry);
        for sentence in because {
            finding = finding.because(sentence);
        }
        out.find(tied(finding.remedy(remedy).next("explain pgbouncer/login-failures"), console, pool));
    }
}

type Found = (Severity, String, Vec<String>, String);

fn nobody(pool: &Pool, seats: [&Seats; 2], retry: Option<f64>, blind: bool) -> Found {
    let at = pool.servers.first().map_or_else(String::new, |s| format!(" to {s}"));
    let title = format!(
        "PgBouncer gets no server connection{at} for pool {}: {}",
        pool.name(),
        wait(pool.now.cl_waiting)
    );
    let logs_in = seats.iter().all(|s| s.sv_login > 0);
    let tries = match retry {
        _ if logs_in => "one is logging in at both looks and is not let in".to_string(),
        Some(s) => format!("after a login that failed it waits {} until it tries again", rates::span(s)),
        None => "after a login that failed it waits until it tries again".to_string(),
    };
    let mut because = vec![
        "at both looks clients wait and not one server connection is up, though no limit of it is reached"
            .into(),
        tries,
    ];
    if blind && !logs_in {
        because.push("PAUSE without a database looks the same: this version does not tell".into());
    }
    let remedy = "its log says why: look for `login failed` and `connect failed`; then the password, the server, the route";
    (Severity::Critical, title, because, remedy.into())
}

fn few(pool: &Pool, retry: Option<f64>) -> Found {
    let size = pool.size.unwrap_or(0);
    let title = format!(
        "PgBouncer gets no further server connection for pool {}: {} of {size} are up while {}",
        pool.name(),
        pool.now.up(),
        wait(pool.now.cl_waiting)
    );
    let mut because = vec!["the same clients wait at both looks, every server connection that is up is taken, and none is added, \
        though no limit of the pooler is reached"
        .to_string()];
    if let Some(s) = retry {
        because.push(format!("after a login that failed it waits {} until it tries again", rates::span(s)));
    }
    let remedy =
        "its log says why; most often the server is full: `too many clients` or `remaining connection slots`";
    (Severity::Warning, title, because, remedy.into())
}

fn slow(pool: &Pool, stuck: u64) -> Found {
    let title = format!("server connections of pool {} hang in their login while clients wait", pool.name());
    let because =
        format!("{stuck} logged in at the first look and at the second; {} others are up", pool.now.up());
    let remedy =
        "see what the server's login waits for: pg_hba.conf with LDAP or names, a full server, its CPU";
    (Severity::Warning, title, vec![because], remedy.into())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{super::facts::Stop, recorded::*},
        *,
    };
    use crate::model::{Reading, Thing, Why};

    #[test]
    fn clients_that_wait_before_no_server_at_all_are_found_though_maxwait_is_zero() {
        let pool = no_server(2, 0);
        assert_eq!(pool.now.maxwait_s, 0.0);
        let f = &found(&CHECK, &with("1.18.0", vec![pool]))[0];
        assert_eq!(
            f.title,
            "PgBouncer gets no server connection to db:5432 for pool shop/app: 2 clients wait"
        );
        assert_eq!((f.severity, f.confidence), (Severity::Critical, Confidence::Medium));
        assert!(f.because[1].contains("waits 15s until"), "{:?}", f.because);
        assert!(f.because[2].contains("PAUSE"), "{:?}", f.because);
        assert!(f.about.contains(&Thing::Peer { address: "db:5432".into() }));
    }

    #[test]
    fn a_pool_that_is_stopped_full_or_cold_is_not_accused() {
        for stop in [Stop::Paused, Stop::DatabaseFull, Stop::UserFull] {
            clear(&CHECK, &with("1.18.0", vec![Pool { stop: Some(stop), ..no_server(2, 0) }]));
        }
        clear(&CHECK, &with("1.18.0", vec![full(9, 30.0), quiet(), no_server(0, 0)]));
        // Its first client came between the looks, or another one each time.
        let before = Seats::default();
        clear(&CHECK, &with("1.18.0", vec![Pool { before: Reading::seen(before), ..no_server(1, 1) }]));
        clear(&CHECK, &with("1.18.0", vec![Pool { stayed: Reading::seen(0), ..no_server(1, 1) }]));
    }

    #[test]
    fn a_login_that_hangs_beside_others_that_serve_is_a_warning() {
        let seats = Seats { sv_login: 1, ..full(3, 0.5).now };
        let hangs =
            Pool { now: seats, before: Reading::seen(seats), stuck_logins: Reading::seen(1), ..full(3, 0.5) };
        let f = &found(&CHECK, &with("1.18.0", vec![hangs.clone()]))[0];
        assert_eq!(f.severity, Severity::Warning);
        assert!(f.title.contains("hang in their login"), "{}", f.title);
        // One after the other logs in: so a pool grows.
        clear(&CHECK, &with("1.18.0", vec![Pool { stuck_logins: Reading::seen(0), ..hangs }]));
    }

    #[test]
    fn a_pool_that_cannot_grow_is_a_warning() {
        let two_of_five = Pool { size: Some(5), stayed: Reading::seen(2), ..full(2, 3.0) };
        let f = &found(&CHECK, &with("1.18.0", vec![two_of_five.clone()]))[0];
        assert!(f.title.ends_with("for pool shop/app: 2 of 5 are up while 2 clients wait"), "{}", f.title);
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::Medium));
        let new = &found(&CHECK, &with("1.24.1", vec![two_of_five.clone()]))[0];
        assert_eq!(new.confidence, Confidence::Low, "a user may have a size of its own there");
        clear(&CHECK, &with("1.18.0", vec![Pool { stayed: Reading::seen(0), ..two_of_five.clone() }]));
        clear(&CHECK, &with("1.18.0", vec![Pool { size: Some(2), ..two_of_five.clone() }]));
        let one = Seats { sv_active: 1, ..two_of_five.now };
        clear(&CHECK, &with("1.18.0", vec![Pool { before: Reading::seen(one), ..two_of_five }]));
    }

    #[test]
    fn without_the_list_of_clients_the_counts_have_to_do_and_without_a_second_look_nothing_does() {
        let f = found(
            &CHECK,
            &with("1.18.0", vec![Pool { stayed: Reading::unseen(Why::TooMany), ..no_server(2, 0) }]),
        );
        assert_eq!(f.len(), 1);
        let once = Pool { before: Reading::unseen(Why::TimedOut), ..no_server(2, 0) };
        unknown(&CHECK, &with("1.18.0", vec![once]), Why::TimedOut);
        needs_the_console(&CHECK);
    }
}
