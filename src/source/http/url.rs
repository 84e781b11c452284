//! The address of what is asked over HTTP. RFC 3986, as far as `http` and `https` need it; what a browser mends is an error
//! here, since another thing than was written would be asked.

use std::{fmt, net::Ipv6Addr};

/// `http://host:port/path?query`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `https`.
    pub tls: bool,
    /// A name or an address, without brackets.
    pub host: String,
    /// Port, the scheme's own when none was written.
    pub port: u16,
    /// Path and query, as they go into the request line.
    pub target: String,
}

impl Url {
    /// From text. Without a scheme it is `http`.
    ///
    /// # Errors
    /// What is wrong with it. A password in it is an error, and is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (tls, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, _)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                return Err(format!("`{scheme}` is not spoken here: http:// or https:// is wanted"));
            }
            Some(_) => return Err("the scheme of the URL is none: http:// or https:// is wanted".into()),
            None => (false, text),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.contains('@') {
            return Err("a user or password in the URL is not sent: leave it out".into());
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, port) = v6.split_once(']').ok_or("the bracket of the address is not closed")?;
                host.parse::<Ipv6Addr>().map_err(|_| format!("`{host}` is no IPv6 address"))?;
                (
                    host,
                    port.strip_prefix(':')
                        .or_else(|| port.is_empty().then_some(""))
                        .ok_or("a `:` and a port are wanted after the bracket")?,
                )
            }
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
        if host.is_empty() || !host.bytes().all(plain) {
            return Err(format!("`{host}` is no host: a URL such as http://127.0.0.1:3000/health is wanted"));
        }
        let port = match port {
            "" => {
                if tls {
                    443
                } else {
                    80
                }
            }
            digits => {
                digits.parse().ok().filter(|p| *p > 0).ok_or_else(|| format!("`{digits}` is no port"))?
            }
        };
        let target = target.split('#').next().unwrap_or_default();
        if target.bytes().any(|b| b <= b' ' || b >= 0x7f) {
            return Err(
                "the path holds a blank or a character beyond ASCII: write it as %20 and the like".into()
            );
        }
        let target = if target.starts_with('/') { target.into() } else { format!("/{target}") };
        Ok(Self { tls, host: host.into(), port, target })
    }

    /// What the `Host` field says: the port only where it is not the scheme's own. RFC 9110, 7.2.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == if self.tls { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }
}

/// Without what follows the path: keys are in it.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, query) = match self.target.split_once('?') {
            Some((path, _)) => (path, "?…"),
            None => (self.target.as_str(), ""),
        };
        write!(f, "{}://{}{path}{query}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_they_are_written() {
        for (text, shown) in [
            ("http://a", "http://a/"),
            ("a:8080/x?y=1#z", "http://a:8080/x?…"),
            ("HTTPS://a:443", "https://a/"),
            ("http://[::1]:3000?q", "http://[::1]:3000/?…"),
            ("http://127.0.0.1:80/", "http://127.0.0.1/"),
        ] {
            assert_eq!(Url::parse(text).map(|u| u.to_string()).as_deref(), Ok(shown), "{text}");
        }
        assert_eq!(Url::parse("https://[::1]/").unwrap().authority(), "[::1]");
        assert_eq!(Url::parse("a:8080/x?y=1#z").unwrap().target, "/x?y=1");
    }

    #[test]
    fn what_is_no_url_is_refused_and_a_password_is_not_repeated() {
        for bad in [
            "",
            "http://",
            "ftp://a",
            "http://a:0",
            "http://a:70000",
            "http://[::1",
            "http://[x]",
            "http://a b",
            "http://a/b c",
            "http://ä/",
        ] {
            assert!(Url::parse(bad).is_err(), "{bad}");
        }
        let said = Url::parse("http://user:hunter2@a/").unwrap_err();
        assert!(!said.contains("hunter2"), "{said}");
    }
}
