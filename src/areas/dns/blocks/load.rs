//! The table of steps and the picture of latencies of a load.

use super::super::{
    args::Args,
    facts::{
        load::{EDGES_MS, Load, Loaded, QUANTILES, Quantile, Step, Stopped, Times},
        wire::{NX_DOMAIN, REFUSED, SERV_FAIL},
    },
};
use crate::model::{Block, Cell, Column, Counts, rates};

pub(super) fn blocks(load: &Load, args: &Args) -> Vec<Block> {
    let steps: Vec<(&Loaded, &Step)> = load
        .servers
        .iter()
        .flat_map(|s| s.steps.drawn().into_iter().flatten().map(move |t| (s, t)))
        .collect();
    if steps.is_empty() {
        return vec![];
    }
    let several = load.servers.len() > 1;
    let line = |(server, step): &(&Loaded, &Step)| Counts {
        name: if several { format!("{} {}", server.address, step.name()) } else { step.name() },
        counts: step.from_schedule.counts.clone(),
        beyond: step.from_schedule.beyond,
    };
    let picture = Block::Histogram {
        name: "latency",
        unit: "ms",
        edges: EDGES_MS.into(),
        beyond: "no answer",
        lines: steps.iter().take(args.rows as usize).map(line).collect(),
    };
    vec![table(&steps, several, args), picture]
}

fn table(steps: &[(&Loaded, &Step)], several: bool, args: &Args) -> Block {
    let server = Column::new("server");
    let columns = vec![
        if several { server } else { server.wide() },
        Column::new("load"),
        Column::unit("answered_per_s", "per_s"),
        Column::unit("failed_pct", "pct"),
        Column::unit("below_pct", "pct"),
        Column::unit("p50_ms", "ms"),
        Column::unit("p90_ms", "ms"),
        Column::unit("p99_ms", "ms"),
        Column::unit("p999_ms", "ms"),
        Column::unit("max_ms", "ms"),
        Column::new("tail").wide(),
        Column::unit("service_p50_ms", "ms").wide(),
        Column::unit("service_p99_ms", "ms").wide(),
        Column::unit("asked_per_s", "per_s").wide(),
        Column::unit("sent_per_s", "per_s").wide(),
        Column::new("workers").wide(),
        Column::new("questions").wide(),
        Column::new("answers").wide(),
        Column::new("silent").wide(),
        Column::new("servfail").wide(),
        Column::new("refused").wide(),
        Column::new("nxdomain").wide(),
        Column::new("closed").wide(),
        Column::new("truncated").wide(),
        Column::new("late").wide(),
        Column::new("foreign").wide(),
        Column::new("duplicate").wide(),
        Column::new("shed").wide(),
        Column::new("barred").wide(),
        Column::new("cut").wide(),
        Column::unit("length_s", "s").wide(),
        Column::new("stopped").wide(),
        Column::unit("lag_p99_ms", "ms").wide(),
        Column::unit("lag_max_ms", "ms").wide(),
        Column::new("socket_drops").wide(),
        Column::new("receive_errors").wide(),
        Column::new("throttled").wide(),
        Column::unit("cpu_pct", "pct").wide(),
        Column::new("our_limit").wide(),
    ];
    let rows: Vec<_> = steps.iter().take(args.rows as usize).map(|(s, t)| row(s, t)).collect();
    Block::Table { name: "load", columns, rows, total: steps.len() as u64 }
}

fn row(server: &Loaded, s: &Step) -> Vec<Cell> {
    let of = |times: &Times, share| Cell::from(times.at(share).map(quantile));
    let due = &s.from_schedule;
    let throttled = s.own.throttled.drawn().is_some_and(|n| *n > 0);
    vec![
        server.address.as_str().into(),
        s.name().into(),
        s.answered_per_s.into(),
        s.failed_pct().into(),
        s.below_pct().into(),
        of(due, 5000),
        of(due, 9000),
        of(due, 9900),
        of(due, 9990),
        due.max.map(quantile).into(),
        tail(due).into(),
        of(&s.service, 5000),
        of(&s.service, 9900),
        s.asked_per_s.into(),
        s.sent_per_s.into(),
        s.workers.into(),
        s.sent.into(),
        s.answered.into(),
        s.silent.into(),
        s.code(SERV_FAIL).into(),
        s.code(REFUSED).into(),
        s.code(NX_DOMAIN).into(),
        s.closed.into(),
        s.truncated.into(),
        s.late.into(),
        s.foreign.into(),
        s.duplicate.into(),
        s.shed.into(),
        s.barred.into(),
        s.cut.into(),
        s.length_s.into(),
        s.stopped.map(stopped).into(),
        s.own.lag_p99_ms.into(),
        s.own.lag_max_ms.into(),
        (&s.own.socket_drops).into(),
        (&s.own.receive_errors).into(),
        (&s.own.throttled).into(),
        s.own.cpu_pct.into(),
        s.ours(throttled).map(|o| o.word()).into(),
    ]
}

fn quantile(q: Quantile) -> Cell {
    if q.at_least { Cell::AtLeast(q.ms) } else { q.ms.into() }
}

fn stopped(why: Stopped) -> &'static str {
    match why {
        Stopped::Failed => "too much failed",
        Stopped::Deadline => "the run ended",
    }
}

/// What the figures of the tail are not: of too few questions there is no p99, and of those without an answer it is known only
/// that they took so long.
fn tail(times: &Times) -> Option<String> {
    let name = |share: u16| format!("p{}", f64::from(share) / 100.0);
    let open = times.quantiles.iter().find(|(_, q)| q.at_least).map(|(share, _)| name(*share));
    let open = open.or(times.max.filter(|q| q.at_least).map(|_| "max".into()));
    let few = QUANTILES.into_iter().find(|q| !Times::bears(times.n, *q)).filter(|_| times.n > 0);
    let said = [
        open.map(|from| {
            format!("{} had no answer: {from} and above are at least so long", rates::count(times.beyond))
        }),
        few.map(|from| format!("{} are too few for {}", rates::count(times.n), name(from))),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.join("; "))
}
