//! `http/no-header-timeout`

use super::{
    super::facts::{DripEnd, Facts},
    Runtime, runtime, seconds, subject,
};
use crate::{
    check,
    model::{Cell, Confidence, Finding, Judging, Reading, Severity, Why},
};

check! {
    /// ## What it sees
    ///
    /// A server that goes on waiting for the head of a request that comes a byte a second. It looks only when that was asked for
    /// with `--probe headers`, over one connection. Servers look at such timers seldom (Node.js every half a minute), so that it
    /// has to be kept up for some time before it says anything: a shorter `--probe-for` gives no verdict.
    ///
    /// ## Why it matters
    ///
    /// Each slow client holds a connection, and with a thread or a process for each connection a worker too, for as long as it
    /// likes. A few hundred of them, from one machine with next to no traffic, are an outage: Slowloris. A phone in a tunnel
    /// does the same without meaning to.
    ///
    /// ## Confirm
    ///
    /// `(printf 'GET / HTTP/1.1\r\nHost: x\r\n'; sleep 120) | time nc HOST PORT`: when it ends is what the server waits. `ss -tnp state
    /// established '( sport = :PORT )'` shows who holds connections.
    ///
    /// ## Fix
    ///
    /// Put a proxy in front that takes the whole head before it opens a connection behind (nginx, HAProxy with `timeout
    /// http-request`, any cloud balancer), and let nobody reach the server itself. In the server: Node.js `headersTimeout` and
    /// `requestTimeout`, Go `ReadHeaderTimeout`, nginx `client_header_timeout`, Apache `mod_reqtimeout`, Tomcat `connectionTimeout`. gunicorn
    /// and uvicorn have no such setting: there it is the proxy.
    "http/no-header-timeout": "a slow client may hold a connection for as long as it likes"
    {
        waited_s: "so long a head may take until it is too long, seconds" = 60;
    }
    judge(Facts)
}

/// What stands for it when it was not asked for.
const UNASKED: &str = "a slow head, by --probe headers";
/// It ended by itself too soon to say anything.
const SHORT: &str = "a slow head that is kept up for long enough: --probe-for";

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(drip) = out.part(&f.headers, UNASKED) else { return };
    if drip.end != DripEnd::Open {
        out.looked(1);
        return;
    }
    if drip.after_s < at.waited_s.value() {
        out.part(&Reading::<()>::unseen(Why::TimedOut), SHORT);
        return;
    }
    let answer = out.aside(&f.answer);
    let title =
        format!("{} still waits for a head that came a byte a second for {}", f.url, seconds(drip.after_s));
    let remedy = match runtime(answer) {
        Runtime::Node => {
            "headersTimeout and requestTimeout of Node.js; a proxy in front that takes the whole head first"
        }
        Runtime::Nginx => "client_header_timeout in nginx",
        Runtime::Apache => "mod_reqtimeout in Apache, connectionTimeout of Tomcat's connector",
        Runtime::Gunicorn | Runtime::Uvicorn | Runtime::Python => {
            "a proxy in front that takes the whole head first: this server has no such timeout"
        }
        Runtime::Jetty | Runtime::Unknown => {
            "a timeout for heads in the server, or a proxy in front that takes the whole head first"
        }
    };
    let finding = Finding::new(Severity::Warning, Confidence::High, subject(f, out), title)
        .evidence("waited_s", Cell::AtLeast(drip.after_s))
        .evidence("sent_bytes", drip.sent)
        .because(
            "each such client holds a connection, and where there is a worker for each of them, a worker",
        )
        .remedy(remedy)
        .next("sockets --state established");
    out.find(finding);
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};

    #[test]
    fn a_server_that_waits_on_is_found_and_one_that_ends_it_is_not() {
        let f = &found(&CHECK, &slow_head(90.0, 90.0, DripEnd::Open))[0];
        assert_eq!(f.title, "http://web:3000/ still waits for a head that came a byte a second for 90 s");
        assert_eq!((f.severity, f.evidence[0].1.clone()), (Severity::Warning, Cell::AtLeast(90.0)));
        for end in [DripEnd::Answered(408), DripEnd::Closed, DripEnd::Reset, DripEnd::Garbled] {
            assert_eq!(clear(&CHECK, &slow_head(90.0, 83.6, end)), (1, 0));
        }
    }

    #[test]
    fn a_short_look_says_nothing() {
        unknown(&CHECK, &slow_head(30.0, 30.0, DripEnd::Open), Why::TimedOut);
        found(&CHECK, &slow_head(60.0, 60.0, DripEnd::Open));
        clear(&CHECK, &slow_head(30.0, 10.0, DripEnd::Closed));
    }

    #[test]
    fn it_is_not_done_to_anybody_who_did_not_ask() {
        skipped(&CHECK, &plain());
        unknown(&CHECK, &silent(Why::Absent), Why::Absent);
    }
}
