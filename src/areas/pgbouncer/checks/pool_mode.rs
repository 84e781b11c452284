//! `pgbouncer/pool-mode`

use super::{
    super::facts::{Config, Console, Facts, Pool},
    named, pools,
};
use crate::{
    check,
    model::{Cell, Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// Pools that hand a server connection on after each transaction or statement, with clients connected, while PgBouncer does
    /// not track prepared statements: versions before 1.21 cannot, later ones do when `max_prepared_statements` is not 0. It sees
    /// the settings only. Whether a client prepares statements by name, listens or takes session locks does not show on the console.
    ///
    /// ## Why it matters
    ///
    /// What one transaction leaves in a session, the next one finds in another session or not at all. Named prepared
    /// statements then fail under load and work in every test (`prepared statement "s1" does not exist`, or `already exists`).
    /// `LISTEN` hears nothing, a session advisory lock stays with a connection that somebody else has now, `SET` and temporary
    /// tables turn up at strangers. None of these is an error of PgBouncer.
    ///
    /// ## Confirm
    ///
    /// `psql -p 6432 pgbouncer -c 'SHOW CONFIG' | grep -E 'max_prepared|pool_mode'`. In the server's log: `prepared statement
    /// … does not exist` (26000) and `already exists` (42P05). Drivers that prepare by name unless told otherwise: JDBC
    /// (`prepareThreshold`), asyncpg (`statement_cache_size`), psycopg 3 (`prepare_threshold`), Npgsql with `Max Auto
    /// Prepare`, pgx, sqlx, Prisma (`pgbouncer=true`), Rails (`prepared_statements`).
    ///
    /// ## Fix
    ///
    /// PgBouncer 1.21 or newer with `max_prepared_statements` of some hundreds; it tracks the protocol's prepared
    /// statements, not those of SQL's `PREPARE`. Else turn them off in the driver. For `LISTEN`, session advisory locks and
    /// migrations: an entry of `[databases]` with `pool_mode=session`, or the server directly. `pg_advisory_xact_lock` and `SET
    /// LOCAL` end with the transaction and are safe.
    "pgbouncer/pool-mode": "prepared statements break in pools that are shared by transaction"
    { }
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some((console, all)) = pools(f, out) else { return };
    let Some(config) = out.part(&f.config, "its settings could not be read") else { return };
    out.looked(all.len() as u64);
    let tracked = tracks(console, config);
    let shared: Vec<&Pool> = all
        .iter()
        .filter(|p| matches!(p.mode.as_str(), "transaction" | "statement"))
        .filter(|p| p.now.cl_active + p.now.cl_waiting > 0)
        .collect();
    let (Some(first), None) = (shared.first(), tracked) else { return };
    let more = if shared.len() > 1 { format!(" and {} more", shared.len() - 1) } else { String::new() };
    let title = format!(
        "pool {}{more} is shared by {}: prepared statements by name break in it",
        first.name(),
        first.mode
    );
    let why = if config.max_prepared_statements.is_some() {
        "max_prepared_statements is 0: PgBouncer tracks none".to_string()
    } else {
        format!("PgBouncer {} cannot track them: 1.21 and newer can", console.version)
    };
    let names: Vec<String> = shared.iter().take(16).map(|p| p.name()).collect();
    let finding = Finding::new(Severity::Notice, Confidence::High, named(console, first), title)
        .about(Thing::Peer { address: console.address.clone() })
        .evidence("pools", shared.len())
        .evidence("names", Cell::List(names))
        .evidence("version", console.version.as_str())
        .evidence("max_prepared_statements", config.max_prepared_statements)
        .because(why)
        .because("so do LISTEN, session advisory locks, SET and temporary tables, in any version")
        .remedy(
            "max_prepared_statements = 200 (1.21 and newer), or turn prepared statements off in the driver",
        )
        .next("explain pgbouncer/pool-mode");
    out.find(finding);
}

/// How many prepared statements it tracks; none when it does not.
fn tracks(console: &Console, config: &Config) -> Option<u64> {
    match config.max_prepared_statements {
        Some(n) => (n > 0).then_some(n),
        // A setting that a new version does not tell is not taken for 0.
        None => console.number().is_none_or(|v| v >= (1, 21)).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};

    fn facts(version: &str, max: Option<u64>, mode: &str) -> Facts {
        let mut facts = with(version, vec![Pool { mode: mode.into(), ..quiet() }]);
        facts.config = facts.config.map(|c| Config { max_prepared_statements: max, ..c });
        facts
    }

    #[test]
    fn shared_pools_without_tracking_are_a_notice() {
        for (version, max, mode) in [
            ("1.18.0", None, "transaction"),
            ("1.16.1", None, "statement"),
            ("1.22.1", Some(0), "transaction"),
        ] {
            let f = &found(&CHECK, &facts(version, max, mode))[0];
            assert_eq!(f.severity, Severity::Notice);
            assert!(f.title.contains(&format!("shared by {mode}")), "{}", f.title);
        }
    }

    #[test]
    fn tracked_or_not_shared_or_not_used_is_none() {
        clear(&CHECK, &facts("1.24.0", Some(200), "transaction"));
        clear(&CHECK, &facts("1.18.0", None, "session"));
        clear(&CHECK, &facts("2.0", None, "transaction"));
        let mut unused = quiet();
        unused.now.cl_active = 0;
        clear(&CHECK, &with("1.18.0", vec![unused]));
        needs_the_console(&CHECK);
    }
}
