//! Standbys, slots, automatic vacuums.
//! <https://www.postgresql.org/docs/current/monitoring-stats.html>

/// Receivers of the log, and how far each is behind. On a standby the log is received, not written. What `pg_receivewal`
/// and its like say of themselves is what they keep: they replay nothing.
const STANDBYS: &str = "
SELECT application_name AS name, host(client_addr) AS client, state, sync_state AS sync,
  greatest(0, pg_wal_lsn_diff(n.lsn, coalesce(replay_lsn, flush_lsn, write_lsn)))::bigint AS lag_bytes,
  greatest(0, pg_wal_lsn_diff(n.lsn, sent_lsn))::bigint AS unsent_bytes,
  greatest(0, pg_wal_lsn_diff(flush_lsn, replay_lsn))::bigint AS unreplayed_bytes,
  extract(epoch FROM replay_lag) AS lag_s
FROM pg_stat_replication,
  (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS lsn) n
WHERE pid <> pg_backend_pid() AND state IS DISTINCT FROM 'backup'
ORDER BY 5 DESC NULLS LAST LIMIT 10000; ";

/// Slots; what they keep, and what may still be written before it is lost (since 13), since when nobody reads (since 17).
const SLOTS: &str = "
SELECT slot_name AS name, slot_type = 'logical' AS logical, active, database,
  greatest(0, CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), restart_lsn)
    ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END)::bigint AS retained_bytes,
  STATUS AS wal_status, SAFE AS safe_bytes, extract(epoch FROM clock_timestamp() - SINCE) AS inactive_s,
  age(xmin) AS xmin_age, age(catalog_xmin) AS catalog_xmin_age
FROM pg_replication_slots ORDER BY (STATUS = 'lost') IS TRUE DESC, 5 DESC NULLS LAST LIMIT 10000; ";

/// What a standby knows of itself; no row on a primary.
const RECEIVER: &str = "
SELECT greatest(0, pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()))::bigint AS lag_bytes,
  extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) AS since_s,
  CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS paused,
  EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL) AS receiving,
  (SELECT setting <> '' FROM pg_settings WHERE name = 'primary_conninfo') AS follows,
  (SELECT setting FROM pg_settings WHERE name = 'recovery_min_apply_delay') AS delay_ms
WHERE pg_is_in_recovery(); ";

/// Automatic vacuums. Who is in the way, and since when, is asked for those that wait for a lock only: both look into the
/// lock table. `waitstart` is there since 14.
const VACUUMS: &str = "
SELECT a.pid, (extract(epoch FROM a.backend_start) * 1000000)::bigint AS started_us, left(a.query, 256) AS what,
  a.wait_event_type IN ('Lock', 'BufferPin') AS waits, extract(epoch FROM clock_timestamp() - a.xact_start) AS for_s,
  CASE WHEN a.wait_event_type = 'Lock' THEN array_to_string(pg_blocking_pids(a.pid), ',') END AS blockers,
  CASE WHEN a.wait_event_type = 'Lock' THEN (SELECT extract(epoch FROM clock_timestamp() - min(WAITSTART)) FROM pg_locks l
    WHERE l.pid = a.pid AND NOT l.granted) END AS waits_s
FROM pg_stat_activity a WHERE a.backend_type = 'autovacuum worker' ORDER BY a.xact_start LIMIT 1000; ";

/// How many tables come of it.
pub const TABLES: usize = 4;

/// All of it, as this version tells it.
pub fn text(version: u32) -> String {
    let (status, safe) =
        if version >= 130_000 { ("wal_status", "safe_wal_size") } else { ("NULL::text", "NULL::bigint") };
    let since = if version >= 170_000 { "inactive_since" } else { "NULL::timestamptz" };
    let waitstart = if version >= 140_000 { "l.waitstart" } else { "NULL::timestamptz" };
    [
        STANDBYS,
        &SLOTS.replace("STATUS", status).replace("SAFE", safe).replace("SINCE", since),
        RECEIVER,
        &VACUUMS.replace("WAITSTART", waitstart),
    ]
    .concat()
}
