//! `/proc/net/tcp` and `tcp6`: what is left where netlink does not answer, in recorded trees and in other
//! namespaces. Readable by everyone, ten times slower, and blind to: the backlog of a listener, its drops,
//! `tcp_info`, cookies, cgroups. A row never shows a 0 for these.
//!
//! The kernel finds its place again at each `read`, so rows may be missing or doubled on a busy machine.
//!
//! Beware: `/proc/net` and `/proc/self/net` are those of the process's first thread. From a thread that entered another
//! namespace ([`netns::inside`](super::netns::inside)) read `/proc/thread-self/net`.

use super::{Endpoint, Family, Sock, TcpState, Timer, failed};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    time::Instant,
};

/// How reading went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileDump {
    /// Rows given to `each`.
    pub rows: u64,
    /// Lines that are no row: cut, garbage, or a missing heading.
    pub malformed: u64,
}

/// The kernel's longest row is about 200 bytes; what goes on is no row.
const LONGEST: usize = 512;
/// `USER_HZ`, the unit of times in /proc: 100 on every architecture Rust's std runs Linux on.
const TICK_MS: u64 = 10;

/// Streams the rows of `tcp` and `tcp6` in `dir` (`/proc/net`, `/proc/PID/net`) to `each`. No `tcp6` means no IPv6.
///
/// # Errors
/// `tcp` cannot be opened, or reading broke off. Rows may have been given before.
pub fn read_tcp(dir: &Path, each: &mut dyn FnMut(&Sock)) -> io::Result<FileDump> {
    read_tcp_until(dir, None, each)
}

/// [`read_tcp`] that gives up at `deadline`: with a million sockets the file alone takes many seconds.
///
/// # Errors
/// Those of [`read_tcp`], and `TimedOut`.
pub fn read_tcp_until(
    dir: &Path,
    deadline: Option<Instant>,
    each: &mut dyn FnMut(&Sock),
) -> io::Result<FileDump> {
    let mut dump = FileDump::default();
    for (name, family) in [("tcp", Family::V4), ("tcp6", Family::V6)] {
        let path = dir.join(name);
        let what = |e: io::Error| failed(path.display(), &e);
        match File::open(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound && family == Family::V6 => {}
            opened => read_rows(opened.map_err(what)?, family, deadline, &mut dump, each).map_err(what)?,
        }
    }
    Ok(dump)
}

pub(super) fn read_rows(
    from: impl Read,
    family: Family,
    deadline: Option<Instant>,
    dump: &mut FileDump,
    each: &mut dyn FnMut(&Sock),
) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(32 << 10, from);
    let mut line = Vec::with_capacity(LONGEST);
    let mut heading = true;
    loop {
        let text = match next_line(&mut reader, &mut line, deadline)? {
            Line::Whole => std::str::from_utf8(&line).unwrap_or_default(),
            // Its last number may be cut, so it is no row however well it reads.
            Line::Cut => "",
            Line::End => break,
        };
        if std::mem::take(&mut heading) && text.trim_ascii_start().starts_with("sl ") {
            continue;
        }
        match parse_row(text, family) {
            Some(sock) => {
                dump.rows += 1;
                each(&sock);
            }
            None => dump.malformed += 1,
        }
    }
    // The kernel always writes a heading: a file without one was not recorded whole.
    dump.malformed += u64::from(heading);
    Ok(())
}

enum Line {
    Whole,
    /// The file ended before the line did.
    Cut,
    /// Nothing was left.
    End,
}

/// Reads one line without its end into `line`, little more than [`LONGEST`] bytes of it.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>, deadline: Option<Instant>) -> io::Result<Line> {
    line.clear();
    let mut any = false;
    loop {
        if deadline.is_some_and(|d| Instant::now() >= d) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the deadline passed"));
        }
        let part = match reader.fill_buf() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            part => part?,
        };
        if part.is_empty() {
            return Ok(if any { Line::Cut } else { Line::End });
        }
        any = true;
        let end = part.iter().position(|b| *b == b'\n');
        let taken = end.unwrap_or(part.len());
        // One byte more than is allowed stays, so that a long line cannot pass for a row.
        line.extend_from_slice(&part[..taken.min((LONGEST + 1).saturating_sub(line.len()))]);
        reader.consume(end.map_or(taken, |e| e + 1));
        if end.is_some() {
            return Ok(Line::Whole);
        }
    }
}

/// One row: `sl local rem st tx:rx tr:when retrnsmt uid timeout inode …`
pub(super) fn parse_row(line: &str, family: Family) -> Option<Sock> {
    if line.len() > LONGEST {
        return None;
    }
    let mut fields = line.split_ascii_whitespace();
    let slot = fields.next()?.strip_suffix(':')?;
    if !slot.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (local, remote) = (end(fields.next()?, family)?, end(fields.next()?, family)?);
    let state = TcpState::from_kernel(hex(fields.next()?, 2)? as u8)?;
    let (tx, rx) = fields.next()?.split_once(':')?;
    let (timer, when) = fields.next()?.split_once(':')?;
    let timer = Timer::from_kernel(hex(timer, 2)? as u8);
    let when = hex(when, 16)?;
    let retransmits = hex(fields.next()?, 8)?;
    let uid = fields.next()?.parse().ok()?;
    let probes: i64 = fields.next()?.parse().ok()?;
    let inode = fields.next()?.parse().ok()?;
    // As sock_diag does: the count that belongs to the armed timer.
    let retrans = match timer {
        Timer::Keepalive | Timer::Probe => u8::try_from(probes.max(0)).unwrap_or(u8::MAX),
        Timer::None => 0,
        _ => u8::try_from(retransmits).unwrap_or(u8::MAX),
    };
    Some(Sock {
        family,
        state,
        local,
        remote,
        timer,
        expires_ms: (timer != Timer::None)
            .then(|| u32::try_from(when.saturating_mul(TICK_MS)).unwrap_or(u32::MAX)),
        retrans,
        rqueue: hex(rx, 8)? as u32,
        wqueue: hex(tx, 8)? as u32,
        backlog: None,
        uid,
        inode,
        cookie: None,
        ifindex: None,
        info: None,
        drops: None,
        shutdown: None,
        v6_only: None,
        cgroup_id: None,
        sockopt: None,
    })
}

/// `0100007F:1F90`: the address as words of this machine's byte order, the port as a plain number.
fn end(text: &str, family: Family) -> Option<Endpoint> {
    let (ip, port) = text.split_once(':')?;
    if port.len() != 4 || !ip.is_ascii() {
        return None;
    }
    let mut end = Endpoint { ip: [0; 16], port: hex(port, 4)? as u16, scope: 0 };
    let words = match family {
        Family::V4 => {
            end.ip[10..12].fill(0xff);
            &mut end.ip[12..]
        }
        Family::V6 => &mut end.ip[..],
    };
    if ip.len() != words.len() * 2 {
        return None;
    }
    for (i, word) in words.chunks_exact_mut(4).enumerate() {
        word.copy_from_slice(&(hex(ip.get(i * 8..i * 8 + 8)?, 8)? as u32).to_ne_bytes());
    }
    Some(end)
}

/// A hexadecimal number of 1 to `longest` digits and nothing else: no sign, no prefix.
fn hex(text: &str, longest: usize) -> Option<u64> {
    let fits = (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    if fits { u64::from_str_radix(text, 16).ok() } else { None }
}
