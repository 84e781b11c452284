//! Names that may be looked up: the same rule for a flag and for the settings file.

use std::net::IpAddr;

/// Names that one run looks up.
pub const NAMES_MOST: usize = 16;

/// A name that a resolver asks for. What none asks for is said before anything is sent.
///
/// # Errors
/// Why it is none, and what to write.
pub fn lookup_name(text: &str) -> Result<String, String> {
    let bare = text.strip_suffix('.').unwrap_or(text);
    if !text.is_ascii() {
        return Err("not ASCII: write its other form, as in xn--bcher-kva.example".into());
    }
    if text.parse::<IpAddr>().is_ok() {
        return Err("an address: nobody is asked for it".into());
    }
    if text.bytes().any(|b| !b.is_ascii_graphic() || matches!(b, b'\\' | b'"' | b'/' | b':' | b'@')) {
        return Err("no name: a name is letters, digits, hyphens and dots".into());
    }
    match bare {
        "" => Err("no name: it is empty".into()),
        b if b.len() > 253 => Err("no name: longer than 253 bytes".into()),
        b if b.split('.').any(|l| l.is_empty() || l.len() > 63) => {
            Err("no name: each part between two dots has 1 to 63 bytes".into())
        }
        _ => Ok(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_is_refused_with_what_to_write() {
        for (bad, says) in [
            ("", "empty"),
            (".", "empty"),
            ("a..b", "1 to 63"),
            (".a", "1 to 63"),
            ("a b", "letters"),
            ("a\nb", "letters"),
            ("a\\046b", "letters"),
            ("http://a", "letters"),
            ("10.0.0.1", "an address"),
            ("::1", "an address"),
            ("bücher.example", "xn--"),
            (&"a".repeat(64), "1 to 63"),
            (&["a".repeat(60).as_str(); 5].join("."), "253"),
        ] {
            let error = lookup_name(bad).unwrap_err();
            assert!(error.contains(says), "{bad:?}: {error}");
        }
        for good in ["db", "db.", "_sip._tcp.example.com", "xn--bcher-kva.example", "a-b.test"] {
            assert_eq!(lookup_name(good).unwrap(), good);
        }
    }
}
