//! What was typed as a target, fit to be shown and to be typed again: no secret is in it.

use super::{keys, text};

/// Keys of what nobody is to see.
const SECRET: [&str; 5] =
    ["password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"];
/// Longer ones make no line that anybody would paste, characters.
const LONGEST: usize = 1000;

/// The arguments that reach the same target from a shell: `-d TARGET`, quoted where that is needed. When a password was left out
/// of it, a comment says where it belongs. Nothing when the text is not understood, empty without its secrets, or holds
/// what a terminal would obey.
pub(super) fn arguments(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let (plain, password) = without_secrets(typed)?;
    if plain.is_empty() || plain.chars().count() > LONGEST || plain.chars().any(char::is_control) {
        return None;
    }
    let comment = if password { " # the password is left out: set PGPASSWORD" } else { "" };
    Some(format!("-d {}{comment}", quoted(&plain)))
}

/// The text without its secrets, and whether a password was among them.
fn without_secrets(typed: &str) -> Option<(String, bool)> {
    let pairs = if text::is_url(typed) {
        text::url(typed, "").ok()?.pairs
    } else if typed.contains("://") {
        return None;
    } else if typed.contains('=') {
        text::keywords(typed, "").ok()?
    } else {
        return Some((typed.into(), false));
    };
    let password = pairs.iter().any(|(key, value)| key == "password" && !value.is_empty());
    let plain = if text::is_url(typed) { url(typed)? } else { keywords(&pairs) };
    Some((plain, password))
}

/// The same URL; of its parameters only those that are for the connection.
fn url(typed: &str) -> Option<String> {
    let (scheme, rest) = typed.split_once("://")?;
    let credentials = rest.find(['@', '/']).filter(|at| rest[*at..].starts_with('@'));
    let (credentials, rest) = credentials.map_or(("", rest), |at| (&rest[..at], &rest[at + 1..]));
    let user = credentials.split(':').next().unwrap_or_default();
    let at = if user.is_empty() { "" } else { "@" };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    // An escape in the name of a key may be what hides a secret from here.
    let kept = |pair: &&str| {
        let key = pair.split('=').next().unwrap_or_default();
        (keys::known(key).is_some() || key == "ssl") && !SECRET.contains(&key)
    };
    let query: Vec<&str> = query.split('&').filter(kept).collect();
    let joint = if query.is_empty() { "" } else { "?" };
    Some(format!("{scheme}://{user}{at}{rest}{joint}{}", query.join("&")))
}

/// The pairs again, quoted where they have to be.
fn keywords(pairs: &text::Pairs) -> String {
    let pair = |(key, value): &(String, String)| {
        if !value.is_empty() && !value.contains(|c: char| c.is_ascii_whitespace() || "'\\".contains(c)) {
            return format!("{key}={value}");
        }
        format!("{key}='{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
    };
    let kept: Vec<String> = pairs.iter().filter(|(k, _)| !SECRET.contains(&k.as_str())).map(pair).collect();
    kept.join(" ")
}

/// One word of a shell's line.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if text.chars().all(plain) { text.into() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(typed: &str) -> String {
        arguments(typed).unwrap_or_default()
    }

    #[test]
    fn what_was_typed_without_a_password_is_typed_again() {
        for same in ["shop", "postgres://app@db:5433/shop", "host=/run/pg,user=app", "service=shop"] {
            assert_eq!(of(same), format!("-d {same}"));
        }
        assert_eq!(of(" host=db  user = app "), "-d 'host=db user=app'");
        assert_eq!(of("postgres://db/shop?sslmode=require"), "-d 'postgres://db/shop?sslmode=require'");
        assert_eq!(of("my db"), "-d 'my db'");
        assert_eq!(of(r"dbname='it\'s' user=''"), r"-d 'dbname='\''it\'\''s'\'' user='\'''\'''");
    }

    #[test]
    fn no_secret_gets_through_and_it_is_said_where_the_password_belongs() {
        let said = " # the password is left out: set PGPASSWORD";
        for typed in [
            "postgres://app:hunter2@db:5433/shop",
            "postgres://app:hunter2:x%40@db:5433/shop?schema=public",
            "postgres://app@db:5433/shop?password=hunter2",
            "postgres://app@db:5433/shop?pass%77ord=hunter2&sslpassword=hunter2",
        ] {
            assert_eq!(of(typed), format!("-d postgres://app@db:5433/shop{said}"), "{typed}");
        }
        assert_eq!(of("postgres://:hunter2@db/shop"), format!("-d postgres://db/shop{said}"));
        assert_eq!(of("host=db password='hunter 2' sslpassword=hunter2"), format!("-d host=db{said}"));
        assert_eq!(of("host=db sslpassword=hunter2"), "-d host=db");
    }

    #[test]
    fn what_cannot_be_typed_again_is_left_out() {
        for typed in
            ["", "password=hunter2", "mysql://app:hunter2@db", "postgres://a:b@c@d/", "host", "a\u{1b}[2J=b"]
        {
            assert!(!of(typed).contains("hunter2"), "{typed}");
        }
        for typed in
            ["", "password=hunter2", "mysql://app@db", "postgres://a:b@c@d/", "host=a b", "da\u{1b}ta"]
        {
            assert_eq!(arguments(typed), None, "{typed}");
        }
        assert_eq!(arguments(&"a".repeat(1001)), None);
    }
}
