//! Kernels that misbehave in the ways real ones do.

use super::{
    super::{
        Dumped, Sock,
        diag::{dump_over, repeat},
        netlink::{Received, Wire},
    },
    ALL,
    captures::{BOTH, rows},
    soon,
};
use std::{collections::VecDeque, io, time::Instant};

/// What happens at the next `receive`.
#[derive(Clone)]
enum Happens {
    /// A datagram, with the sequence number of the last request put into each of its messages.
    Answer(Vec<u8>),
    /// A datagram as it is.
    Stray(Vec<u8>),
    FromProcess(Vec<u8>),
    Cut(Vec<u8>),
    Fails(i32),
}
use Happens::{Answer, Cut, Fails, FromProcess, Stray};

#[derive(Default)]
struct Kernel {
    script: VecDeque<Happens>,
    /// Message type and family of each request.
    asked: Vec<(u16, u8)>,
}

impl Wire for Kernel {
    fn send(&mut self, request: &[u8]) -> io::Result<()> {
        assert_eq!(request.len(), request[0] as usize, "the length in the header is that of the request");
        self.asked.push((u16::from_ne_bytes([request[4], request[5]]), request[16]));
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], _: Instant) -> io::Result<Received> {
        let (bytes, truncated, from_kernel) =
            match self.script.pop_front().expect("the dump should have ended") {
                Answer(bytes) => (numbered(&bytes, self.asked.len() as u32), false, true),
                Stray(bytes) => (bytes, false, true),
                FromProcess(bytes) => (numbered(&bytes, self.asked.len() as u32), false, false),
                Cut(bytes) => (numbered(&bytes, self.asked.len() as u32), true, true),
                Fails(errno) => return Err(io::Error::from_raw_os_error(errno)),
            };
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(Received { bytes: bytes.len(), truncated, from_kernel })
    }
}

fn numbered(bytes: &[u8], sequence: u32) -> Vec<u8> {
    let (mut bytes, mut at) = (bytes.to_vec(), 0);
    while at + 16 <= bytes.len() {
        bytes[at + 8..at + 12].copy_from_slice(&sequence.to_ne_bytes());
        at +=
            (u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap()) as usize).max(16).next_multiple_of(4);
    }
    bytes
}

fn message(kind: u16, flags: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (16 + payload.len() as u32).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend(payload);
    bytes
}

fn done() -> Vec<u8> {
    message(3, 2, &0i32.to_ne_bytes())
}

fn refused(errno: i32) -> Happens {
    let mut payload = (-errno).to_ne_bytes().to_vec();
    payload.extend([0; 16]);
    Answer(message(2, 0, &payload))
}

/// A listener's row out of the recorded dump, and its message without an end behind it.
fn row() -> Vec<u8> {
    BOTH[..456].to_vec()
}

fn run(script: impl IntoIterator<Item = Happens>) -> (io::Result<Dumped>, Vec<Sock>, Kernel) {
    let mut kernel = Kernel { script: script.into_iter().collect(), asked: vec![] };
    let mut seen = vec![];
    let result = dump_over(&mut kernel, &ALL, soon(), &mut |s| seen.push(*s));
    (result, seen, kernel)
}

#[test]
fn one_request_is_enough_where_the_kernel_takes_it() {
    let (result, seen, kernel) = run([Answer(row()), Answer(BOTH.to_vec())]);
    assert_eq!(result.unwrap(), Dumped { count: 22, requests: 1, ..Dumped::default() });
    assert_eq!(seen[1..], rows(BOTH)[..]);
    assert_eq!((kernel.asked, kernel.script.len()), (vec![(18, 0)], 0));
}

#[test]
fn a_refused_first_request_is_followed_by_one_per_family() {
    for refusal in [libc::EOPNOTSUPP, libc::EINVAL, libc::ENOENT, libc::EACCES] {
        let (result, seen, kernel) = run([refused(refusal), Answer(row()), Answer(done()), Answer(done())]);
        assert_eq!(result.unwrap(), Dumped { count: 1, requests: 3, ..Dumped::default() });
        assert_eq!((kernel.asked, seen.len()), (vec![(18, 0), (20, 2), (20, 10)], 1));
    }
}

#[test]
fn a_kernel_without_ipv6_has_no_ipv6_sockets() {
    let (result, seen, _) =
        run([refused(libc::EOPNOTSUPP), Answer(row()), Answer(done()), refused(libc::ENOENT)]);
    assert_eq!((result.unwrap().count, seen.len()), (1, 1));
    let (result, ..) = run([refused(libc::EOPNOTSUPP), Answer(done()), refused(libc::EACCES)]);
    assert_eq!(result.unwrap_err().kind(), io::ErrorKind::PermissionDenied, "that is another matter");
}

#[test]
fn refusals_have_a_kind_and_say_what_was_refused() {
    use io::ErrorKind::{PermissionDenied, Unsupported};
    for (errno, kind) in [
        (libc::EACCES, PermissionDenied),
        (libc::EPERM, PermissionDenied),
        (libc::ENOENT, Unsupported),
        (libc::EPROTONOSUPPORT, Unsupported),
        (libc::EOPNOTSUPP, Unsupported),
        (libc::EAFNOSUPPORT, Unsupported),
    ] {
        let in_done = Answer(message(3, 2, &(-errno).to_ne_bytes()));
        for (how, script) in [
            ("as an error message", [refused(errno), refused(errno)]),
            ("in the last message of the dump", [in_done.clone(), in_done]),
            ("by the system call", [Fails(errno), Fails(errno)]),
        ] {
            let e = run(script).0.unwrap_err();
            assert_eq!(e.kind(), kind, "{how}: {e}");
            let text = e.to_string();
            assert!(text.starts_with("sock_diag: dump of TCP sockets: "), "{text}");
            assert!(text.ends_with(&format!("(os error {errno})")), "{text}");
        }
    }
}

#[test]
fn an_error_behind_rows_is_an_error_and_asks_nothing_more() {
    let (result, seen, kernel) = run([Answer(row()), refused(libc::EINVAL)]);
    assert!(result.is_err() && seen.len() == 1 && kernel.asked.len() == 1);
}

#[test]
fn interruptions_and_losses_are_noticed() {
    let mut flagged = row();
    flagged[6] |= 0x10;
    let mut cut = row();
    cut.truncate(300);
    for (what, script) in [
        ("flag on a row", vec![Answer(flagged), Answer(done())]),
        ("flag on the end", vec![Answer(message(3, 2 | 0x10, &0i32.to_ne_bytes()))]),
        ("datagram longer than the buffer", vec![Cut(cut), Answer(done())]),
        ("no room in the socket", vec![Answer(row()), Fails(libc::ENOBUFS)]),
        ("overrun", vec![Answer(message(4, 0, &[])), Answer(done())]),
        ("a length that cannot be right", vec![Stray(vec![9; 40]), Answer(done())]),
    ] {
        let (result, _, kernel) = run(script);
        let dumped = result.unwrap();
        assert!(dumped.interrupted && dumped.requests == 1, "{what}: {dumped:?}");
        assert!(kernel.script.is_empty(), "{what}");
    }
}

#[test]
fn what_is_not_the_kernels_answer_is_passed_over() {
    let (result, seen, _) = run([
        FromProcess(BOTH.to_vec()),
        Stray(numbered(BOTH, 77)),
        Answer(message(1, 0, &[])),
        Answer(message(2, 0, &0i32.to_ne_bytes())),
        Answer(row()),
        Answer(done()),
    ]);
    assert_eq!(result.unwrap(), Dumped { count: 1, requests: 1, ..Dumped::default() });
    assert_eq!(seen.len(), 1);
}

#[test]
fn answers_that_cannot_be_read_are_counted() {
    let (short, foreign) = (message(20, 2, &[2; 71]), message(99, 2, &[]));
    let (result, seen, _) = run([Answer(short), Answer(foreign), Answer(done())]);
    assert_eq!(result.unwrap(), Dumped { malformed: 2, requests: 1, ..Dumped::default() });
    assert!(seen.is_empty());
}

#[test]
fn the_end_of_old_kernels_without_a_number_is_an_end() {
    assert_eq!(run([Answer(row()), Answer(message(3, 2, &[]))]).0.unwrap().count, 1);
}

#[test]
fn a_dump_is_repeated_until_it_is_whole_but_not_for_ever() {
    let attempt = |whole_at: u32| {
        let (mut tries, mut restarts) = (0, 0);
        let dumped = repeat(&mut || restarts += 1, &mut || {
            tries += 1;
            Ok(Dumped { interrupted: tries < whole_at, ..Dumped::default() })
        });
        (tries, restarts, dumped.unwrap().interrupted)
    };
    assert_eq!(attempt(1), (1, 0, false));
    assert_eq!(attempt(2), (2, 1, false));
    assert_eq!(attempt(3), (3, 2, false));
    assert_eq!(attempt(9), (3, 2, true), "the caller is told");
    let mut restarts = 0;
    let e = repeat(&mut || restarts += 1, &mut || Err(io::ErrorKind::TimedOut.into())).unwrap_err();
    assert_eq!((e.kind(), restarts), (io::ErrorKind::TimedOut, 0));
}
