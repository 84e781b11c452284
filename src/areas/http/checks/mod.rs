//! The checks of `http`: a file each, and here what several of them say alike.

mod cert_expiring;
mod keepalive_below_lb;
mod no_header_timeout;
mod requests_lost;
mod slower_than_lb;

use super::facts::{Answered, Facts};
use crate::model::{Check, Judging, Thing};

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] = &[
    requests_lost::CHECK,
    keepalive_below_lb::CHECK,
    slower_than_lb::CHECK,
    no_header_timeout::CHECK,
    cert_expiring::CHECK,
];

/// What stands for all of it when nobody answered.
const NO_ANSWER: &str = "an answer to begin with";

/// Who was asked, as what findings are about.
fn subject(f: &Facts, out: &mut Judging) -> Thing {
    let peer = out.aside(&f.answer).map(|a| a.peer.clone());
    Thing::Peer { address: peer.unwrap_or_else(|| f.url.clone()) }
}

/// What runs there, as far as its own name says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runtime {
    Node,
    Gunicorn,
    Uvicorn,
    Nginx,
    Apache,
    Jetty,
    Python,
    Unknown,
}

/// A server that does not name itself and claims a timeout of whole seconds in `Keep-Alive` is Node.js as a rule.
fn runtime(answer: Option<&Answered>) -> Runtime {
    let Some(answer) = answer else { return Runtime::Unknown };
    let name = answer.server.as_ref().map(|s| s.as_str().to_ascii_lowercase());
    let Some(name) = name else {
        return if answer.claimed_s.is_some() { Runtime::Node } else { Runtime::Unknown };
    };
    let known = [
        ("gunicorn", Runtime::Gunicorn),
        ("uvicorn", Runtime::Uvicorn),
        ("hypercorn", Runtime::Uvicorn),
        ("nginx", Runtime::Nginx),
        ("openresty", Runtime::Nginx),
        ("apache", Runtime::Apache),
        ("jetty", Runtime::Jetty),
        ("python", Runtime::Python),
    ];
    known.iter().find(|(word, _)| name.contains(word)).map_or(Runtime::Unknown, |(_, r)| *r)
}

/// Seconds as people say them: to a tenth while they are few.
fn seconds(s: f64) -> String {
    if s < 99.95 { format!("{} s", (s * 10.0).round() / 10.0) } else { format!("{s:.0} s") }
}

#[cfg(test)]
pub(super) mod recorded;
