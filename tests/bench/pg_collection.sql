-- What a collector of everything asks a server of (pgmetrics and its like, which Debian does not have): the same views, one
-- statement each, in one session of psql. Nothing that reads tables, such as estimates of bloat. Sizes want a lock on their
-- table: like pgmetrics it waits for none longer than 50 ms, else it stands in the queue that it was to show.
SET lock_timeout = '50ms';
SET statement_timeout = '5s';
SELECT current_user, version(), pg_postmaster_start_time(), pg_conf_load_time(), pg_is_in_recovery(), now();
SELECT name, setting, boot_val, source, sourcefile, sourceline, pending_restart FROM pg_settings;
SELECT pid, datname, usename, application_name, client_addr, backend_type, backend_start, xact_start, query_start, state_change,
       wait_event_type, wait_event, state, backend_xid, backend_xmin, query FROM pg_stat_activity;
SELECT pid, locktype, database, relation::regclass, mode, granted, fastpath, waitstart FROM pg_locks;
SELECT pid, pg_blocking_pids(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock';
SELECT * FROM pg_stat_bgwriter;
SELECT * FROM pg_stat_archiver;
SELECT * FROM pg_stat_wal;
SELECT * FROM pg_stat_replication;
SELECT * FROM pg_stat_wal_receiver;
SELECT *, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots;
SELECT gid, owner, database, age(transaction), prepared FROM pg_prepared_xacts;
SELECT count(*), sum(size) FROM pg_ls_waldir();
SELECT * FROM pg_control_checkpoint(), pg_control_system();
SELECT r.*, array(SELECT pg_get_userbyid(m.roleid) FROM pg_auth_members m WHERE m.member = r.oid) FROM pg_roles r;
SELECT spcname, pg_tablespace_location(oid), pg_tablespace_size(oid) FROM pg_tablespace;
SELECT d.*, age(d.datfrozenxid), pg_database_size(d.oid), s.* FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid;
SELECT * FROM pg_stat_database_conflicts;
SELECT s.*, io.heap_blks_read, io.heap_blks_hit, io.idx_blks_read, io.idx_blks_hit, age(c.relfrozenxid), c.relkind, c.reloptions,
       pg_table_size(s.relid), pg_total_relation_size(s.relid)
  FROM pg_stat_user_tables s JOIN pg_statio_user_tables io USING (relid) JOIN pg_class c ON c.oid = s.relid;
SELECT s.*, io.idx_blks_read, io.idx_blks_hit, pg_relation_size(s.indexrelid), pg_get_indexdef(s.indexrelid)
  FROM pg_stat_user_indexes s JOIN pg_statio_user_indexes io USING (indexrelid);
SELECT * FROM pg_statio_user_sequences;
SELECT * FROM pg_stat_user_functions;
SELECT name, installed_version, default_version FROM pg_available_extensions WHERE installed_version IS NOT NULL;
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgenabled = 'D' AND NOT tgisinternal;
SELECT * FROM pg_stat_statements(true) ORDER BY total_exec_time DESC LIMIT 100;
SELECT * FROM pg_publication;
SELECT oid, subname, subenabled FROM pg_subscription;
SELECT * FROM pg_stat_progress_vacuum;
SELECT * FROM pg_stat_progress_create_index;
