//! The tables of `dns`.

mod load;

use super::{
    args::Args,
    facts::{
        Facts,
        beside::Beside,
        conf::Conf,
        plan::{Candidate, End, From, Outcome},
        wire::{Asked, Reply, ServerSeen, Step, Try, Walked},
    },
};
use crate::model::{Block, Cell, Column, Reading};

/// Everything worth drawing, in the order in which a lookup goes.
pub(super) fn blocks(facts: &Facts, args: &Args) -> Vec<Block> {
    let mut out = vec![settings(facts)];
    if args.plan || facts.named {
        out.push(plans(facts));
    }
    if args.plan {
        out.push(plan(facts, args));
    }
    if let Some(found) = facts.settings.hosts.drawn().filter(|h| !h.is_empty()) {
        let rows: Vec<_> =
            found.iter().map(|h| vec![h.name.as_str().into(), h.address.as_str().into()]).collect();
        out.push(table("hosts_file", vec![Column::new("name"), Column::new("address")], rows, args));
    }
    if let Some(seen) = facts.servers.drawn() {
        out.push(servers(seen, args));
    }
    if let Some(walks) = facts.walks.drawn().filter(|w| !w.is_empty()) {
        out.push(walk(walks, args));
        out.push(lookups(walks, args));
    }
    if let Some(seen) = facts.load.drawn() {
        out.extend(load::blocks(seen, args));
    }
    if let Some(others) = facts.beside.drawn().filter(|b| !b.is_empty()) {
        out.push(beside(facts, others, args));
    }
    out
}

fn table(name: &'static str, columns: Vec<Column>, mut rows: Vec<Vec<Cell>>, args: &Args) -> Block {
    let total = rows.len() as u64;
    rows.truncate(args.rows as usize);
    Block::Table { name, columns, rows, total }
}

fn settings(facts: &Facts) -> Block {
    let columns = vec![
        Column::new("rules"),
        Column::new("servers"),
        Column::new("search"),
        Column::new("ndots"),
        Column::unit("timeout", "s"),
        Column::new("attempts"),
        Column::new("options").wide(),
        Column::new("hosts_order").wide(),
        Column::new("known_by").wide(),
    ];
    let s = &facts.settings;
    let by = || Cell::from(s.library_by.as_str());
    let row = |c: &Conf| {
        vec![
            c.libc.to_string().into(),
            Cell::List(c.servers.iter().map(ToString::to_string).collect()),
            Cell::List(c.search.clone()),
            c.ndots.into(),
            c.timeout_s.into(),
            c.attempts.into(),
            Cell::List(options(c)),
            (&s.order).into(),
            by(),
        ]
    };
    let unseen = || [vec![Cell::Unseen; 7], vec![(&s.order).into(), by()]].concat();
    let rows: Vec<_> = s.conf.drawn().map_or_else(|| vec![unseen()], |c| c.iter().map(row).collect());
    let total = rows.len() as u64;
    Block::Table { name: "settings", columns, rows, total }
}

fn options(c: &Conf) -> Vec<String> {
    let all = [
        (c.rotate, "rotate (begins at a random server)"),
        (c.single_request, "single-request"),
        (c.single_request_reopen, "single-request-reopen"),
        (c.use_vc, "use-vc"),
        (c.edns0, "edns0"),
        (c.no_aaaa, "no-aaaa"),
        (c.no_tld_query, "no-tld-query"),
    ];
    all.into_iter().filter(|o| o.0).map(|o| o.1.to_string()).collect()
}

fn plans(facts: &Facts) -> Block {
    let columns = vec![
        Column::new("rules"),
        Column::new("name"),
        Column::new("queries"),
        Column::unit("worst_case", "s"),
    ];
    let rows: Vec<_> = facts
        .plans
        .iter()
        .map(|p| {
            vec![
                p.plan.libc.to_string().into(),
                p.name.as_str().into(),
                p.plan.queries.into(),
                p.plan.worst_s.into(),
            ]
        })
        .collect();
    let total = rows.len() as u64;
    Block::Table { name: "plans", columns, rows, total }
}

fn plan(facts: &Facts, args: &Args) -> Block {
    let columns = vec![
        Column::new("rules"),
        Column::new("query"),
        Column::new("asks_for"),
        Column::new("type"),
        Column::new("because"),
        Column::new("name").wide(),
    ];
    let conf = facts.settings.conf.drawn();
    let mut rows = Vec::new();
    for p in &facts.plans {
        let no_aaaa = conf.is_some_and(|c| c.iter().any(|c| c.libc == p.plan.libc && c.no_aaaa));
        let types = if no_aaaa { &["A"][..] } else { &["A", "AAAA"] };
        let queries = p.plan.candidates.iter().flat_map(|c| types.iter().map(move |t| (c, *t)));
        rows.extend((1u64..).zip(queries).map(|(n, (c, kind))| {
            vec![
                p.plan.libc.to_string().into(),
                n.into(),
                c.name.as_str().into(),
                kind.into(),
                why(c).into(),
                p.name.as_str().into(),
            ]
        }));
    }
    table("plan", columns, rows, args)
}

fn why(c: &Candidate) -> String {
    from(c.from)
}

fn from(from: From) -> String {
    match from {
        From::AsIs => "as it is".into(),
        From::Search(n) => format!("search domain {}", n + 1),
    }
}

fn servers(seen: &[ServerSeen], args: &Args) -> Block {
    let columns = vec![
        Column::new("server"),
        Column::new("asked_for"),
        Column::new("type"),
        Column::new("answer"),
        Column::unit("cold", "ms"),
        Column::unit("warm", "ms"),
        Column::unit("tcp", "ms"),
        Column::unit("ttl", "s").wide(),
        Column::new("tcp_answer").wide(),
        Column::new("answers").wide(),
        Column::new("packets").wide(),
        Column::new("foreign").wide(),
        Column::new("duplicate").wide(),
        Column::new("late").wide(),
    ];
    let rows = seen.iter().flat_map(|s| s.real().map(move |a| asked(s, a))).collect();
    table("servers", columns, rows, args)
}

fn asked(s: &ServerSeen, a: &Asked) -> Vec<Cell> {
    let unseen = Reading::unseen(crate::model::Why::NotAsked);
    let cold = a.udp.first().unwrap_or(&unseen);
    let warm: Vec<&Try> =
        a.udp.iter().skip(1).filter_map(Reading::drawn).filter(|t| t.came.reply().is_some()).collect();
    let warm = warm.iter().map(|t| t.ms).min_by(f64::total_cmp);
    let last: Option<&Reply> =
        a.udp.iter().filter_map(Reading::drawn).filter_map(|t| t.came.reply()).next_back();
    vec![
        s.address.as_str().into(),
        a.name.as_str().into(),
        a.kind.as_str().into(),
        (&cold.clone().map(|t| t.came.word(&a.kind))).into(),
        (&cold.clone().map(|t| t.came.reply().map(|_| t.ms))).into(),
        warm.into(),
        (&a.tcp.clone().map(|t| t.came.reply().map(|_| t.ms))).into(),
        last.and_then(|r| r.ttl_s).into(),
        (&a.tcp.clone().map(|t| t.came.word(&a.kind))).into(),
        Cell::List(last.map_or_else(Vec::new, |r| r.answers.clone())),
        a.udp.iter().filter_map(Reading::drawn).map(|t| u64::from(t.sends)).sum::<u64>().into(),
        a.odd.foreign.into(),
        a.odd.duplicate.into(),
        a.odd.late.into(),
    ]
}

fn walk(walks: &[Walked], args: &Args) -> Block {
    let columns = vec![
        Column::new("rules"),
        Column::new("asks_for"),
        Column::new("because"),
        Column::new("comes_to"),
        Column::unit("took", "ms"),
        Column::new("packets"),
        Column::new("server").wide(),
        Column::new("silent").wide(),
        Column::new("sent").wide(),
    ];
    let row = |w: &Walked, s: &Step| {
        vec![
            w.libc.to_string().into(),
            s.name.as_str().into(),
            from(s.from).into(),
            (&s.outcome.map(outcome)).into(),
            s.ms.into(),
            s.packets.into(),
            s.server.clone().into(),
            Cell::List(s.silent.clone()),
            Cell::List(s.sent.clone()),
        ]
    };
    let rows = walks.iter().flat_map(|w| w.steps.iter().map(move |s| row(w, s))).collect();
    table("walk", columns, rows, args)
}

fn lookups(walks: &[Walked], args: &Args) -> Block {
    let columns = vec![
        Column::new("rules"),
        Column::new("name"),
        Column::new("getaddrinfo"),
        Column::new("node"),
        Column::unit("took", "ms"),
    ];
    let row = |w: &Walked| {
        vec![
            w.libc.to_string().into(),
            w.name.as_str().into(),
            (&w.end.map(|e| told(e).0)).into(),
            (&w.end.map(|e| told(e).1)).into(),
            w.ms.into(),
        ]
    };
    table("lookups", columns, walks.iter().map(row).collect(), args)
}

/// What each resolver sees, name by name: our own walk first, since it is the one that is explained.
fn beside(facts: &Facts, others: &[Beside], args: &Args) -> Block {
    let columns =
        vec![Column::new("name"), Column::new("resolver"), Column::new("sees"), Column::unit("took", "ms")];
    let walked = |w: &Walked| {
        let end = w.end.map(|e| match e {
            End::Found => w.addresses.clone(),
            other => vec![told(other).0.to_string()],
        });
        let label = format!("{} rules (the walk above)", w.libc);
        vec![w.name.as_str().into(), label.into(), list(&end), w.ms.into()]
    };
    let other = |b: &Beside| {
        let sees = b.looked.clone().map(|l| l.saw.told());
        let took = Cell::from(&b.looked.clone().map(|l| l.ms));
        vec![b.name.as_str().into(), b.resolver.as_str().into(), list(&sees), took]
    };
    let mut names: Vec<&str> = others.iter().map(|b| b.name.as_str()).collect();
    names.dedup();
    let walks = facts.walks.drawn().map_or(&[][..], |w| w.as_slice());
    let of = |name: &&str| {
        let name = *name;
        let walks = walks.iter().filter(move |w| w.name == name).map(walked);
        walks.chain(others.iter().filter(move |b| b.name == name).map(other)).collect::<Vec<_>>()
    };
    table("beside", columns, names.iter().flat_map(of).collect(), args)
}

fn list(texts: &Reading<Vec<String>>) -> Cell {
    texts.drawn().map_or(Cell::Unseen, |t| Cell::List(t.clone()))
}

fn outcome(o: Outcome) -> &'static str {
    match o {
        Outcome::Found => "addresses",
        Outcome::NxDomain => "NXDOMAIN",
        Outcome::NoData => "NODATA",
        Outcome::Alias => "alias, no address",
        Outcome::ServFail => "SERVFAIL",
        Outcome::Refused => "REFUSED",
        Outcome::Timeout => "no answer",
        Outcome::PortClosed => "port closed",
    }
}

/// What `getaddrinfo` returns, and what Node.js makes of it.
fn told(end: End) -> (&'static str, &'static str) {
    match end {
        End::Found => ("addresses", "addresses"),
        End::NoName => ("EAI_NONAME", "ENOTFOUND"),
        End::NoData => ("EAI_NODATA", "ENOTFOUND"),
        End::Again => ("EAI_AGAIN", "EAI_AGAIN"),
        End::Fail => ("EAI_FAIL", "EAI_FAIL"),
    }
}
