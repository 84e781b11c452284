//! The tables of `http`: the answer step by step, connections that were held, requests of a load and their time line.

use super::facts::{Answered, Certificate, Drip, DripEnd, Facts, Load, RestEnd};
use crate::model::{Block, Cell, Column, Fates, traffic::Over};

/// Everything worth drawing, in the order in which one asks.
pub(super) fn blocks(facts: &Facts) -> Vec<Block> {
    let mut out = vec![];
    if let Some(answer) = facts.answer.drawn() {
        out.push(answered(facts, answer, facts.certificate.drawn()));
    }
    out.extend(held(facts));
    if let Some(load) = facts.load.drawn() {
        out.extend([requests(load), whole(load), line(load)]);
    }
    out
}

fn answered(facts: &Facts, a: &Answered, certificate: Option<&Certificate>) -> Block {
    let shown = |column: Column, there: bool| if there { column } else { column.wide() };
    let columns = vec![
        Column::new("status"),
        shown(Column::unit("name_ms", "ms"), a.name_ms.is_some()),
        Column::unit("connect_ms", "ms"),
        shown(Column::unit("tls_ms", "ms"), a.tls_ms.is_some()),
        Column::unit("first_byte_ms", "ms"),
        Column::unit("body_ms", "ms"),
        Column::unit("total_ms", "ms"),
        Column::new("protocol"),
        shown(Column::unit("keep_alive_s", "s"), a.claimed_s.is_some()),
        shown(Column::unit("cert_left_s", "s"), certificate.is_some()),
        shown(Column::new("location"), a.location.is_some()),
        Column::unit("bytes", "bytes").wide(),
        Column::new("keeps").wide(),
        Column::new("server").wide(),
        Column::new("tls_version").wide(),
        Column::new("cert_ends").wide(),
        Column::new("peer").wide(),
        Column::new("addresses").wide(),
        Column::new("url").wide(),
    ];
    let text = |t: &Option<crate::model::Untrusted>| t.as_ref().map_or(Cell::None, Cell::from);
    let left = match (certificate, a.tls_ms) {
        (Some(c), _) => c.left_s.into(),
        (None, Some(_)) => Cell::Unseen,
        (None, None) => Cell::None,
    };
    let row = vec![
        Cell::Id(a.status.into()),
        a.name_ms.into(),
        a.connect_ms.into(),
        a.tls_ms.into(),
        a.first_byte_ms.into(),
        a.body_ms.into(),
        a.total_ms().into(),
        a.protocol.as_str().into(),
        a.claimed_s.map(|s| s as f64).into(),
        left,
        text(&a.location),
        a.bytes.into(),
        a.keeps.into(),
        text(&a.server),
        a.tls.as_deref().into(),
        certificate.map(|c| c.ends.to_string()).into(),
        a.peer.as_str().into(),
        a.addresses.into(),
        facts.url.as_str().into(),
    ];
    Block::Table { name: "answer", columns, rows: vec![row], total: 1 }
}

/// Connections that were held, one row each.
fn held(facts: &Facts) -> Option<Block> {
    let columns = vec![
        Column::new("connection"),
        Column::unit("after_s", "s"),
        Column::new("end"),
        Column::new("status").wide(),
        Column::unit("held_s", "s").wide(),
        Column::new("sent").wide(),
        Column::new("peer").wide(),
    ];
    let mut rows: Vec<Vec<Cell>> = vec![];
    for (idle, rest) in facts.idle.drawn().into_iter().flat_map(|i| i.each.iter().map(move |r| (i, r))) {
        let status = match rest.end {
            RestEnd::Spoke(status) => status.map(u64::from).map_or(Cell::None, Cell::Id),
            _ => Cell::None,
        };
        rows.push(vec![
            "idle".into(),
            if rest.end == RestEnd::Open { Cell::AtLeast(rest.after_s) } else { rest.after_s.into() },
            rested(rest.end).into(),
            status,
            idle.span_s.into(),
            Cell::None,
            idle.peer.as_str().into(),
        ]);
    }
    let slow = [("slow head", &facts.headers), ("slow body", &facts.body)];
    for (name, drip) in slow.into_iter().filter_map(|(name, r)| Some((name, r.drawn()?))) {
        rows.push(dripped(name, drip));
    }
    let total = rows.len() as u64;
    (total > 0).then_some(Block::Table { name: "held", columns, rows, total })
}

fn dripped(name: &'static str, drip: &Drip) -> Vec<Cell> {
    let (end, status) = match drip.end {
        DripEnd::Answered(status) => (format!("answered with {status}"), Cell::Id(status.into())),
        DripEnd::Garbled => ("answered with what is no HTTP".into(), Cell::None),
        DripEnd::Closed => ("closed by the server".into(), Cell::None),
        DripEnd::Reset => ("reset by the server".into(), Cell::None),
        DripEnd::Open => ("still waited for".into(), Cell::None),
    };
    vec![
        name.into(),
        if drip.end == DripEnd::Open { Cell::AtLeast(drip.after_s) } else { drip.after_s.into() },
        end.into(),
        status,
        drip.span_s.into(),
        drip.sent.into(),
        drip.peer.as_str().into(),
    ]
}

fn rested(end: RestEnd) -> &'static str {
    match end {
        RestEnd::NotKept => "not kept: the answer says close",
        RestEnd::Closed => "closed by the server",
        RestEnd::Reset => "reset by the server",
        RestEnd::Spoke(_) => "the server spoke unasked",
        RestEnd::Open => "still open",
    }
}

/// What became of them, by what they went over.
fn requests(load: &Load) -> Block {
    let columns = vec![
        Column::new("fate"),
        Column::new("requests"),
        Column::unit("share_pct", "pct"),
        Column::new("new"),
        Column::new("keep_alive"),
    ];
    let (all, t) = (load.traffic.fates(), &load.traffic);
    let share = |n: u64| n as f64 * 100.0 / all.all().max(1) as f64;
    let rows: Vec<Vec<Cell>> = all
        .each()
        .map(|(fate, n)| {
            let over = |kind| Cell::from(t.over(kind).of(fate));
            vec![fate.phrase().into(), n.into(), share(n).into(), over(Over::New), over(Over::Kept)]
        })
        .collect();
    let total = rows.len() as u64;
    Block::Table { name: "requests", columns, rows, total }
}

/// The load as a whole.
fn whole(load: &Load) -> Block {
    let columns = vec![
        Column::new("sent"),
        Column::new("lost"),
        Column::unit("length_s", "s"),
        Column::unit("rate_per_s", "per_s"),
        Column::unit("p50_ms", "ms"),
        Column::unit("p90_ms", "ms"),
        Column::unit("p99_ms", "ms"),
        Column::unit("max_ms", "ms"),
        Column::new("closed_at_rest").wide(),
        Column::new("statuses").wide(),
        Column::unit("lag_p99_ms", "ms").wide(),
        Column::unit("lag_max_ms", "ms").wide(),
        Column::unit("cpu_pct", "pct").wide(),
        Column::new("stopped").wide(),
    ];
    let (t, fates) = (&load.traffic, load.traffic.fates());
    let at = |share: u16| Cell::from(load.latency_ms.iter().find(|l| l.0 == share).map(|l| l.1));
    let statuses = t.statuses.iter().map(|(status, n)| format!("{status}: {n}")).collect();
    let row = vec![
        fates.all().into(),
        fates.lost().into(),
        load.length_s.into(),
        (fates.all() as f64 / load.length_s.max(0.001)).into(),
        at(5000),
        at(9000),
        at(9900),
        at(10_000),
        load.closed_at_rest.into(),
        Cell::List(statuses),
        load.own.lag_p99_ms.into(),
        load.own.lag_max_ms.into(),
        load.own.cpu_pct.into(),
        load.stopped.into(),
    ];
    Block::Table { name: "load", columns, rows: vec![row], total: 1 }
}

/// So many steps fit a terminal: of more, the picture would show the last ones only.
const STEPS: usize = 60;

fn line(load: &Load) -> Block {
    let line = &load.traffic.line;
    let many = line.steps.len().div_ceil(STEPS).max(1);
    let folded: Vec<Fates> = line
        .steps
        .chunks(many)
        .map(|steps| {
            let mut sum = Fates::default();
            steps.iter().for_each(|s| sum.join(s));
            sum
        })
        .collect();
    let of = |count: fn(&Fates) -> u64| folded.iter().map(|s| count(s) as f64).collect();
    let lines = vec![("answered".into(), of(|f| f.all() - f.lost())), ("lost".into(), of(Fates::lost))];
    Block::Chart {
        name: "requests over time",
        unit: "",
        step_ms: line.step_ms * many as u64,
        lines,
        marks: vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        areas::http::facts::Own,
        model::{
            Fate, Stamp, Traffic,
            traffic::{Ended, Over},
        },
    };

    #[test]
    fn the_picture_shows_all_of_the_time_and_loses_no_loss() {
        let mut traffic = Traffic::default();
        for n in 0..6000_u32 {
            let at = f64::from(n) * 0.05;
            let fate = if n == 700 { Fate::Refused } else { Fate::Whole };
            let over = Over::New;
            traffic.add(Ended {
                over,
                sent_s: at,
                ended_s: at,
                fate,
                status: None,
                bytes: 0,
                detail: String::new(),
            });
        }
        let load = Load {
            begun: Stamp::from_ms(0),
            per_s: 20.0,
            connections: 1,
            asked_s: 300.0,
            length_s: 300.0,
            timeout_s: 10.0,
            traffic,
            latency_ms: vec![],
            closed_at_rest: 0,
            own: Own::default(),
            stopped: false,
        };
        let Block::Chart { step_ms, lines, .. } = line(&load) else { panic!("no chart") };
        assert!(lines[0].1.len() <= STEPS, "{}", lines[0].1.len());
        assert!(step_ms as usize * lines[0].1.len() >= 300_000, "{step_ms}");
        assert_eq!((lines[0].1.iter().sum::<f64>(), lines[1].1.iter().sum::<f64>()), (5999.0, 1.0));
    }
}
