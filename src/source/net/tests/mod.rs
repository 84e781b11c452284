//! Tests of this folder that need more than one of its files.
mod asking;
mod captures;
mod fake_kernel;
mod figures;
mod hostile;
mod live;
mod namespaces;

use super::{ALL_STATES, Ask, Endpoint, Sock};
use std::{
    net::SocketAddr,
    thread::sleep,
    time::{Duration, Instant},
};

/// Everything that can be asked.
const ALL: Ask = Ask { states: ALL_STATES, info: true, skmem: true };

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn end(text: &str) -> Endpoint {
    text.parse::<SocketAddr>().unwrap().into()
}

/// Asks again until there is an answer. Ten seconds, for a machine that is busy with something else.
fn eventually<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = answer() {
            return found;
        }
        assert!(Instant::now() < deadline, "not seen within 10 s: {what}");
        sleep(Duration::from_millis(10));
    }
}

/// The sockets between these two ends, whatever else is on the machine.
fn between(socks: &[Sock], local: SocketAddr, remote: SocketAddr) -> Option<Sock> {
    let (local, remote) = (Endpoint::from(local), Endpoint::from(remote));
    socks.iter().copied().find(|s| s.local == local && s.remote == remote)
}
