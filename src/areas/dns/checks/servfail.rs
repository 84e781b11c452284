//! `dns/servfail`

use super::{
    super::facts::{
        Facts,
        wire::{Asked, REFUSED, SERV_FAIL, ServerSeen, rcode},
    },
    first, name_and_types, peer, servers, tries,
};
use crate::{
    check,
    model::{Confidence, Finding, Judging, Severity},
};

check! {
    /// ## What it sees
    ///
    /// A nameserver that answers every question for a name with SERVFAIL: it is there, and what it asks in turn fails. For
    /// names that were given on the command line REFUSED counts as well; for others it may be the server's right.
    ///
    /// ## Why it matters
    ///
    /// glibc goes on to the next server, and with all of them failing says EAI_AGAIN in the end. musl asks the same server
    /// again at once, then waits for its whole timeout. Servers keep a failure for seconds: retries soon after it see the same
    /// answer and look like an outage that lasts. CoreDNS answers REFUSED when too many questions wait for its upstream.
    ///
    /// ## Confirm
    ///
    /// `dig @SERVER NAME` shows the status. `dig +cd @SERVER NAME` that works where the other fails is DNSSEC validation.
    ///
    /// ## Fix
    ///
    /// Look at the log of the server and at its own upstream: `forward` of CoreDNS, `forward-zone` of unbound,
    /// `resolvectl status`. A search domain whose zone is broken costs every lookup: take it out of the search list.
    "dns/servfail": "a nameserver fails for a name"
    { }
    judge(Facts)
}

fn judge(f: &Facts, _: &Limits, out: &mut Judging) {
    let Some(servers) = servers(f, out) else { return };
    let mut failing: Vec<(&ServerSeen, u8, Vec<&Asked>)> = Vec::new();
    let mut answering = 0;
    for server in servers {
        let mut fails: Vec<&Asked> = Vec::new();
        let mut code = SERV_FAIL;
        for asked in server.real() {
            if first(asked, out).is_none() {
                continue;
            }
            let codes: Vec<u8> =
                tries(asked, out).iter().filter_map(|t| t.came.reply()).map(|r| r.rcode).collect();
            // The root was our own choice: a server with no way out of its network need not know it.
            let ours = asked.name == ".";
            let counts = |c: &u8| !ours && (*c == SERV_FAIL || f.named && !asked.chosen && *c == REFUSED);
            answering += u32::from(!codes.is_empty());
            if !codes.is_empty() && codes.iter().all(counts) {
                code = codes[codes.len() - 1];
                fails.push(asked);
            }
        }
        if !fails.is_empty() {
            failing.push((server, code, fails));
        }
    }
    let failed: usize = failing.iter().map(|x| x.2.len()).sum();
    // Nobody has an answer to anything, and somebody wants to know.
    let all = f.named && failed == answering as usize;
    for (server, code, fails) in failing {
        let said = rcode(code);
        let title = format!("nameserver {} answers {said} for {}", server.address, name_and_types(&fails));
        let severity = if all { Severity::Critical } else { Severity::Warning };
        let mut finding = Finding::new(severity, Confidence::High, peer(server), title)
            .evidence("rcode", said)
            .evidence("questions", fails.len())
            .evidence("servers", servers.len());
        finding = finding.because(match (all, servers.len()) {
            (true, 1) => "it is the only one: lookups of it end as EAI_AGAIN".to_string(),
            (true, _) => "no other server has an answer: lookups of it end as EAI_AGAIN".to_string(),
            (false, 1) => "the server itself is there: what it asks in turn fails".to_string(),
            (false, _) => {
                "another server may make up for it under glibc, at the price of the time it takes".to_string()
            }
        });
        out.find(finding.remedy("look at the server's log and at the upstream it asks").next("dns -o wide"));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::recorded::*, *};
    use crate::model::Why;

    fn failing(address: &str, code: u8) -> ServerSeen {
        server(address, vec![asked("A", &reply(code, 0), &[1.0, 1.0, 1.0])])
    }

    #[test]
    fn a_failing_server_is_named_and_all_of_them_are_critical_when_somebody_asked() {
        let one = with_servers(vec![failing("10.0.0.1", SERV_FAIL), healthy("10.0.0.2", 1.0)]);
        let f = &found(&CHECK, &one)[0];
        assert_eq!(f.title, "nameserver 10.0.0.1 answers SERVFAIL for db.test (A)");
        assert_eq!(f.severity, Severity::Warning);
        let mut all = with_servers(vec![failing("10.0.0.1", SERV_FAIL)]);
        assert_eq!(found(&CHECK, &all)[0].severity, Severity::Warning);
        all.named = true;
        assert_eq!(found(&CHECK, &all)[0].severity, Severity::Critical);
    }

    #[test]
    fn refused_counts_for_names_that_somebody_gave() {
        let mut facts = with_servers(vec![failing("10.0.0.1", REFUSED)]);
        clear(&CHECK, &facts);
        facts.named = true;
        assert_eq!(found(&CHECK, &facts)[0].evidence[0].1, "REFUSED".into());
    }

    #[test]
    fn once_is_not_every_time_and_no_such_name_is_an_answer() {
        let mut once = asked("A", &reply(SERV_FAIL, 0), &[1.0]);
        once.udp.extend(asked("A", &reply(0, 1), &[1.0, 1.0]).udp);
        clear(&CHECK, &with_servers(vec![server("10.0.0.1", vec![once])]));
        clear(&CHECK, &with_servers(vec![failing("10.0.0.1", 3), silent("10.0.0.2")]));
        let far = server("10.0.0.1", vec![unseen("A", Why::TimedOut)]);
        unknown(&CHECK, &with_servers(vec![far]), Why::TimedOut);
    }
}
