//! From how an exchange ended to its fate. The rules are here and nowhere else.

use super::{
    answer::Far,
    exchange::{Ending, Exchange},
};
use crate::model::Fate;
use std::io;

/// What is known of a request's end.
#[derive(Debug)]
pub(super) struct Verdict {
    pub fate: Fate,
    pub status: Option<u16>,
    pub bytes: u64,
    pub detail: String,
}

impl Verdict {
    /// Without a byte of an answer.
    pub fn bare(fate: Fate, detail: impl Into<String>) -> Self {
        Self { fate, status: None, bytes: 0, detail: detail.into() }
    }
    /// Of an exchange. `carried`: its connection had carried a request before. `expected`: the length that the body must have.
    pub fn of(ending: Ending, exchange: &Exchange<'_>, carried: bool, expected: Option<u64>) -> Self {
        let answer = &exchange.answer;
        let status = answer.head().map(|h| h.status);
        let (fate, detail) = match ending {
            Ending::Whole => whole(status.unwrap_or_default(), answer.bytes(), expected),
            Ending::TimedOut => (Fate::TimedOut, "no end of the answer in time".into()),
            Ending::Garbled(why) => (Fate::Garbled, why.into()),
            Ending::Closed(error) => closed(answer.far(), error.as_ref(), carried),
            Ending::Broken(error) => broken(answer.far(), &error, carried),
        };
        Self { fate, status, bytes: answer.bytes(), detail }
    }
}

/// Of an answer whose framing says that it is whole.
pub(super) fn whole(status: u16, bytes: u64, expected: Option<u64>) -> (Fate, String) {
    match expected {
        _ if status >= 500 => (Fate::ServerError, format!("status {status}")),
        Some(expected) if expected != bytes => {
            (Fate::Truncated, format!("a body of {bytes} bytes where {expected} were expected"))
        }
        // No allocation for what is well.
        _ => (Fate::Whole, String::new()),
    }
}

/// Of a connection that was closed; `then` is what its kernel said to the request afterwards.
pub(super) fn closed(far: Far, then: Option<&io::Error>, carried: bool) -> (Fate, String) {
    match far {
        Far::Nothing if carried && then.is_some_and(is_crossing) => (
            Fate::ClosedIdle,
            "the server had closed the connection as idle, and its close crossed the request".into(),
        ),
        Far::Nothing => (Fate::ResetBefore, "the connection was closed without an answer".into()),
        _ => (Fate::Truncated, "the connection was closed before the end of the answer".into()),
    }
}

/// Of a connection that broke.
pub(super) fn broken(far: Far, error: &io::Error, carried: bool) -> (Fate, String) {
    let cut = error.kind() == io::ErrorKind::UnexpectedEof;
    match far {
        _ if error.kind() == io::ErrorKind::TimedOut => (Fate::TimedOut, said(error)),
        _ if cut => closed(far, None, carried),
        _ if error.kind() == io::ErrorKind::InvalidData => (Fate::Garbled, said(error)),
        Far::Nothing if carried && is_crossing(error) => closed(far, Some(error), carried),
        Far::Nothing => (Fate::ResetBefore, said(error)),
        _ => (Fate::ResetAfter, said(error)),
    }
}

/// A reset finds the socket in CLOSE_WAIT when the server's FIN was there before it: the kernel then says EPIPE, else
/// ECONNRESET (`tcp_reset` of `net/ipv4/tcp_input.c`).
fn is_crossing(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EPIPE)
}

/// Of a connection that did not come to be; `Err` when our own limits were in the way: which.
pub(super) fn unconnected(error: &io::Error) -> Result<Verdict, &'static str> {
    let fate = match error.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE) => return Err("descriptors"),
        Some(libc::EADDRNOTAVAIL | libc::EADDRINUSE | libc::EAGAIN) => return Err("ports"),
        Some(libc::ENOBUFS | libc::ENOMEM) => return Err("memory"),
        Some(libc::ETIMEDOUT) => Fate::TimedOut,
        // What refuses a SYN is ECONNREFUSED: this connection was there, and was ended before the first byte.
        Some(libc::ECONNRESET | libc::EPIPE) => Fate::ResetBefore,
        Some(_) => Fate::Refused,
        None => match error.kind() {
            io::ErrorKind::TimedOut => Fate::TimedOut,
            io::ErrorKind::UnexpectedEof => Fate::ResetBefore,
            io::ErrorKind::InvalidData if !is_refusal(error) => Fate::Garbled,
            _ => Fate::Refused,
        },
    };
    Ok(Verdict::bare(fate, said(error)))
}

/// TLS was spoken, and one of the two did not want the other: a certificate that is not trusted, no version in common.
fn is_refusal(error: &io::Error) -> bool {
    let tls = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
    use rustls::Error::{AlertReceived, InvalidCertificate, NoApplicationProtocol, PeerIncompatible};
    matches!(
        tls,
        Some(AlertReceived(_) | InvalidCertificate(_) | NoApplicationProtocol | PeerIncompatible(_))
    )
}

/// What an error says, without its number.
fn said(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(at) = text.find(" (os error") {
        text.truncate(at);
    }
    if error.raw_os_error().is_some() {
        text = text.to_lowercase();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_that_crossed_the_request_is_told_from_one_that_took_it() {
        let error = |n| io::Error::from_raw_os_error(n);
        let (epipe, reset) = (error(libc::EPIPE), error(libc::ECONNRESET));
        assert_eq!(closed(Far::Nothing, Some(&epipe), true).0, Fate::ClosedIdle);
        assert_eq!(broken(Far::Nothing, &epipe, true).0, Fate::ClosedIdle);
        // A connection of its own was never idle.
        assert_eq!(closed(Far::Nothing, Some(&epipe), false).0, Fate::ResetBefore);
        assert_eq!(broken(Far::Nothing, &epipe, false).0, Fate::ResetBefore);
        for then in [None, Some(&reset)] {
            assert_eq!(closed(Far::Nothing, then, true).0, Fate::ResetBefore);
        }
        assert_eq!(
            broken(Far::Nothing, &reset, true),
            (Fate::ResetBefore, "connection reset by peer".into())
        );
        assert_eq!(broken(Far::Part, &reset, true).0, Fate::ResetAfter);
        assert_eq!(closed(Far::Part, None, true).0, Fate::Truncated);
        assert_eq!(broken(Far::Part, &error(libc::ETIMEDOUT), true).0, Fate::TimedOut);
    }

    #[test]
    fn an_answer_of_the_wrong_length_is_a_loss_and_so_is_5xx() {
        assert_eq!(whole(200, 5, None).0, Fate::Whole);
        assert_eq!(whole(200, 5, Some(5)).0, Fate::Whole);
        assert_eq!(whole(200, 5, Some(6)).0, Fate::Truncated);
        assert_eq!(whole(503, 5, Some(6)).0, Fate::ServerError);
    }

    #[test]
    fn our_own_limits_are_no_fate() {
        for (n, want) in
            [(libc::EMFILE, "descriptors"), (libc::EADDRNOTAVAIL, "ports"), (libc::ENOBUFS, "memory")]
        {
            assert_eq!(unconnected(&io::Error::from_raw_os_error(n)).unwrap_err(), want);
        }
        for (n, want) in [
            (libc::ECONNREFUSED, Fate::Refused),
            (libc::EHOSTUNREACH, Fate::Refused),
            (libc::ENETUNREACH, Fate::Refused),
            (libc::ETIMEDOUT, Fate::TimedOut),
            (libc::ECONNRESET, Fate::ResetBefore),
        ] {
            assert_eq!(unconnected(&io::Error::from_raw_os_error(n)).unwrap().fate, want);
        }
    }
}
