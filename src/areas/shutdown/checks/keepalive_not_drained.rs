//! `shutdown/keepalive-not-drained`

use super::{
    super::facts::{Facts, Loss, Rehearsal, advice},
    about, rehearsal, see_also,
};
use crate::{
    check,
    model::{Fate, Finding, Judging, Severity, rates::count, traffic::Over},
};

check! {
    /// ## What it sees
    ///
    /// A service that went on answering over connections that are kept after its end had begun, said `Connection: close` (HTTP/2:
    /// GOAWAY) in none of those answers, and ended with connections open. A client that is not told so keeps its connection and
    /// sends the next request into it.
    ///
    /// A service that dies at once has no answers to say it in: then the losses are those of `shutdown/requests-dropped`.
    ///
    /// ## Why it matters
    ///
    /// When routing is withdrawn new connections go elsewhere, those that are kept stay: balancers and clients with a pool go on
    /// for minutes. Whichever request is on its way at the moment of the exit meets a connection that nobody holds any more. How many
    /// that hits is a matter of luck and of load.
    ///
    /// ## Confirm
    ///
    /// `curl -sv http://127.0.0.1:3000/ http://127.0.0.1:3000/ 2>&1 | grep -i -e 're-using' -e '< connection'` after the signal:
    /// the connection is used again and no answer says `close`.
    ///
    /// ## Fix
    ///
    /// From the signal on answer with `Connection: close`; then close what idles, then exit. Node.js: `res.setHeader('Connection',
    /// 'close')` and `server.closeIdleConnections()`. Go: `srv.SetKeepAlivesEnabled(false)` before `Shutdown`. gunicorn, uvicorn and
    /// nginx do it by themselves once their listener is closed.
    "shutdown/keepalive-not-drained": "connections that are kept are not told to go before the service ends"
    {
        answers: "answers over kept connections since the end began, fewer prove nothing" = 3;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(r) = rehearsal(f, out) else { return };
    // What was sent before the end began may have its head from before, too: it proves nothing.
    let silent = over(r, &[Fate::LateAccepted]) as f64 >= at.answers.value() && r.said_close == 0;
    let hurt = over(r, &[Fate::ClosedIdle, Fate::ResetBefore, Fate::ResetAfter, Fate::Truncated]);
    let hurt = hurt.min(r.dropped());
    if silent && r.open_at_last + hurt > 0 && r.times.exit_s.is_some() {
        out.find(finding(r, hurt));
    }
}

/// Requests over connections that are kept or had idled which ended so.
fn over(r: &Rehearsal, fates: &[Fate]) -> u64 {
    let of = |over: Over| fates.iter().map(move |f| r.traffic.over(over).of(*f)).sum::<u64>();
    of(Over::Kept) + of(Over::Idle)
}

fn finding(r: &Rehearsal, hurt: u64) -> Finding {
    // One that died with a request on it may be counted among those that were open to the last.
    let open = r.open_at_last.max(hurt);
    let connections = if open == 1 { "1 connection".into() } else { format!("{} connections", count(open)) };
    let title = format!("{} ends with {connections} open and told none of them to close", r.label());
    // Without a loss it was luck: a setting that will hurt.
    let severity = if hurt > 0 || r.killed { Severity::Warning } else { Severity::Notice };
    let mut finding = about(r, severity, title)
        .evidence("answers_after_the_end_began", r.answers_ending)
        .evidence("said_close", r.said_close)
        .evidence("open_at_the_exit", open)
        .evidence("requests_on_them", hurt)
        .because(format!(
            "{} answers over kept connections since the end began, and none said Connection: close",
            count(r.answers_ending)
        ));
    finding = finding.because(match hurt {
        0 => "no request was on its way at that moment: that was luck".to_string(),
        1 => "1 request was sent into a connection that nobody held any more".into(),
        n => format!("{} requests were sent into connections that nobody held any more", count(n)),
    });
    see_also(r, finding.remedy(advice(r.runtime, Loss::NotDrained)))
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};

    fn open() -> Rehearsal {
        Rehearsal { said_close: 0, open_at_last: 4, closed_at_rest: 2, ..drained() }
    }

    #[test]
    fn open_connections_that_were_told_nothing_are_a_risk_and_with_a_loss_a_fault() {
        let f = &found(&CHECK, &facts(open()))[0];
        assert_eq!(f.title, "node (pid 41) ends with 4 connections open and told none of them to close");
        assert_eq!(f.severity, Severity::Notice);
        let f = &found(&CHECK, &facts(more(open(), Over::Kept, Fate::ResetBefore, 2)))[0];
        assert_eq!((f.severity, f.title.contains("with 4 connections")), (Severity::Warning, true));
        assert!(f.because[1].starts_with("2 requests"), "{:?}", f.because);
    }

    #[test]
    fn who_said_it_once_closed_all_or_had_no_time_is_left_alone() {
        for r in [drained(), Rehearsal { said_close: 1, ..open() }, Rehearsal { open_at_last: 0, ..open() }] {
            assert_eq!(clear(&CHECK, &facts(r)), (1, 0));
        }
        let mut at_once = open();
        at_once.traffic = Default::default();
        assert_eq!(clear(&CHECK, &facts(at_once)), (1, 0), "it answered nothing that was sent late");
    }
}
