//! `pg/replication-lag` and `pg/slot-retains-wal`: a standby that is late, and log that is kept for nobody.

use crate::harness::{Case, LIMITS, Postgres, Report, eventually, soon};
use std::time::Duration;

/// A few megabytes are much on a server that is a minute old.
const SMALL: &str = "[limits.\"pg/replication-lag\"]\nlag_bytes = [4194304, 1e12]\nlag_s = [0.5, 1e9]\npaused_s = [0.5, 1e9]\n\
                     [limits.\"pg/slot-retains-wal\"]\ninactive_bytes = [33554432, 1e12]\n";
/// Eight megabytes of log, and no table that is there for longer.
const WRITES: &str =
    "create table t as select repeat('x', 1000) as note from generate_series(1, 8000); drop table t";

fn look(case: &Case, pg: &Postgres) -> Report {
    case.paramedic(&["pg", "replication", "-d", &pg.url("postgres", "postgres"), "--config", LIMITS])
}

/// As a number, what the server says.
fn number(pg: &Postgres, sql: &str) -> u64 {
    let said = pg.sql("postgres", sql);
    said.parse().unwrap_or_else(|_| panic!("patient: {sql} says {said:?}"))
}

/// Waits until the standby has replayed everything.
fn level(pg: &Postgres) {
    soon(|| {
        let behind = "select count(*) from pg_stat_replication where state = 'streaming' and replay_lsn = pg_current_wal_lsn()";
        match number(pg, behind) {
            1 => Ok(()),
            n => Err(format!("patient: {n} standbys are level")),
        }
    });
}

#[test]
fn a_standby_whose_replay_is_paused_is_named_from_both_ends() {
    let case = Case::new("db");
    case.write(LIMITS, SMALL);
    let pg = case.postgres(&[]);
    let standby = pg.standby(5433, "replica1");

    // The twin: it follows, also while nothing is written.
    pg.sql("postgres", WRITES);
    level(&pg);
    for server in [&pg, &standby] {
        let well = look(&case, server);
        well.must_be_silent();
        assert_eq!(well.outcome("pg/replication-lag"), "clear", "{well}");
    }
    assert_eq!(look(&case, &pg).rows("standbys")[0][..3], ["replica1", "null", "streaming"]);

    standby.sql("postgres", "select pg_wal_replay_pause()");
    soon(|| match standby.sql("postgres", "select pg_get_wal_replay_pause_state()").as_str() {
        "paused" => Ok(()),
        state => Err(format!("patient: replay is {state}")),
    });
    pg.sql("postgres", WRITES);
    soon(|| {
        let there = "select count(*) from pg_stat_replication where flush_lsn = pg_current_wal_lsn()";
        if number(&pg, there) == 1 { Ok(()) } else { Err("patient: the log did not arrive".into()) }
    });
    let report = look(&case, &pg);
    let late =
        report.must_find("pg/replication-lag").must_be("warning").must_blame_named("standby", "replica1");
    late.must_measure("lag_bytes", 4194304.0..1e9).must_measure("unreplayed_bytes", 4194304.0..1e9);
    let own = look(&case, &standby);
    let paused =
        own.must_find("pg/replication-lag").must_be("warning").must_measure("lag_bytes", 4194304.0..1e9);
    assert!(paused.title().contains("paused"), "{own}");

    standby.sql("postgres", "select pg_wal_replay_resume()");
    level(&pg);
    look(&case, &pg).must_be_silent();
    look(&case, &standby).must_be_silent();

    // And when its primary is gone it does not read as level.
    drop(pg);
    eventually(Duration::from_secs(20), || {
        let report = look(&case, &standby);
        let found = report.all("pg/replication-lag");
        let silent = found.first().filter(|f| f.title().contains("receives no log"));
        silent.map(|f| f.must_be("warning")).map(|_| ()).ok_or_else(|| report.to_string())
    });
}

#[test]
fn a_slot_that_nobody_reads_from_keeps_log_until_it_is_lost() {
    let case = Case::new("db");
    case.write(LIMITS, SMALL);
    let pg = case.postgres(&[("wal_level", "logical"), ("min_wal_size", "32MB"), ("max_wal_size", "48MB")]);
    pg.sql("postgres", "select pg_create_physical_replication_slot('gone', true); create role app login");
    let well = look(&case, &pg);
    well.must_be_silent();
    assert_eq!(well.outcome("pg/slot-retains-wal"), "clear", "{well}");

    // Each switch is a segment of 16 MB.
    let segments = "create table if not exists t (id int); insert into t values (1); select pg_switch_wal(); \
                    insert into t values (1); select pg_switch_wal(); insert into t values (1); select pg_switch_wal()";
    pg.sql("postgres", segments);
    let report = look(&case, &pg);
    let kept = report.must_find("pg/slot-retains-wal").must_be("warning").must_blame_named("slot", "gone");
    kept.must_measure("retained_bytes", 33554432.0..3e8).must_say("active", false);
    assert!(kept.title().contains("nobody reads from it"), "{report}");
    // A role without any right sees slots too.
    let url = pg.url("app", "postgres");
    let low = case.paramedic(&["pg", "replication", "-d", &url, "--config", LIMITS]);
    low.must_find("pg/slot-retains-wal").must_blame_named("slot", "gone");
    assert_eq!(low.outcome("pg/autovacuum-blocked"), "unknown", "{low}");

    // With a bound the slot is lost instead of the disk.
    pg.sql("postgres", "alter system set max_slot_wal_keep_size = '16MB'");
    pg.sql("postgres", "select pg_reload_conf()");
    soon(|| {
        pg.sql("postgres", &format!("{segments}; checkpoint"));
        match pg.sql("postgres", "select wal_status from pg_replication_slots").as_str() {
            "lost" => Ok(()),
            status => Err(format!("patient: the slot is {status}")),
        }
    });
    let lost = look(&case, &pg);
    lost.must_find("pg/slot-retains-wal").must_be("critical").must_say("wal_status", "lost");
    pg.sql("postgres", "select pg_drop_replication_slot('gone')");
    look(&case, &pg).must_be_silent();
}
