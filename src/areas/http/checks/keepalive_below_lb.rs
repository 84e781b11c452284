//! `http/keepalive-below-lb`

use super::{
    super::facts::{Answered, Facts, Idle},
    Runtime, runtime, seconds, subject,
};
use crate::{
    check,
    model::{Cell, Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// A server that closes idle keep-alive connections sooner than the load balancer in front of it does. It is measured: a few
    /// connections are held idle after one answer each until the server closes them, and the first of them counts. That is asked
    /// for by `--probe idle` or by `--lb-idle DUR`, which says what the balancer waits; without a figure the usual default of
    /// balancers is taken. What a server only claims, in `Keep-Alive: timeout=…`, is a notice and no more: runtimes close earlier
    /// or later than they say. A server that answers `Connection: close` leaves nothing to race for.
    ///
    /// ## Why it matters
    ///
    /// The balancer takes a connection that it believes to be alive and sends a request into it at the moment at which the server
    /// closes it. Nobody read the request, nobody can tell, and the client gets a 502, a few times an hour, while the
    /// server's own log and metrics show nothing at all.
    ///
    /// ## Confirm
    ///
    /// `paramedic http URL --lb-idle 60s` against the server itself, not through the balancer. By hand: `printf 'GET / HTTP/1.1\r\nHost:
    /// x\r\n\r\n' | (cat; sleep 90) | time nc HOST PORT`. The balancer's side: `backend_connection_errors` and 502 of AWS's ALB with no
    /// target status, `upstream prematurely closed connection` of nginx, the termination state `SH--` of HAProxy.
    ///
    /// ## Fix
    ///
    /// The server has to wait longer than the balancer, by some seconds. Node.js: `server.keepAliveTimeout = 65_000` and
    /// `server.headersTimeout` above that. gunicorn: `--keep-alive 65` (gthread and async workers; sync keeps none). uvicorn:
    /// `--timeout-keep-alive 65`. nginx: `keepalive_timeout 65s`. Apache: `KeepAliveTimeout 65`. Tomcat: `keepAliveTimeout`, Spring Boot
    /// `server.tomcat.keep-alive-timeout`. Jetty: `idleTimeout` of the connector. Go: `IdleTimeout` of `http.Server`. Or lower what
    /// the balancer waits: `idle_timeout.timeout_seconds` of an ALB, `keepalive_timeout` in nginx's `upstream`, `timeout
    /// http-keep-alive` and `pool-purge-delay` of HAProxy.
    "http/keepalive-below-lb": "idle connections closed before the balancer would close them"
    {
    }
    judge(Facts)
}

/// What stands for the measurement when there was none.
const UNASKED: &str = "connections held idle, by --lb-idle";

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let answer = out.aside(&f.answer);
    let Some(idle) = out.part(&f.idle, UNASKED) else {
        if let Some(finding) = answer.and_then(|a| claim(f, a)) {
            out.find(finding);
        }
        return;
    };
    out.looked(idle.each.len() as u64);
    let lb = f.lb.idle_s;
    let Some((first, last)) = idle.ended().filter(|(first, _)| *first < lb) else { return };
    let finding = measured(f, answer, idle, (first, last), subject(f, out));
    out.find(finding);
}

fn measured(
    f: &Facts,
    answer: Option<&Answered>,
    idle: &Idle,
    (first, last): (f64, f64),
    of: Thing,
) -> Finding {
    let lb = seconds(f.lb.idle_s);
    let claimed = answer.and_then(|a| a.claimed_s);
    let title = format!(
        "{} closes idle connections after {}, the load balancer {} after {lb}",
        f.url,
        seconds(first),
        if f.lb.told { "only" } else { "usually" }
    );
    let confidence = if f.lb.told { Confidence::High } else { Confidence::Medium };
    let ended = idle.each.iter().filter(|r| r.end.by_server()).count();
    let mut finding = Finding::new(Severity::Warning, confidence, of, title)
        .evidence("closed_after_s", first)
        .evidence("last_closed_after_s", last)
        .evidence("lb_idle_s", f.lb.idle_s)
        .evidence("claimed_s", claimed.map_or(Cell::None, |s| (s as f64).into()))
        .because(format!(
            "{ended} of {} idle connections were closed by the server, after {}",
            idle.each.len(),
            between(first, last)
        ))
        .because("a request that the balancer sends at that moment is read by nobody and becomes a 502");
    if let Some(claimed) = claimed {
        finding = finding.because(format!("`Keep-Alive: timeout={claimed}` is what it claims"));
    }
    if !f.lb.told {
        finding = finding.because(format!(
            "{lb} is what balancers wait unless somebody changed it: say what yours does with --lb-idle"
        ));
    }
    finding
        .remedy(remedy(answer, f.lb.idle_s))
        .next(format!("http {} --lb-idle {}s -o wide", f.url, f.lb.idle_s))
}

/// Only what it says of itself, held against what balancers usually do.
fn claim(f: &Facts, answer: &Answered) -> Option<Finding> {
    let claimed = answer.claimed_s.filter(|s| (*s as f64) < f.lb.idle_s && answer.keeps)?;
    let title = format!(
        "{} claims to close idle connections after {claimed} s, load balancers usually do after {}",
        f.url,
        seconds(f.lb.idle_s)
    );
    let subject = Thing::Peer { address: answer.peer.clone() };
    Some(
        Finding::new(Severity::Notice, Confidence::Medium, subject, title)
            .evidence("claimed_s", claimed as f64)
            .evidence("lb_idle_s", f.lb.idle_s)
            .because(format!("`Keep-Alive: timeout={claimed}` is a claim, no measurement"))
            .because("with a balancer in front that keeps connections longer, some requests become a 502")
            .remedy(remedy(Some(answer), f.lb.idle_s))
            .next(format!("http {} --probe idle", f.url)),
    )
}

fn between(first: f64, last: f64) -> String {
    if last - first < 0.05 { seconds(first) } else { format!("{} to {}", seconds(first), seconds(last)) }
}

/// The setting, by what the server calls itself.
fn remedy(answer: Option<&Answered>, lb_s: f64) -> String {
    let s = lb_s.ceil() as u64 + 5;
    let setting = match runtime(answer) {
        Runtime::Node => {
            format!("server.keepAliveTimeout = {s}_000 and server.headersTimeout above it (Node.js)")
        }
        Runtime::Gunicorn => format!("gunicorn --keep-alive {s}"),
        Runtime::Uvicorn => format!("uvicorn --timeout-keep-alive {s}"),
        Runtime::Nginx => format!("keepalive_timeout {s}s in nginx"),
        Runtime::Apache => format!("KeepAliveTimeout {s} in Apache, keepAliveTimeout of Tomcat's connector"),
        Runtime::Jetty => format!("idleTimeout of Jetty's connector, {s} s"),
        Runtime::Python | Runtime::Unknown => {
            return format!(
                "let the server wait {s} s: keepAliveTimeout of Node.js, --keep-alive of gunicorn, --timeout-keep-alive of uvicorn, \
                 keepalive_timeout of nginx"
            );
        }
    };
    format!("{setting}: longer than the balancer waits")
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            super::facts::{Balancer, RestEnd},
            recorded::*,
        },
        *,
    };
    use crate::model::{Reading, Why};

    const NODE: [(f64, RestEnd); 3] =
        [(6.03, RestEnd::Closed), (6.35, RestEnd::Closed), (6.1, RestEnd::Reset)];

    fn told(idle_s: f64, facts: Facts) -> Facts {
        Facts { lb: Balancer { idle_s, told: true }, ..facts }
    }

    #[test]
    fn a_server_that_closes_first_is_found_and_the_soonest_close_counts() {
        let f = &found(&CHECK, &told(60.0, idle(claiming(5), &NODE)))[0];
        assert_eq!(
            f.title,
            "http://web:3000/ closes idle connections after 6 s, the load balancer only after 60 s"
        );
        assert_eq!((f.severity, f.confidence), (Severity::Warning, Confidence::High));
        assert_eq!(f.subject, Thing::Peer { address: "10.0.0.7:3000".into() });
        assert_eq!(f.evidence[0], ("closed_after_s", Cell::Num(6.03)));
        assert_eq!(f.evidence[3], ("claimed_s", Cell::Num(5.0)));
        assert!(f.remedy.starts_with("server.keepAliveTimeout = 65_000"), "{}", f.remedy);
        let assumed = &found(&CHECK, &idle(plain(), &NODE))[0];
        assert_eq!(assumed.confidence, Confidence::Medium);
        assert!(assumed.because.iter().any(|b| b.contains("--lb-idle")));
    }

    #[test]
    fn a_server_that_waits_longer_or_keeps_nothing_is_well() {
        let open = [(62.0, RestEnd::Open); 3];
        assert_eq!(clear(&CHECK, &idle(plain(), &open)), (3, 0));
        clear(&CHECK, &idle(plain(), &[(60.0, RestEnd::Closed)]));
        clear(&CHECK, &told(2.0, idle(plain(), &NODE)));
        clear(&CHECK, &idle(claiming(5), &[(0.0, RestEnd::NotKept); 3]));
        found(&CHECK, &idle(plain(), &[(59.9, RestEnd::Closed)]));
    }

    #[test]
    fn a_408_out_of_the_blue_is_an_end_too() {
        let f = &found(&CHECK, &idle(plain(), &[(5.0, RestEnd::Spoke(Some(408))), (62.0, RestEnd::Open)]))[0];
        assert!(f.because[0].starts_with("1 of 2"), "{}", f.because[0]);
    }

    #[test]
    fn a_claim_alone_is_a_notice_and_says_that_it_is_one() {
        let f = &found(&CHECK, &claiming(5))[0];
        assert_eq!((f.severity, f.confidence), (Severity::Notice, Confidence::Medium));
        assert!(f.title.contains("claims") && f.because[0].contains("no measurement"));
        skipped(&CHECK, &claiming(60));
        skipped(&CHECK, &plain());
    }

    #[test]
    fn not_seen_is_not_long() {
        unknown(&CHECK, &silent(Why::Absent), Why::Absent);
        let late = Facts { idle: Reading::unseen(Why::TimedOut), ..plain() };
        unknown(&CHECK, &late, Why::TimedOut);
    }

    #[test]
    fn the_setting_is_that_of_the_server_that_names_itself() {
        for (name, setting) in [
            ("gunicorn/20.1", "gunicorn --keep-alive 65"),
            ("uvicorn", "uvicorn --timeout-keep-alive 65"),
            ("nginx/1.22", "keepalive_timeout 65s"),
            ("Apache-Coyote/1.1", "KeepAliveTimeout 65"),
            ("Jetty(9.4)", "idleTimeout"),
            ("Caddy", "let the server wait 65 s"),
        ] {
            let answer = Answered { server: Some(name.into()), ..answered() };
            let facts = Facts { answer: Reading::seen(answer), ..idle(plain(), &NODE) };
            let f = &found(&CHECK, &facts)[0];
            assert!(f.remedy.starts_with(setting), "{name}: {}", f.remedy);
        }
    }
}
