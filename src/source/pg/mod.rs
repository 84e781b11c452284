//! Postgres from outside: connecting as libpq does, and one session that runs text statements.
//!
//! The protocol's few messages are spoken here, over a socket that never blocks in the kernel: the client libraries at hand
//! ask libc for the account (`getpwuid`, barred from a static binary), take messages of any length into memory, cannot
//! refuse a way to prove who one is, and hold back nothing of what a connection costs. What is delicate in it is not ours: SCRAM is
//! `postgres-protocol`'s, TLS is rustls'.

mod message;
mod open;
mod refused;
mod rows;
mod secret;
mod session;
mod startup;
mod target;
mod tls;
mod wire;

pub use refused::{FullKind, Refused, RefusedKind, ServerError, Tried};
pub use rows::Rows;
pub use secret::Secret;
pub use session::{Failed, FailedKind, Session};
pub use startup::Encryption;
pub use target::{BadTarget, Method, SslMode, Target};
pub(super) use tls::{anyone, expires, validity};
pub use wire::Address;
