//! Questions over one TCP connection, one after the other: RFC 1035 section 4.2.2, a length in front of each message.

use super::{Ask, Came, Heard, Manner, Odd, message, refused};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with,
        sockopt::socket_error,
    },
};
use std::{net::SocketAddr, os::fd::OwnedFd, time::Instant};

/// Asks all of it over one connection; `patience` is for the connection and again for each answer.
pub fn ask_tcp(server: SocketAddr, asks: &[Ask], how: Manner) -> Vec<Heard> {
    let begun = Instant::now();
    let socket = match connected(server, how) {
        Ok(s) => s,
        Err(came) => {
            let heard = Heard { took: begun.elapsed(), ..Heard::at_once(came) };
            return vec![heard; asks.len()];
        }
    };
    let mut out = Vec::new();
    let mut lost = None;
    for ask in asks {
        let heard = match lost.clone() {
            // The connection is of no use any more.
            Some(came) => Heard::at_once(came),
            // The first one pays for the connection, as it does in an application.
            None => one(&socket, ask, if out.is_empty() { begun } else { Instant::now() }, how),
        };
        if !matches!(heard.came, Came::Reply(_)) {
            lost = Some(heard.came.clone());
        }
        out.push(heard);
    }
    out
}

fn one(socket: &OwnedFd, ask: &Ask, begun: Instant, how: Manner) -> Heard {
    let until = Instant::now() + how.patience;
    let mut odd = Odd::default();
    let came = exchange(socket, ask, until, how.deadline, &mut odd).unwrap_or_else(|came| came);
    Heard { came, took: begun.elapsed(), sends: 1, odd }
}

fn exchange(
    socket: &OwnedFd,
    ask: &Ask,
    until: Instant,
    deadline: Instant,
    odd: &mut Odd,
) -> Result<Came, Came> {
    let message = ask.question.write(ask.id).map_err(|_| Came::Barred(Errno::INVAL))?;
    let mut framed = (message.len() as u16).to_be_bytes().to_vec();
    framed.extend(message);
    // A new connection takes some hundred bytes at once.
    send(socket, &framed, SendFlags::NOSIGNAL).map_err(ended)?;
    // Answers to others may come first; nobody sends many of them.
    for _ in 0..8 {
        let length = filled(socket, 2, until, deadline)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let bytes = filled(socket, length, until, deadline)?;
        match message::read(&bytes, ask.id, &ask.question) {
            message::Read::Answer(reply) => return Ok(Came::Reply(reply)),
            message::Read::Malformed => return Ok(Came::Malformed),
            message::Read::Foreign => odd.foreign += 1,
        }
    }
    Ok(Came::Malformed)
}

/// So many bytes, or what came instead.
fn filled(socket: &OwnedFd, wanted: usize, until: Instant, deadline: Instant) -> Result<Vec<u8>, Came> {
    let mut bytes = vec![0; wanted];
    let mut have = 0;
    while have < wanted {
        match recv(socket, &mut bytes[have..], RecvFlags::empty()) {
            Ok((0, _)) => return Err(Came::Ended),
            Ok((n, _)) => have += n,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait(socket, PollFlags::IN, until, deadline)?,
            Err(e) => return Err(ended(e)),
        }
    }
    Ok(bytes)
}

/// What became of a connection that stood.
fn ended(errno: Errno) -> Came {
    match errno {
        Errno::CONNRESET | Errno::PIPE => Came::Ended,
        other => refused(other),
    }
}

fn wait(socket: &OwnedFd, flags: PollFlags, until: Instant, deadline: Instant) -> Result<(), Came> {
    let left = until.min(deadline).saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(if until <= deadline { Came::Silence } else { Came::Cut });
    }
    let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
    let _ = poll(&mut [PollFd::new(socket, flags)], Some(&left));
    Ok(())
}

fn connected(server: SocketAddr, how: Manner) -> Result<OwnedFd, Came> {
    let family = if server.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None).map_err(refused)?;
    match connect(&socket, &server) {
        Ok(()) => return Ok(socket),
        Err(Errno::INPROGRESS | Errno::INTR) => {}
        Err(e) => return Err(refused(e)),
    }
    let until = Instant::now() + how.patience;
    loop {
        let mut fds = [PollFd::new(&socket, PollFlags::OUT)];
        if poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(1) {
            break;
        }
        wait(&socket, PollFlags::OUT, until, how.deadline)?;
    }
    match socket_error(&socket) {
        Ok(Ok(())) => Ok(socket),
        // The kernel gave up before we did.
        Ok(Err(Errno::TIMEDOUT)) => Err(Came::Silence),
        Ok(Err(e)) | Err(e) => Err(refused(e)),
    }
}
