//! TCP sockets and the figures around them, as the kernel tells them: nothing here judges, keeps or prints.
//!
//! - [`diag`]: every socket of this network namespace over netlink, streamed; the source to ask first.
//! - [`files`]: the same out of `/proc/net/tcp` and `tcp6`, which see less; for machines without netlink, for
//!   recorded trees and for other namespaces without the right to enter them.
//! - [`counters`]: `/proc/net/snmp`, `netstat`, `sockstat`; [`sysctl`]: the limits those are held against.
//! - [`netns`]: which network namespace a process is in, and how to look from inside it.
//!
//! What the kernel did not say is `None`, never 0. Errors say which operation failed on what, and their
//! [`kind`](std::io::Error::kind) is for callers who decide: `PermissionDenied`, `NotFound`, `Unsupported`
//! (this kernel cannot answer), `TimedOut` (our own deadline), `InvalidData` (an answer that makes no sense).

pub mod counters;
pub mod diag;
pub mod files;
mod info;
mod message;
mod netlink;
pub mod netns;
mod sock;
pub mod sysctl;
#[cfg(test)]
mod tests;

pub use crate::model::{ALL_STATES, TcpState, parse_states};
pub use diag::{Ask, Dumped, Namespace, dump, dump_whole, parse_message};
pub use files::{FileDump, read_tcp, read_tcp_until};
pub use info::Info;
pub use sock::{Endpoint, Family, Sock, Timer};

use std::io;

/// Puts the operation in front of an error and keeps its kind. The number of the error stays in the text
/// ("Permission denied (os error 13)").
fn failed(operation: impl std::fmt::Display, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{operation}: {error}"))
}

/// An answer that makes no sense.
fn malformed(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_string())
}
