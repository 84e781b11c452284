//! The statements. All of them read; names are qualified, so that nothing in a search path stands in for the catalog.
//! <https://www.postgresql.org/docs/current/monitoring-stats.html>

pub mod jobs;
pub mod replication;

/// Everything that follows reads, gives up soon, and waits for no lock for long.
pub const BEGIN: &str = "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = '2s'; SET LOCAL lock_timeout = '100ms'; \
     SET LOCAL search_path = pg_catalog; ";

/// Who and where we are.
pub const SELF: &str = "
SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS version_num,
  pg_backend_pid() AS pid, current_database() AS database, current_user AS role, pg_is_in_recovery() AS in_recovery,
  extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()) AS up_s,
  (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us,
  pg_has_role(current_user, 'pg_read_all_stats', 'usage') AS reads_all,
  r.rolsuper AS superuser, nullif(r.rolconnlimit, -1) AS role_limit
FROM (SELECT 1) one LEFT JOIN pg_roles r ON r.rolname = current_user; ";

/// Settings that checks judge: those of a new session, since in this transaction we have timeouts of our own.
pub const SETTINGS: &str = "
SELECT name, reset_val AS setting FROM pg_settings WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections',
  'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout',
  'deadlock_timeout', 'log_lock_waits', 'max_prepared_transactions', 'autovacuum', 'autovacuum_freeze_max_age', 'max_slot_wal_keep_size',
  'wal_level', 'max_wal_senders'); ";

/// Timeouts that roles and databases have of their own. A value may have a unit: only whether it is 0 is asked.
pub const OWN: &str = "
SELECT r.rolname AS role, d.datname AS database, split_part(c, '=', 1) AS name, split_part(c, '=', 2) !~ '^0+[a-z]*$' AS is_on
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase,
  unnest(s.setconfig) c
WHERE split_part(c, '=', 1) IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
  AND (s.setrole = 0 OR r.oid IS NOT NULL) AND (s.setdatabase = 0 OR d.oid IS NOT NULL) LIMIT 1000; ";

/// Every session but ours. `leader_pid` is there since 13; elsewhere its place is taken by a null.
const ACTIVITY: &str = "
SELECT a.pid, LEADER AS leader, a.datname AS database, a.usename AS role, a.application_name AS application, host(a.client_addr) AS client,
  a.backend_type AS kind, (extract(epoch FROM a.backend_start) * 1000000)::bigint AS started_us, a.state, a.wait_event_type AS wait_type,
  a.wait_event, extract(epoch FROM n.now - a.state_change) AS state_s, extract(epoch FROM n.now - a.xact_start) AS xact_s,
  extract(epoch FROM n.now - a.query_start) AS query_s, age(a.backend_xid) AS xid_age, age(a.backend_xmin) AS xmin_age,
  a.query = '<insufficient privilege>' AS hidden, left(a.query, 1024) AS query
FROM pg_stat_activity a, (SELECT clock_timestamp() AS now) n WHERE a.pid <> pg_backend_pid(); ";

/// The lock graph. `pg_locks` copies the whole lock table under every partition's lock, so it is read only when somebody waits: the
/// uncorrelated conditions become a one-time filter that is decided first. Sessions that hide what they wait for are why the
/// second half is there. Who waits for an exclusive holder (a hot row, an `ALTER TABLE` at work) waits for it whatever else stands in
/// the queue: the server is asked for the blockers of all others only, since each such answer is a list of the whole queue and
/// a thousand of them cost four times of all the rest. `waitstart` is there since 14.
const LOCKS: &str = "
WITH l AS MATERIALIZED (
  SELECT x.*, bool_or(NOT granted) OVER t AS contended,
    bool_or(granted AND mode IN ('ExclusiveLock', 'AccessExclusiveLock')) OVER t AND mode <> 'AccessShareLock' AS plain
  FROM pg_locks x WHERE mode <> 'SIReadLock' AND (
    EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')
    OR EXISTS (SELECT FROM pg_stat_activity WHERE query = '<insufficient privilege>'))
  WINDOW t AS (PARTITION BY locktype, database, relation, page, tuple, virtualxid, transactionid::text, classid, objid, objsubid)),
w AS MATERIALIZED (SELECT pid, bool_and(plain) AS plain FROM l WHERE NOT granted GROUP BY pid)
SELECT locktype, database, relation, page, tuple, virtualxid, transactionid, classid, objid, objsubid, virtualtransaction, pid, mode,
  granted, (extract(epoch FROM WAITSTART) * 1000000)::bigint AS waitstart_us, NULL::text AS blockers
FROM l WHERE EXISTS (SELECT FROM w) AND (contended OR (locktype = 'tuple' AND pid IN (SELECT pid FROM w))
  OR (locktype = 'transactionid' AND granted AND (pid IS NULL OR pid IN (SELECT pid FROM w))))
UNION ALL
SELECT 'edge', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, pid, NULL, NULL, NULL, pg_blocking_pids(pid)::text FROM w WHERE NOT plain; ";

/// Transactions that were prepared and not ended.
pub const PREPARED: &str = "
SELECT gid, database, owner, extract(epoch FROM clock_timestamp() - prepared) AS age_s, transaction AS xid, age(transaction) AS xid_age
FROM pg_prepared_xacts ORDER BY prepared LIMIT 1000; ";

/// Names of relations, by number: those of our database and the shared ones.
pub const NAMES: &str = "
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY (ARRAY[OIDS]::oid[]); ";

/// Databases by number, for locks of other ones.
pub const DATABASES: &str = "
SELECT d.oid, d.datname AS name, nullif(d.datconnlimit, -1) AS connections, age(d.datfrozenxid) AS xid_age, mxid_age(d.datminmxid) AS mxid_age,
  s.deadlocks, extract(epoch FROM clock_timestamp() - s.stats_reset) AS reset_s, extract(epoch FROM s.stats_reset) AS reset_at
FROM pg_database d LEFT JOIN pg_stat_database s ON s.datid = d.oid LIMIT 10000; ";

/// The sessions, as this version tells them.
pub fn activity(version: u32) -> String {
    ACTIVITY.replace("LEADER", if version >= 130_000 { "a.leader_pid" } else { "NULL::int" })
}

/// The lock graph, as this version tells it.
pub fn locks(version: u32) -> String {
    LOCKS.replace("WAITSTART", if version >= 140_000 { "waitstart" } else { "NULL::timestamptz" })
}

/// The names of these relations.
pub fn names(oids: &[u32]) -> String {
    let list: Vec<String> = oids.iter().map(u32::to_string).collect();
    NAMES.replace("OIDS", &list.join(","))
}
