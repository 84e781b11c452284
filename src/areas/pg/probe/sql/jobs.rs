//! `pg_cron`: its jobs, and what came of them. Columns are those of version 1.3 and newer.
//! <https://github.com/citusdata/pg_cron>

/// How many of the last runs of all jobs are looked at. There is no index but that of their numbers, and many servers never
/// throw one away.
pub const RUNS: u64 = 20_000;

/// Whether there is a scheduler here, whether it writes down what it did, and whether we see other people's jobs. Nothing is named
/// that needs a right: who has none on the schema is told so by an error, and settings of superusers are errors to others
/// too, but rows that `pg_settings` leaves out. The scheduler is known by the name that it gives itself, which is hidden from nobody.
pub const CRON: &str = "
SELECT j.oid IS NOT NULL AS there, d.oid IS NOT NULL AS logged,
  (SELECT setting FROM pg_settings WHERE name = 'cron.log_run') AS log_run,
  s.datname IS NOT NULL AS scheduler,
  nullif(coalesce((SELECT setting FROM pg_settings WHERE name = 'cron.database_name'), s.datname), current_database()) AS elsewhere,
  has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(j.oid, 'SELECT') AND has_table_privilege(d.oid, 'SELECT') IS NOT FALSE AS allowed,
  (SELECT bool_and(NOT row_security_active(t.oid) OR EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polpermissive
    AND p.polcmd IN ('r', '*') AND pg_get_expr(p.polqual, p.polrelid) = 'true'
    AND (p.polroles = '{0}' OR EXISTS (SELECT FROM unnest(p.polroles) r WHERE pg_has_role(current_user, r, 'usage')))))
   FROM (VALUES (j.oid), (d.oid)) t (oid) WHERE t.oid IS NOT NULL) AS sees_all
FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = 'cron'
  LEFT JOIN pg_class j ON j.relnamespace = n.oid AND j.relname = 'job' AND j.relkind = 'r'
  LEFT JOIN pg_class d ON d.relnamespace = n.oid AND d.relname = 'job_run_details' AND d.relkind = 'r'
  LEFT JOIN (SELECT datname FROM pg_stat_activity WHERE application_name = 'pg_cron scheduler' LIMIT 1) s ON true; ";

/// Jobs, and what came of their last runs. A row of a run that is newer than that of the job tells that the job has been as it
/// is since: there is no other record of when it was made or changed.
const JOBS: &str = "
WITH d AS MATERIALIZED (
  SELECT jobid, runid, status, coalesce(start_time, end_time) AS start_time, end_time, left(return_message, 1024) AS message, age(xmin) AS age
  FROM cron.job_run_details ORDER BY runid DESC LIMIT RUNS),
r AS (
  SELECT *, start_time > clock_timestamp() - interval '1 day' AS late,
    count(*) FILTER (WHERE status = 'succeeded') OVER (PARTITION BY jobid ORDER BY runid DESC) AS good,
    max(coalesce(end_time, CASE WHEN status = 'running' THEN clock_timestamp() END))
      OVER (PARTITION BY jobid ORDER BY runid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM d),
g AS (
  SELECT jobid, count(*) FILTER (WHERE late AND status IN ('succeeded', 'failed')) AS runs,
    count(*) FILTER (WHERE late AND status = 'failed') AS failed, count(*) FILTER (WHERE status = 'failed' AND good = 0) AS failed_last,
    count(*) FILTER (WHERE late AND start_time < before) AS overlaps,
    max(extract(epoch FROM end_time - start_time)) FILTER (WHERE late) AS longest_s,
    array_to_string((array_agg(extract(epoch FROM clock_timestamp() - start_time) ORDER BY runid)
      FILTER (WHERE status = 'running' AND end_time IS NULL))[1:10], ',') AS running,
    max(start_time) AS last, (array_agg(message ORDER BY runid DESC) FILTER (WHERE status = 'failed'))[1] AS message
  FROM r GROUP BY jobid),
j AS (
  SELECT jobid, jobname, schedule, database, active, age(xmin) AS age, CASE WHEN active THEN
    min(jobid) FILTER (WHERE active) OVER (PARTITION BY command, database, nodename, nodeport, schedule) END AS twin
  FROM cron.job ORDER BY jobid LIMIT 1000),
u AS (SELECT job, min(end_time) OVER (ORDER BY age) AS since
  FROM (SELECT NULL AS job, age, end_time FROM d UNION ALL SELECT jobid, age, NULL FROM j) both_of)
SELECT j.jobid AS id, coalesce(j.jobname, '') AS name, j.schedule, j.database, j.active, g.runs, g.failed, g.failed_last, g.overlaps,
  g.longest_s, g.running, extract(epoch FROM clock_timestamp() - g.last) AS since_s, g.message, nullif(j.twin, j.jobid) AS twin,
  extract(epoch FROM clock_timestamp() - u.since) AS unchanged_s,
  (SELECT count(*) FROM d) AS looked, (SELECT count(*) FROM cron.job) AS total
FROM j JOIN u ON u.job = j.jobid LEFT JOIN g ON g.jobid = j.jobid ORDER BY g.failed_last DESC NULLS LAST, j.jobid; ";

/// The jobs, where runs are written down or where they are not.
pub fn jobs(logged: bool) -> String {
    let last = RUNS.to_string();
    match logged {
        true => JOBS.replace("RUNS", &last),
        false => JOBS.replace("RUNS", &last).replace(
            "cron.job_run_details",
            "(SELECT NULL::bigint AS jobid, NULL::bigint AS runid, NULL::text AS status, NULL::text AS return_message,
               NULL::timestamptz AS start_time, NULL::timestamptz AS end_time, '2'::xid AS xmin WHERE false) none",
        ),
    }
}
