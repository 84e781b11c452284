//! `dns/search-amplification`

use super::super::facts::Facts;
use crate::{
    check,
    model::{Cell, Confidence, Finding, Judging, Severity, Thing},
};

check! {
    /// ## What it sees
    ///
    /// How many queries one lookup of a name outside costs, from `ndots` and the search list, by the rules of the C library:
    /// with fewer dots than `ndots` every domain of the list is tried before the name itself, each for A and AAAA. Nothing is sent
    /// for it.
    ///
    /// ## Why it matters
    ///
    /// In a pod with the settings that Kubernetes gives, each call of an outside service asks the cluster's DNS for names that
    /// cannot exist, before the one that does. It multiplies the load on the DNS servers, the time of every lookup without a
    /// cache, and the chance that one lost packet stalls it.
    ///
    /// ## Confirm
    ///
    /// `paramedic dns NAME --plan` prints every query in order. `tcpdump -ni any port 53` while the application calls out shows
    /// them.
    ///
    /// ## Fix
    ///
    /// Write names outside with a dot at the end (`api.example.com.`), or set `ndots` to one or two in `dnsConfig` of the pod: inner
    /// services are then asked for as `db.prod` or by their full name. A cache on the node makes it cheap.
    "dns/search-amplification": "one name costs many queries"
    {
        queries: "queries for one name" = 8;
    }
    judge(Facts)
}

fn judge(f: &Facts, at: &Limits, out: &mut Judging) {
    let Some(confs) = out.part(&f.settings.conf, "the settings of the resolver could not be read") else {
        return;
    };
    let mut told: Vec<&str> = Vec::new();
    for p in &f.plans {
        out.looked(1);
        if (p.plan.queries as f64) < at.queries.value() || told.contains(&p.name.as_str()) {
            continue;
        }
        told.push(&p.name);
        let Some(conf) = confs.iter().find(|c| c.libc == p.plan.libc) else { continue };
        let what = if p.example { format!("a name such as {}", p.name) } else { p.name.clone() };
        let title = format!(
            "{what} costs {} queries: ndots {} and {} search domains",
            p.plan.queries,
            conf.ndots,
            conf.search.len()
        );
        let subject = f.settings.process.clone().map_or(Thing::Host, Thing::Process);
        let candidates = p.plan.candidates.iter().map(|c| c.name.clone()).collect();
        out.find(
            Finding::new(Severity::Notice, Confidence::High, subject, title)
                .evidence("queries", p.plan.queries)
                .evidence("ndots", conf.ndots)
                .evidence("search", conf.search.len())
                .evidence("worst_case_s", p.plan.worst_s)
                .evidence("rules", p.plan.libc.to_string())
                .evidence("asks_for", Cell::List(candidates))
                .because(
                    "every domain of the search list is tried before the name itself, each for A and AAAA",
                )
                .remedy(
                    "write names outside with a dot at the end, or set a lower ndots in dnsConfig of the pod",
                )
                .next(format!("dns {} --plan", p.name)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::facts::{Planned, conf::Libc, plan::Plan},
        super::recorded::*,
        *,
    };
    use crate::model::{Reading, Why};

    fn with(name: &str, text: &str) -> Facts {
        let mut facts = with_conf(Libc::Glibc, text);
        let conf = crate::areas::dns::facts::conf::Conf::read(
            Libc::Glibc,
            text.as_bytes(),
            &crate::areas::dns::facts::conf::Around::default(),
        );
        let plan = Plan::of(&conf, name).unwrap();
        facts.plans = vec![Planned { name: name.into(), example: false, plan }];
        facts
    }
    const POD: &str = "search prod.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n";

    #[test]
    fn a_pod_pays_eight_queries_for_a_name_outside_and_that_is_a_notice() {
        let f = &found(&CHECK, &with("api.example.com", POD))[0];
        assert_eq!(f.severity, Severity::Notice);
        assert_eq!(f.title, "api.example.com costs 8 queries: ndots 5 and 3 search domains");
        assert!(f.evidence.contains(&("worst_case_s", Cell::Num(20.0))), "{f:?}");
    }

    #[test]
    fn a_dot_at_the_end_few_domains_and_unread_settings_are_silent() {
        clear(&CHECK, &with("api.example.com.", POD));
        clear(
            &CHECK,
            &with("api.example.com", "search a.test b.test\nnameserver 10.0.0.1\noptions ndots:5\n"),
        );
        clear(&CHECK, &with("api.example.com", "nameserver 10.0.0.1\n"));
        let mut facts = with("api.example.com", POD);
        facts.settings.conf = Reading::unseen(Why::Denied);
        unknown(&CHECK, &facts, Why::Denied);
    }
}
