//! Names of flags, variables and headers whose value is a secret. Too many rather than too few: what is struck out by
//! mistake costs a look at the process, what is shown by mistake costs a password.

/// In a name without its separators, in small letters.
const ANYWHERE: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "pwd",
    "token",
    "secret",
    "apikey",
    "accesskey",
    "credential",
    "private",
    "cookie",
    "session",
    "auth",
    "signature",
    "bearer",
    "connectionstring",
    "connstr",
    "webhook",
];
/// As one word of a name.
const AS_WORD: &[&str] = &[
    "key", "keys", "pass", "pw", "pin", "psk", "dsn", "cred", "creds", "salt", "sig", "sas", "pat", "jwt",
    "otp",
];
/// At the end of a name without its separators.
const AT_END: &[&str] = &["key", "pass", "dsn"];
/// Alone, without a dash in front, followed by a blank: `IDENTIFIED BY`, `PASSWORD 'x'`, `Bearer x`.
const ALONE: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "secret",
    "token",
    "bearer",
    "apikey",
    "requirepass",
    "identified",
];

/// Programs with short flags whose value is a secret, attached or as the next argument.
const SHORT: &[(&[&str], &[&str])] = &[
    (&["mysql", "mariadb", "mycli"], &["-p"]),
    (&["mongo"], &["-p"]),
    (&["sshpass"], &["-p"]),
    // `docker login`, `helm registry login`; elsewhere their `-p` is a port.
    (&["login"], &["-p"]),
    (&["redis-", "valkey-", "keydb-"], &["-a"]),
    (&["curl"], &["-u", "-U", "-b", "--user", "--proxy-user"]),
    (&["ldap"], &["-w", "-y"]),
    (&["sqlcmd", "bcp", "clickhouse", "cqlsh", "isql", "tsql"], &["-P", "-p"]),
    (&["smbclient", "rpcclient", "winexe"], &["-U"]),
    (&["7z", "7za", "7zr", "unrar", "rar"], &["-p"]),
    (&["zip", "unzip"], &["-P"]),
    (&["htpasswd"], &["-b", "-nb", "-cb", "-bc", "-bn"]),
    (&["plink", "pscp", "psftp"], &["-pw"]),
    (&["rabbitmqadmin"], &["-p"]),
    (&["openssl"], &["-passin", "-passout", "-pass", "-k", "-K"]),
    (&["ipmitool"], &["-P"]),
    (&["snmpget", "snmpwalk", "snmpset"], &["-c", "-A", "-X"]),
    (&["influx", "cypher-shell"], &["-p", "-t"]),
];

/// Whether what has this name is a secret.
pub(super) fn is_secret(name: &[u8]) -> bool {
    let squeezed: Vec<u8> =
        name.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
    let Ok(squeezed) = std::str::from_utf8(&squeezed) else { return false };
    ANYWHERE.iter().any(|s| squeezed.contains(s))
        || AT_END.iter().any(|s| squeezed.ends_with(s))
        || words(name).iter().any(|w| AS_WORD.contains(&w.as_str()))
}

/// Whether this word alone announces a secret as the next one.
pub(super) fn announces(word: &[u8]) -> bool {
    let word: Vec<u8> = word.iter().filter(|b| !b"-_".contains(b)).map(u8::to_ascii_lowercase).collect();
    ALONE.iter().any(|s| s.as_bytes() == word)
}

/// Flags whose value is a secret when this program is the one that reads them.
pub(super) fn short_flags(program: &[u8]) -> &'static [&'static str] {
    let name = program.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let hit = |starts: &&str| name.starts_with(starts.as_bytes());
    SHORT.iter().find(|(programs, _)| programs.iter().any(hit)).map_or(&[], |(_, flags)| flags)
}

/// `spring.datasourcePassKey` as `spring`, `datasource`, `pass`, `key`.
pub(super) fn words(name: &[u8]) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut small = false;
    for b in name {
        let turn = b.is_ascii_uppercase() && small;
        if turn || !b.is_ascii_alphanumeric() {
            out.push(String::new());
        }
        if b.is_ascii_alphanumeric()
            && let Some(word) = out.last_mut()
        {
            word.push(b.to_ascii_lowercase() as char);
        }
        small = b.is_ascii_lowercase() || b.is_ascii_digit();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_suggest_a_secret_do_so_in_every_spelling() {
        for name in [
            "password",
            "PGPASSWORD",
            "db-passwd",
            "DB_PWD",
            "apiKey",
            "API_KEY",
            "x-api-key",
            "key",
            "clientSecret",
            "AWS_SECRET_ACCESS_KEY",
            "sessionId",
            "SENTRY_DSN",
            "Authorization",
            "private-key",
            "requirepass",
            "pass",
            "spring.datasource.password",
            "javax.net.ssl.keyStorePassword",
            "accesskey",
            "AccountKey",
            "masterauth",
        ] {
            assert!(is_secret(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_of_ordinary_settings_do_not() {
        for name in [
            "port",
            "host",
            "config",
            "max-old-space-size",
            "keepalive",
            "keyboard",
            "user",
            "database",
            "compass-url",
            "Xmx",
            "workers",
            "log.level",
            "pinned-threads",
            "spins",
            "passenger",
        ] {
            assert!(!is_secret(name.as_bytes()), "{name}");
        }
    }
}
