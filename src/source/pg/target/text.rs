//! A connection string in libpq's two forms: `key=value …` and a URL. Section 32.1.1 of the manual; `conninfo_parse` and
//! `conninfo_uri_parse_options` of `fe-connect.c`.

use super::{bad::BadTarget, keys};

/// Keys with their values in the order of the text.
pub(super) type Pairs = Vec<(String, String)>;

/// What a URL says, and what was overlooked in it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Url {
    /// Keys of libpq.
    pub pairs: Pairs,
    /// Of these the reader has a right to know.
    pub said: Vec<String>,
}

/// The schemes that libpq knows, the ones of libraries that name a driver behind a `+`, and JDBC's.
fn after_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let plain = scheme.strip_prefix("jdbc:").unwrap_or(scheme);
    let name = plain.split_once('+').map_or(plain, |(name, _)| name);
    let known = ["postgres", "postgresql", "postgis", "pgsql"].iter().any(|k| k.eq_ignore_ascii_case(name));
    known.then_some((scheme, rest))
}

/// Whether the text is a URL of a scheme that names Postgres.
pub(super) fn is_url(text: &str) -> bool {
    after_scheme(text).is_some()
}

/// Reads `key = value` pairs: blanks around `=`, quotes, backslashes.
pub(super) fn keywords(text: &str, place: &str) -> Result<Pairs, BadTarget> {
    // What could not be read may be a password: only names of keys are ever quoted.
    let bad = |what: String| {
        BadTarget::new(place, what, "write it as key=value, quoting what holds blanks: key='a b'")
    };
    let mut pairs = Pairs::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return Ok(pairs);
        }
        let mut key = String::new();
        while let Some(c) = chars.next_if(|c| *c != '=' && !c.is_ascii_whitespace()) {
            key.push(c);
        }
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        if chars.next() != Some('=') {
            let after = pairs
                .last()
                .map_or("at its start".into(), |(k, _): &(String, String)| format!("after `{k}`"));
            return Err(bad(format!("there is a word without = {after}")));
        }
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        let quoted = chars.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match chars.next() {
                Some('\\') => value.extend(chars.next()),
                Some('\'') if quoted => break,
                Some(c) if c.is_ascii_whitespace() && !quoted => break,
                Some(c) => value.push(c),
                None if quoted => return Err(bad(format!("the quote of `{key}` does not end"))),
                None => break,
            }
        }
        pairs.push((key, value));
    }
}

/// Reads a URL.
pub(super) fn url(text: &str, place: &str) -> Result<Url, BadTarget> {
    const ENCODE: &str =
        "write what is special in user, password or name as %XX: @ is %40, : is %3A, / is %2F, % is %25";
    let bad = |what: &str| BadTarget::new(place, what, ENCODE);
    let (scheme, rest) = after_scheme(text).ok_or_else(|| bad("this is no URL of Postgres"))?;
    let mut out = Url::default();
    if !matches!(scheme, "postgres" | "postgresql") {
        out.said.push(format!("{place}: `{scheme}://` is read as `postgresql://`"));
    }
    let decoded = |raw: &str| decode(raw).ok_or_else(|| bad("a % is not followed by two hexadecimal digits"));
    // Up to the first @ in front of a slash, whatever else is in it.
    let credentials = rest.find(['@', '/']).filter(|at| rest[*at..].starts_with('@'));
    let rest = credentials.map_or(rest, |at| &rest[at + 1..]);
    if let Some(at) = credentials {
        let credentials = &text[text.len() - rest.len() - 1 - at..text.len() - rest.len() - 1];
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        out.put("user", decoded(user)?);
        out.put("password", decoded(password)?);
    }
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(r, q)| (r, Some(q)));
    let (hosts, dbname) = rest.split_once('/').map_or((rest, None), |(a, d)| (a, Some(d)));
    // Where else would an @ come from? Whatever stands around it may be the end of a password: it is not quoted.
    let too_many = || bad("there is an @ too many");
    if rest.contains('@') {
        return Err(too_many());
    }
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for one in hosts.split(',') {
        let (name, port) = if let Some(six) = one.strip_prefix('[') {
            let (name, rest) = six.split_once(']').ok_or_else(|| bad("a [ is not closed"))?;
            if name.is_empty() {
                return Err(bad("there is nothing between [ and ]"));
            }
            match rest.strip_prefix(':') {
                Some(port) => (name, port),
                None if rest.is_empty() => (name, ""),
                None => return Err(bad("something other than a port stands behind a ]")),
            }
        } else {
            one.split_once(':').unwrap_or((one, ""))
        };
        let port = decoded(port)?;
        if !port.is_empty() && port.parse().map_or(true, |p: u16| p == 0) {
            return Err(bad("the port is no number from 1 to 65535"));
        }
        names.push(decoded(name)?);
        ports.push(port);
    }
    out.put("host", if names.iter().all(String::is_empty) { String::new() } else { names.join(",") });
    out.put("port", if ports.iter().all(String::is_empty) { String::new() } else { ports.join(",") });
    out.put("dbname", decoded(dbname.unwrap_or(""))?);
    for pair in query.unwrap_or("").split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| bad("a parameter behind the ? has no ="))?;
        let (key, value) = (decoded(key)?, decoded(value)?);
        let strange = keys::known(&key).is_none() && !keys::is_of_programs(&key) && key != "ssl";
        if strange && credentials.is_none() && query.is_some_and(|q| q.contains('@')) {
            return Err(too_many());
        }
        out.parameter(key, value, place);
    }
    Ok(out)
}

impl Url {
    /// Parts of a URL that are empty are as good as absent.
    fn put(&mut self, key: &str, value: String) {
        if !value.is_empty() {
            self.pairs.push((key.into(), value));
        }
    }

    fn parameter(&mut self, key: String, value: String, place: &str) {
        match (key.as_str(), value.as_str()) {
            // JDBC's, which libpq takes too, and asyncpg's.
            ("ssl", "true" | "1") => self.pairs.push(("sslmode".into(), "require".into())),
            ("ssl", "false" | "0") => self.pairs.push(("sslmode".into(), "disable".into())),
            ("ssl", _) => self.pairs.push(("sslmode".into(), value)),
            ("sslmode", "no-verify") => {
                self.said.push(format!("{place}: sslmode=no-verify of Node is read as sslmode=require"));
                self.pairs.push(("sslmode".into(), "require".into()));
            }
            _ if keys::known(&key).is_none() && keys::is_of_programs(&key) => {
                self.said.push(format!("{place}: `{key}` is for the application's library and was left out"));
            }
            _ => self.pairs.push((key, value)),
        }
    }
}

/// `%XX` decoded; `None` for what is no such sequence, is no text, or holds a zero byte.
fn decode(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(b) = rest.next() {
        if b != b'%' {
            bytes.push(b);
            continue;
        }
        let digit = |b: Option<u8>| char::from(b?).to_digit(16);
        let byte = (digit(rest.next())? * 16 + digit(rest.next())?) as u8;
        if byte == 0 {
            return None;
        }
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}
