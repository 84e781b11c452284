//! `pg/no-timeouts`

use super::{
    super::facts::{
        Facts,
        server::Server,
        session::{Activity, Group},
    },
    who::{client, peer, undecided},
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Why},
};

check! {
    /// ## What it sees
    ///
    /// That nothing ends a statement that runs for ever, or a session that idles inside a transaction: the timeouts are 0, and
    /// roles that are connected have none of their own (`ALTER ROLE … SET`, `ALTER DATABASE … SET`). What a client sets after it
    /// logged in cannot be seen from another session. The server's own value is hidden when the role that looks has one of
    /// its own: then it is not judged. `transaction_timeout` (17 and newer) stands for both.
    ///
    /// ## Why it matters
    ///
    /// One forgotten `BEGIN`, one client behind a dead network, one bad plan holds its locks, its slot and old row versions until
    /// somebody gets up at night. A timeout makes an error of it, which the application logs and retries.
    ///
    /// ## Confirm
    ///
    /// As the application's role: `SHOW statement_timeout`, `SHOW idle_in_transaction_session_timeout`, `SHOW lock_timeout`. What
    /// roles have of their own: `\drds` in psql.
    ///
    /// ## Fix
    ///
    /// Per role, not for the whole server, so that dumps and migrations keep their time: `ALTER ROLE app SET statement_timeout =
    /// '30s'`, `ALTER ROLE app SET idle_in_transaction_session_timeout = '60s'`. For migrations `SET lock_timeout = '5s'` and a
    /// retry. Behind PgBouncer in transaction mode a plain `SET` of the client leaks to others: set it on the role.
    "pg/no-timeouts": "nothing ends statements or transactions that hang"
    {}
    judge(Facts)
}

/// What each of them would end.
const TIMEOUTS: [(&str, &str); 2] = [
    ("statement_timeout", "a statement that runs for ever"),
    ("idle_in_transaction_session_timeout", "a session that idles inside a transaction"),
];
/// Groups of clients that are named.
const NAMED: usize = 3;

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(server) = out.part(&f.server, "the server was not seen") else { return };
    if server.number("transaction_timeout").is_some_and(|ms| ms > 0) {
        return out.looked(1);
    }
    let clients = out.aside(&f.activity);
    let mut missing = Vec::new();
    for (name, ends) in TIMEOUTS {
        // What we read is the value of our own role.
        let ours = server.own.iter().any(|o| o.name == name && applies(o, &server.user, &server.database));
        match server.number(name) {
            _ if ours => out.unseen(1, Why::Unsupported),
            None => out.unseen(1, Why::Absent),
            Some(0) => {
                out.looked(1);
                match bare(server, clients, name) {
                    Bare::Nobody => {}
                    Bare::Some(whose) => missing.push((name, ends, whose)),
                }
            }
            Some(_) => out.looked(1),
        }
    }
    if missing.is_empty() {
        if server.settings.is_empty() {
            undecided(out, Why::Malformed, "the settings were not understood");
        }
        return;
    }
    let names: Vec<&str> = missing.iter().map(|m| m.0).collect();
    let title = format!("Postgres at {} has no {}", server.peer, names.join(" and no "));
    let zero = |name: &str| server.settings.get(name).cloned();
    let mut finding = Finding::new(Severity::Notice, Confidence::Medium, peer(server), title)
        .evidence("statement_timeout_ms", zero("statement_timeout"))
        .evidence("idle_in_transaction_session_timeout_ms", zero("idle_in_transaction_session_timeout"))
        .evidence("lock_timeout_ms", zero("lock_timeout"));
    for (name, ends, whose) in &missing {
        let who: Vec<&str> = whose.iter().take(NAMED).map(|g| g.user.as_str()).collect();
        let more = if whose.len() > NAMED { ", …" } else { "" };
        let roles = if who.is_empty() { String::new() } else { format!(" for {}{more}", who.join(", ")) };
        finding = finding.because(format!("{name} is 0{roles}: nothing ends {ends}"));
        for g in whose.iter().take(NAMED) {
            let thing = client(server, g.name());
            if !finding.about.contains(&thing) {
                finding = finding.about(thing);
            }
        }
    }
    out.find(
        finding
            .because("what clients set after they logged in is not seen from here")
            .remedy("ALTER ROLE app SET idle_in_transaction_session_timeout = '60s', and a statement_timeout that suits it")
            .next("explain pg/no-timeouts"),
    );
}

/// Whom a timeout of the server leaves without one.
enum Bare<'a> {
    /// Every role that is connected has one of its own.
    Nobody,
    /// These, one of each role; none when nobody else is connected.
    Some(Vec<&'a Group>),
}

fn bare<'a>(server: &Server, clients: Option<&'a Activity>, name: &str) -> Bare<'a> {
    let groups = clients.map(|a| a.groups.top()).unwrap_or_default();
    let covered = |g: &Group| {
        server.own.iter().any(|o| o.on && o.name == name && applies(o, &g.user, &g.database))
            || server
                .own
                .iter()
                .any(|o| o.on && o.name == "transaction_timeout" && applies(o, &g.user, &g.database))
    };
    let mut whose: Vec<&Group> = Vec::new();
    for g in groups.iter().filter(|g| !covered(g)) {
        if whose.iter().all(|w| w.user != g.user) {
            whose.push(g);
        }
    }
    if whose.is_empty() && !groups.is_empty() { Bare::Nobody } else { Bare::Some(whose) }
}

fn applies(own: &super::super::facts::server::Own, user: &str, database: &str) -> bool {
    own.role.as_deref().is_none_or(|r| r == user) && own.database.as_deref().is_none_or(|d| d == database)
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::areas::pg::facts::server::Own;

    fn plain() -> Facts {
        server_with(100, [client_session("web", "idle")])
    }
    fn own(role: Option<&str>, database: Option<&str>, name: &str, on: bool) -> Own {
        Own { role: role.map(Into::into), database: database.map(Into::into), name: name.into(), on }
    }
    fn both(role: Option<&str>, database: Option<&str>) -> Vec<Own> {
        TIMEOUTS.iter().map(|(name, _)| own(role, database, name, true)).collect()
    }
    fn owned(all: Vec<Own>) -> Facts {
        server_says(plain(), |s| s.own = all)
    }

    #[test]
    fn a_server_as_it_is_installed_is_a_notice() {
        let f = &found(&CHECK, &plain())[0];
        assert_eq!(
            f.title,
            "Postgres at 10.0.0.3:5432 has no statement_timeout and no idle_in_transaction_session_timeout"
        );
        assert_eq!(f.severity, Severity::Notice);
        assert_eq!(
            f.because[0],
            "statement_timeout is 0 for app: nothing ends a statement that runs for ever"
        );
        assert_eq!(f.about, [client(&Server { peer: PEER.into(), ..Server::default() }, "web")]);
        assert_eq!(found(&CHECK, &server_with(100, [])).len(), 1, "nobody is connected yet");
    }

    #[test]
    fn timeouts_of_the_server_and_of_the_connected_roles_are_enough() {
        let mut facts = plain();
        setting(&mut facts, "statement_timeout", "30000");
        setting(&mut facts, "idle_in_transaction_session_timeout", "60000");
        assert_eq!(clear(&CHECK, &facts), (2, 0), "a lock_timeout is for migrations");
        clear(&CHECK, &owned(both(Some("app"), None)));
        let mut facts = plain();
        setting(&mut facts, "transaction_timeout", "60000");
        clear(&CHECK, &facts);
    }

    #[test]
    fn timeouts_of_somebody_else_do_not_help() {
        assert_eq!(found(&CHECK, &owned(both(Some("batch"), None))).len(), 1);
        assert_eq!(found(&CHECK, &owned(both(Some("app"), Some("other")))).len(), 1);
        let off = owned(vec![own(Some("app"), None, "statement_timeout", false)]);
        assert!(found(&CHECK, &off)[0].title.contains("no statement_timeout and"));
        let half = owned(vec![own(Some("app"), None, "statement_timeout", true)]);
        assert!(found(&CHECK, &half)[0].title.ends_with("has no idle_in_transaction_session_timeout"));
    }

    #[test]
    fn the_value_of_our_own_role_is_not_that_of_the_server() {
        unknown(&CHECK, &owned(both(Some("watch"), None)), Why::Unsupported);
        unknown(&CHECK, &owned(both(None, Some("shop"))), Why::Unsupported);
        skipped(&CHECK, &Facts::unseen(Why::NotAsked));
    }
}
