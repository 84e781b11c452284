//! `pgbouncer/clients-near-limit`

use super::{
    super::facts::{Console, Database, Facts},
    UNASKED,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity, Thing, What},
};

check! {
    /// ## What it sees
    ///
    /// Client connections (`used_clients` of `SHOW LISTS`: those that log in too, ours left out) against `max_client_conn`, and,
    /// where the version has it, those of one database against `max_db_client_connections`.
    ///
    /// ## Why it matters
    ///
    /// The next client is refused: `no more connections allowed (max_client_conn)`. It is the clients' side of the arithmetic that
    /// grows with each replica, worker and pool of the applications, and a rollout doubles some of it for a while. Each client
    /// also takes a descriptor of PgBouncer.
    ///
    /// ## Confirm
    ///
    /// `psql -p 6432 pgbouncer -c 'SHOW LISTS' -c 'SHOW CONFIG' | grep -E 'used_clients|max_client_conn'`; `SHOW CLIENTS` tells
    /// whose they are.
    ///
    /// ## Fix
    ///
    /// A client connection costs PgBouncer some kilobytes: raise `max_client_conn` (`RELOAD` is enough) and the limit of
    /// descriptors with it (`LimitNOFILE=` of the unit, `ulimit -n` in the container). Where one application holds most, make its
    /// own pool smaller; `client_idle_timeout` ends those that idle.
    "pgbouncer/clients-near-limit": "client connections near the limit"
    {
        used_pct: "client connections, % of the limit" = 80, 95;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(console) = out.part(&f.console, UNASKED) else { return };
    let most = most(f, out);
    if let (Some(used), Some(config)) = (out.see(&f.clients_used), out.see(&f.config))
        && let Some(max) = config.max_client_conn.filter(|max| *max > 0)
        && let Some(severity) = at.used_pct.of(pct(*used, max))
    {
        let subject = Thing::Peer { address: console.address.clone() };
        let title = format!("PgBouncer at {} has {used} of {max} client connections", console.address);
        out.find(finding(subject, severity, title, [*used, max], "max_client_conn", most.as_ref()));
    }
    for d in out.aside(&f.databases).map_or(&[][..], |all| all.top()) {
        let Some((max, used)) = d.clients else { continue };
        out.looked(1);
        let Some(severity) = at.used_pct.of(pct(used, max)) else { continue };
        let title = format!("database {} of PgBouncer has {used} of {max} client connections", d.name);
        let found =
            finding(database(console, d), severity, title, [used, max], "max_db_client_connections", None)
                .about(Thing::Peer { address: console.address.clone() });
        out.find(found);
    }
}

fn pct(used: u64, max: u64) -> f64 {
    used as f64 * 100.0 / max as f64
}

fn database(console: &Console, d: &Database) -> Thing {
    Thing::Named { what: What::Database, server: console.address.clone(), name: d.name.clone() }
}

/// Whose clients are the most.
fn most(f: &Facts, out: &mut Judging) -> Option<String> {
    let most = out.aside(&f.clients)?.top().iter().max_by_key(|g| g.clients)?;
    let name = if most.application.is_empty() { "a client that tells no name" } else { &most.application };
    Some(format!("{name} at {} has most: {}", most.address, most.clients))
}

fn finding(
    subject: Thing,
    severity: Severity,
    title: String,
    [used, max]: [u64; 2],
    setting: &'static str,
    most: Option<&String>,
) -> Finding {
    let left = max.saturating_sub(used);
    let mut finding = Finding::new(severity, Confidence::High, subject, title)
        .evidence("used", used)
        .evidence("max", max)
        .evidence("used_pct", pct(used, max))
        .because(format!("{left} more clients are let in; the next is refused by {setting}"));
    if let Some(most) = most {
        finding = finding.because(most);
    }
    finding
        .remedy(format!(
            "raise {setting} and the limit of descriptors with it; or make the applications' pools smaller"
        ))
        .next("pgbouncer -o wide")
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::{
        areas::pgbouncer::facts::Group,
        model::{Kept, Outcome, Reading, Why},
    };

    fn using(used: u64, max: u64) -> Facts {
        let mut facts = with("1.18.0", vec![]);
        facts.clients_used = Reading::seen(used);
        facts.config =
            facts.config.map(|c| super::super::super::facts::Config { max_client_conn: Some(max), ..c });
        facts
    }

    #[test]
    fn the_levels_begin_exactly_at_their_share() {
        for (used, severity) in [
            (79, None),
            (80, Some(Severity::Warning)),
            (94, Some(Severity::Warning)),
            (95, Some(Severity::Critical)),
            (100, Some(Severity::Critical)),
        ] {
            let got = match outcome(&CHECK, &using(used, 100)) {
                Outcome::Found { findings, .. } => Some(findings[0].severity),
                _ => None,
            };
            assert_eq!(got, severity, "{used} of 100");
        }
    }

    #[test]
    fn it_names_the_pooler_and_who_has_most() {
        let mut facts = using(190, 200);
        let group = |application: &str, clients| Group {
            application: application.into(),
            address: "10.0.1.2".into(),
            clients,
            ..Group::default()
        };
        facts.clients = Reading::seen(Kept::whole(vec![group("web", 12), group("worker", 160)]));
        let f = &found(&CHECK, &facts)[0];
        assert_eq!(f.title, "PgBouncer at 10.0.0.6:6432 has 190 of 200 client connections");
        assert_eq!(f.subject, Thing::Peer { address: "10.0.0.6:6432".into() });
        assert_eq!(f.because[1], "worker at 10.0.1.2 has most: 160");
    }

    #[test]
    fn a_database_has_a_limit_of_its_own() {
        let mut facts = using(10, 100);
        let d = Database { name: "shop".into(), clients: Some((20, 19)), ..Database::default() };
        facts.databases = Reading::seen(Kept::whole(vec![d]));
        let f = &found(&CHECK, &facts)[0];
        assert_eq!(
            (f.title.as_str(), f.severity),
            ("database shop of PgBouncer has 19 of 20 client connections", Severity::Critical)
        );
    }

    #[test]
    fn without_the_list_nothing_is_far_from_its_limit() {
        let mut facts = using(1, 100);
        facts.clients_used = Reading::unseen(Why::Unsupported);
        facts.config = Reading::unseen(Why::Unsupported);
        unknown(&CHECK, &facts, Why::Unsupported);
        needs_the_console(&CHECK);
    }
}
