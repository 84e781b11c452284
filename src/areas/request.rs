//! The flags that say what is asked of a server over HTTP, the same for every command that does.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The longest time that one request may be given.
const LONGEST: Duration = Duration::from_secs(600);
/// No body from the command line is longer, in bytes.
const BODY: usize = 1 << 20;

/// What to ask, and how.
// Fields and bodies may hold secrets: never part of a snapshot.
#[derive(clap::Args, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[command(next_help_heading = "Request")]
pub struct Request {
    /// Method of the requests [default: GET, with --body POST]
    #[arg(long, value_name = "METHOD", value_parser = method)]
    pub method: Option<String>,
    /// Body of the requests; `@FILE` reads it from a file
    #[arg(long, value_name = "TEXT|@FILE", value_parser = body)]
    #[serde(skip)]
    pub body: Option<String>,
    /// A field of the requests, as in `Authorization: Bearer …`; may be given again
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = field)]
    #[serde(skip)]
    pub header: Vec<(String, String)>,
    /// An answer with a body of another length, in bytes, is counted as cut
    #[arg(long, value_name = "BYTES")]
    pub expect_body_length: Option<u64>,
    /// An answer that is not whole by then is lost
    #[arg(long, value_name = "DUR", default_value = "10s", value_parser = patience)]
    pub request_timeout: Duration,
    /// Speak HTTP/2: over https offered beside HTTP/1.1, over http taken for granted
    #[arg(long)]
    pub http2: bool,
    /// Trust the authorities in this PEM file, not the system's
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<String>,
    /// Trust any certificate
    #[arg(long, conflicts_with = "cacert")]
    pub insecure: bool,
}

impl Default for Request {
    /// What the flags say when none is given.
    fn default() -> Self {
        Self {
            method: None,
            body: None,
            header: vec![],
            expect_body_length: None,
            request_timeout: Duration::from_secs(10),
            http2: false,
            cacert: None,
            insecure: false,
        }
    }
}

impl Request {
    /// The method that counts.
    pub fn method(&self) -> &str {
        self.method.as_deref().unwrap_or(if self.body.is_some() { "POST" } else { "GET" })
    }
}

fn method(text: &str) -> Result<String, String> {
    let token =
        !text.is_empty() && text.len() <= 32 && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    if token { Ok(text.into()) } else { Err("a method in capitals, as in GET or POST".into()) }
}

fn body(text: &str) -> Result<String, String> {
    let wrong = (text.len() > BODY).then(|| "longer than 1 MiB: name a file with @".into());
    wrong.map_or(Ok(text.into()), Err)
}

fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("NAME: VALUE is wanted, as in `Accept: text/html`")?;
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        return Err("the name of a field is letters, digits and -".into());
    }
    let ours = ["host", "connection", "content-length", "transfer-encoding"];
    if ours.iter().any(|o| name.eq_ignore_ascii_case(o)) && !name.eq_ignore_ascii_case("host") {
        return Err("this field says how the connection is used: it is ours".into());
    }
    let value = value.trim();
    if value.bytes().any(|b| b < b' ' || b == 0x7f) {
        return Err("the value of a field is one line".into());
    }
    Ok((name.into(), value.into()))
}

fn patience(text: &str) -> Result<Duration, String> {
    let d = humantime::parse_duration(text).map_err(|e| format!("{e}; write 500ms, 10s or 5m"))?;
    match (Duration::from_millis(10)..=LONGEST).contains(&d) {
        true => Ok(d),
        false => Err("from 10ms to 10m".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_out_of_the_request_is_refused() {
        assert_eq!(field("Accept:  text/html ").unwrap(), ("Accept".into(), "text/html".into()));
        for bad in ["Accept", ": x", "a b: c", "a: b\r\nc: d", "Content-Length: 3", "connection: close"] {
            assert!(field(bad).is_err(), "{bad}");
        }
        assert!(method("GET").is_ok() && method("get").is_err() && method("G ET").is_err());
        assert!(patience("1s").is_ok() && patience("0s").is_err() && patience("1h").is_err());
    }
}
