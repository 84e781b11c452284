//! Every server at once over one socket that is connected to none, and the first answer that says yes or no wins: how musl
//! asks. `__res_msend_rc` of `src/network/res_msend.c`.

use super::{Ask, Came, Heard, Odd, message, refused};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recvfrom, sendto, socket_with},
};
use std::{
    net::{IpAddr, SocketAddr},
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

/// SERVFAIL: asked again at once, so often for each question.
const AGAIN: u32 = 2;

/// How long, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// All of it ends then.
    pub timeout: Duration,
    /// Everybody is asked again after this.
    pub interval: Duration,
    /// Where the run ends: what it cuts is no silence.
    pub deadline: Instant,
}

/// What was heard of each question, and from which server.
pub fn ask_all(servers: &[SocketAddr], asks: &[Ask], how: Rounds) -> Vec<(Heard, Option<usize>)> {
    let begun = Instant::now();
    let mut won: Vec<(Heard, Option<usize>)> = asks.iter().map(|_| (nothing(), None)).collect();
    let v6 = servers.iter().any(SocketAddr::is_ipv6);
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let family = if v6 { AddressFamily::INET6 } else { AddressFamily::INET };
    let messages: Option<Vec<_>> = asks.iter().map(|a| a.question.write(a.id).ok()).collect();
    let (socket, messages) = match (socket_with(family, SocketType::DGRAM, flags, None), messages) {
        (Ok(s), Some(m)) => (s, m),
        (Err(e), _) => return all(won, refused(e)),
        (_, None) => return all(won, Came::Barred(Errno::INVAL)),
    };
    let servers: Vec<SocketAddr> = servers.iter().map(|s| if v6 { mapped(*s) } else { *s }).collect();
    let (mut due, mut again) = (begun, 0);
    loop {
        let now = Instant::now();
        if won.iter().all(|w| w.1.is_some()) {
            return won;
        }
        if now >= begun + how.timeout || now >= how.deadline {
            let cut = now < begun + how.timeout;
            for w in won.iter_mut().filter(|w| w.1.is_none()) {
                w.0.took = begun.elapsed();
                if cut {
                    w.0.came = Came::Cut;
                }
            }
            return won;
        }
        if now >= due {
            for (w, bytes) in won.iter_mut().zip(&messages).filter(|(w, _)| w.1.is_none()) {
                for server in &servers {
                    w.0.sends += 1;
                    if let Err(e) = sendto(&socket, bytes, SendFlags::NOSIGNAL, server) {
                        failed(&mut w.0, e);
                    }
                }
            }
            due = now + how.interval;
            again = AGAIN * asks.len() as u32;
        }
        wait(&socket, due.min(begun + how.timeout).min(how.deadline));
        let mut buffer = [0u8; 65_535];
        while let Ok((n, _, Some(from))) = recvfrom(&socket, &mut buffer[..], RecvFlags::empty()) {
            let from = SocketAddr::try_from(from).ok();
            let Some(from) = servers.iter().position(|s| from.is_some_and(|f| same(*s, f))) else { continue };
            for (i, ask) in asks.iter().enumerate() {
                let came = match message::read(&buffer[..n], ask.id, &ask.question) {
                    message::Read::Answer(reply) => reply,
                    _ => continue,
                };
                let heard = &mut won[i];
                let rcode = came.rcode;
                match rcode {
                    _ if heard.1.is_some() => heard.0.odd.duplicate += 1,
                    0 | 3 => {
                        heard.0.came = Came::Reply(came);
                        heard.0.took = begun.elapsed();
                        heard.1 = Some(from);
                    }
                    // Kept as what was heard last, and waited on for a better word.
                    _ => {
                        heard.0.came = Came::Reply(came);
                        if rcode == 2 && again > 0 {
                            again -= 1;
                            heard.0.sends += 1;
                            let _ = sendto(&socket, &messages[i], SendFlags::NOSIGNAL, &servers[from]);
                        }
                    }
                }
            }
        }
    }
}

fn nothing() -> Heard {
    Heard { came: Came::Silence, took: Duration::ZERO, sends: 0, odd: Odd::default() }
}

fn all(mut won: Vec<(Heard, Option<usize>)>, came: Came) -> Vec<(Heard, Option<usize>)> {
    won.iter_mut().for_each(|w| w.0.came = came.clone());
    won
}

/// What could not even be sent is no silence, as long as nothing else was.
fn failed(heard: &mut Heard, errno: Errno) {
    heard.sends -= 1;
    if heard.sends == 0 && errno != Errno::AGAIN {
        heard.came = refused(errno);
    }
}

fn wait(socket: &OwnedFd, until: Instant) {
    let left = until.saturating_duration_since(Instant::now());
    let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
    let _ = poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&left));
}

fn mapped(server: SocketAddr) -> SocketAddr {
    match server.ip() {
        IpAddr::V4(v4) => SocketAddr::from((v4.to_ipv6_mapped(), server.port())),
        IpAddr::V6(_) => server,
    }
}

fn same(a: SocketAddr, b: SocketAddr) -> bool {
    (a.ip(), a.port()) == (b.ip(), b.port())
}
