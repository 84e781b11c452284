//! The keys of a connection string: libpq's own, and what programs that are not libpq put beside them.

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Obeyed.
    Obeyed,
    /// Of no consequence to one short session of ours.
    Idle,
    /// What it asks for is not to be had here, and going on without would be something else than what was asked for;
    /// these values ask for nothing.
    Only(&'static [&'static str]),
}

/// libpq's keys with the variables of the environment that stand for them. PostgreSQL 18, sections 32.1.2 and 32.15.
#[rustfmt::skip]
const KEYS: &[(&str, Option<&str>, Use)] = &[
    ("host", Some("PGHOST"), Use::Obeyed),
    ("hostaddr", Some("PGHOSTADDR"), Use::Obeyed),
    ("port", Some("PGPORT"), Use::Obeyed),
    ("dbname", Some("PGDATABASE"), Use::Obeyed),
    ("user", Some("PGUSER"), Use::Obeyed),
    ("password", Some("PGPASSWORD"), Use::Obeyed),
    ("passfile", Some("PGPASSFILE"), Use::Obeyed),
    ("require_auth", Some("PGREQUIREAUTH"), Use::Obeyed),
    ("channel_binding", Some("PGCHANNELBINDING"), Use::Obeyed),
    ("service", Some("PGSERVICE"), Use::Obeyed),
    // Read before any of these: where the service is looked for.
    ("servicefile", Some("PGSERVICEFILE"), Use::Obeyed),
    ("options", Some("PGOPTIONS"), Use::Obeyed),
    ("sslmode", Some("PGSSLMODE"), Use::Obeyed),
    ("sslnegotiation", Some("PGSSLNEGOTIATION"), Use::Obeyed),
    ("sslcert", Some("PGSSLCERT"), Use::Obeyed),
    ("sslkey", Some("PGSSLKEY"), Use::Obeyed),
    ("sslcertmode", Some("PGSSLCERTMODE"), Use::Obeyed),
    ("sslrootcert", Some("PGSSLROOTCERT"), Use::Obeyed),
    ("sslcrl", Some("PGSSLCRL"), Use::Obeyed),
    ("sslsni", Some("PGSSLSNI"), Use::Obeyed),
    ("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION"), Use::Obeyed),
    ("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION"), Use::Obeyed),
    ("requirepeer", Some("PGREQUIREPEER"), Use::Obeyed),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT"), Use::Obeyed),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS"), Use::Obeyed),
    ("load_balance_hosts", Some("PGLOADBALANCEHOSTS"), Use::Obeyed),
    ("replication", None, Use::Only(&["", "false", "off", "no", "0"])),
    ("sslcrldir", Some("PGSSLCRLDIR"), Use::Only(&[""])),
    ("gssencmode", Some("PGGSSENCMODE"), Use::Only(&["", "disable", "prefer"])),
    ("scram_client_key", None, Use::Only(&[""])),
    ("scram_server_key", None, Use::Only(&[""])),
    ("min_protocol_version", Some("PGMINPROTOCOLVERSION"), Use::Only(&["", "3.0"])),
    ("max_protocol_version", Some("PGMAXPROTOCOLVERSION"), Use::Idle),
    ("sslpassword", None, Use::Idle),
    ("sslkeylogfile", None, Use::Idle),
    ("sslcompression", Some("PGSSLCOMPRESSION"), Use::Idle),
    ("application_name", Some("PGAPPNAME"), Use::Idle),
    ("fallback_application_name", None, Use::Idle),
    ("client_encoding", Some("PGCLIENTENCODING"), Use::Idle),
    ("keepalives", None, Use::Idle),
    ("keepalives_idle", None, Use::Idle),
    ("keepalives_interval", None, Use::Idle),
    ("keepalives_count", None, Use::Idle),
    ("tcp_user_timeout", None, Use::Idle),
    ("krbsrvname", Some("PGKRBSRVNAME"), Use::Idle),
    ("gsslib", Some("PGGSSLIB"), Use::Idle),
    ("gssdelegation", Some("PGGSSDELEGATION"), Use::Idle),
    ("oauth_issuer", None, Use::Idle),
    ("oauth_client_id", None, Use::Idle),
    ("oauth_client_secret", None, Use::Idle),
    ("oauth_scope", None, Use::Idle),
];

/// What the URLs of applications carry for their own library: pools, schemas, caches. Lower case.
#[rustfmt::skip]
const OF_PROGRAMS: &[&str] = &[
    // Prisma
    "schema", "connection_limit", "pool_timeout", "pgbouncer", "sslaccept", "sslidentity", "socket_timeout",
    "statement_cache_size", "single_use_connections",
    // SQLAlchemy, Django and their environment readers
    "pool_size", "max_overflow", "pool_recycle", "pool_pre_ping", "prepared_statement_cache_size", "async_fallback",
    "conn_max_age", "conn_health_checks", "atomic_requests", "disable_server_side_cursors",
    // Rails
    "pool", "prepared_statements", "encoding", "reaping_frequency", "checkout_timeout", "idle_timeout", "timeout",
    "variables", "advisory_locks", "min_messages", "schema_search_path", "adapter",
    // Go: pgx, lib/pq
    "pool_max_conns", "pool_min_conns", "pool_min_idle_conns", "pool_max_conn_lifetime",
    "pool_max_conn_lifetime_jitter", "pool_max_conn_idle_time", "pool_health_check_period",
    "default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity", "statement_cache_mode",
    "binary_parameters", "disable_prepared_binary_result", "sslinline", "krbspn",
    // Rust: sqlx
    "statement-cache-capacity",
    // Node: pg, knex, sequelize; Supabase's and Vercel's poolers
    "max", "min", "idletimeoutmillis", "connectiontimeoutmillis", "uselibpqcompat", "query_timeout", "workaround",
    "supa", "allowexitonidle",
    // Java
    "currentschema", "preparethreshold", "rewritebatchedinserts", "stringtype", "sslfactory", "sslhostnameverifier",
    "logintimeout", "connecttimeout", "sockettimeout", "tcpkeepalive", "applicationname", "targetservertype",
    "assumeminserverversion", "binarytransfer", "defaultrowfetchsize", "autosave",
    // Settings of the session that some send at the start
    "search_path", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "timezone",
    "datestyle", "intervalstyle", "extra_float_digits", "jit",
];

/// A key of libpq by its name.
pub(super) fn known(key: &str) -> Option<(&'static str, Use)> {
    KEYS.iter().find(|(name, ..)| *name == key).map(|(name, _, use_)| (*name, *use_))
}

/// Keys that the environment may set, with the variable.
pub(super) fn variables() -> impl Iterator<Item = (&'static str, &'static str)> {
    KEYS.iter().filter_map(|(name, variable, _)| Some((*name, (*variable)?)))
}

/// Whether a program's library takes it out of its URL before the server hears of it.
pub(super) fn is_of_programs(key: &str) -> bool {
    OF_PROGRAMS.contains(&key.to_ascii_lowercase().as_str())
}

/// The known key that was most likely meant.
pub(super) fn like(key: &str) -> Option<&'static str> {
    let plain =
        |s: &str| s.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let meant = match plain(key).as_str() {
        "database" | "db" => "dbname",
        "username" | "role" => "user",
        "hostname" | "server" => "host",
        "pass" | "pwd" | "passwd" => "password",
        "sslca" | "sslroot" | "rootcert" => "sslrootcert",
        "timeout" => "connect_timeout",
        other => return KEYS.iter().map(|k| k.0).find(|name| plain(name) == other),
    };
    Some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_and_no_variable_stands_twice_and_no_key_of_libpq_is_left_to_programs() {
        let mut names: Vec<_> = KEYS.iter().map(|k| k.0).chain(OF_PROGRAMS.iter().copied()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|w| w[0] != w[1]), "{names:?}");
        let mut variables: Vec<_> = variables().map(|v| v.1).collect();
        variables.sort_unstable();
        assert!(variables.windows(2).all(|w| w[0] != w[1]), "{variables:?}");
        assert!(OF_PROGRAMS.iter().all(|k| is_of_programs(k)), "lower case");
    }

    #[test]
    fn a_key_of_another_library_names_the_one_that_was_meant() {
        assert_eq!(like("database"), Some("dbname"));
        assert_eq!(like("sslMode"), Some("sslmode"));
        assert_eq!(like("connectTimeout"), Some("connect_timeout"));
        assert_eq!(like("nonsense"), None);
    }
}
