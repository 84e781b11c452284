//! Whether a variable whose value stands in the open is a secret: more careful than the redactor, since this is said aloud.

use super::{names, secrets};

/// How a variable gives itself away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// By its name alone.
    Name,
    /// By the form of its value: a token of a known service, a URL with a password, a private key.
    Form,
}

/// The last words of names whose value is the secret itself, and not where it lies or how long it holds.
const LAST: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "credentials",
    "dsn",
];
/// Before a last word `key`: those of which it is a secret. A cache and a database have keys too.
const OF_KEY: &[&str] = &["api", "secret", "access", "private", "encryption", "signing", "master", "auth"];
/// What stands for a value that is not here.
const STANDS_IN: &[&str] = &["", "true", "false", "null", "none", "nil", "disabled", "enabled", "yes", "no"];

/// What a plain value of this name looks like.
pub fn suspicion(name: &str, value: &str) -> Option<Suspicion> {
    let value = value.trim();
    // A path, a reference to another variable, a switch.
    let elsewhere = value.starts_with('/') || value.starts_with("$(") || value.starts_with("file:");
    if STANDS_IN.contains(&value.to_ascii_lowercase().as_str()) || elsewhere {
        return None;
    }
    if secrets::tells_itself(value.as_bytes()) {
        return Some(Suspicion::Form);
    }
    let words = names::words(name.as_bytes());
    let words: Vec<&str> = words.iter().map(String::as_str).filter(|w| !w.is_empty()).collect();
    let last = words.last()?;
    let key = *last == "key" && words.len() > 1 && OF_KEY.contains(&words[words.len() - 2]);
    let named = key || LAST.iter().any(|l| last == l || last.ends_with(l) && l.len() > 4);
    // A public key is public, and a count or a time to live is no secret.
    let plain = words.contains(&"public") || value.len() < 4 && value.parse::<f64>().is_ok();
    (named && !plain && (*last == "dsn" || !value.contains("://"))).then_some(Suspicion::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_the_open_are_told_by_name_or_form() {
        for (name, value) in [
            ("DB_PASSWORD", "hunter2"),
            ("PGPASSWORD", "x1"),
            ("apiKey", "abc123"),
            ("AWS_SECRET_ACCESS_KEY", "abc/def"),
            ("SENTRY_DSN", "https://abc@o1.ingest.example/1"),
            ("GITHUB_TOKEN", "abc"),
        ] {
            assert_eq!(suspicion(name, value), Some(Suspicion::Name), "{name}");
        }
        for value in [
            "postgres://app:hunter2@db/app",
            "ghp_0123456789abcdefghij",
            "-----BEGIN RSA PRIVATE KEY-----\nMII",
            "Server=db;User=app;Password=hunter2;",
        ] {
            assert_eq!(suspicion("X", value), Some(Suspicion::Form), "{value}");
        }
    }

    #[test]
    fn ordinary_settings_are_left_alone() {
        for (name, value) in [
            ("PASSWORD_FILE", "x"),
            ("DB_PASSWORD", "/run/secrets/db"),
            ("DB_PASSWORD", "$(OTHER)"),
            ("TOKEN_TTL", "3600"),
            ("SESSION_TIMEOUT", "30"),
            ("AUTH_URL", "https://auth.example.com"),
            ("TOKEN_URL", "https://auth.example.com/token"),
            ("CACHE_KEY", "web"),
            ("GIT_SHA", "0123456789abcdef0123456789abcdef01234567"),
            ("JWT_PUBLIC_KEY", "abc"),
            ("ALLOW_EMPTY_PASSWORD", "yes"),
            ("DATABASE_URL", "postgres://db/app"),
            ("DATABASE_URL", "postgres://app@db/app"),
            ("DATABASE_URL", "postgres://app:$(DB_PASSWORD)@db/app"),
            ("COMPASS_URL", "x"),
            ("CONTACT", "ops@example.com"),
            ("CERT", "-----BEGIN CERTIFICATE-----\nMII"),
            ("MAX_TOKENS", "4096"),
        ] {
            assert_eq!(suspicion(name, value), None, "{name}={value}");
        }
    }
}
