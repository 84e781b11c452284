//! What `shutdown` draws: the times, the requests by kind of connection, the time line.

use super::{
    args::Args,
    facts::{Exit, Facts, Rehearsal, Started, took},
};
use crate::model::{
    Block, Cell, Column, Fate, Fates, Process, signal,
    traffic::{Ended, Over},
};

/// So many refused connections are shown one by one.
const REFUSED: usize = 3;

/// Everything worth drawing.
pub(super) fn blocks(facts: &Facts, _: &Args) -> Vec<Block> {
    let Some(r) = facts.rehearsal.drawn() else { return vec![] };
    let mut out = vec![requests(r), times(r), line(r)];
    out.extend(lost(r));
    out
}

/// Classes by kind of connection; classes that nothing came to have no column.
fn requests(r: &Rehearsal) -> Block {
    let all = r.traffic.fates();
    let there: Vec<Fate> = all.each().map(|(f, _)| f).collect();
    let mut columns = vec![Column::new("over"), Column::new("sent")];
    columns.extend(there.iter().map(|f| Column::new(f.key())));
    let row = |name: &str, of: &Fates| {
        let mut row = vec![Cell::from(name), of.all().into()];
        row.extend(there.iter().map(|f| Cell::from(of.of(*f))));
        row
    };
    let used = Over::ALL.into_iter().filter(|o| r.traffic.over(*o).all() > 0);
    let mut rows: Vec<Vec<Cell>> = used.map(|o| row(o.name(), r.traffic.over(o))).collect();
    rows.push(row("all", &all));
    Block::Table { name: "requests", columns, total: rows.len() as u64, rows }
}

/// What happened when, and the arithmetic of the plan.
fn times(r: &Rehearsal) -> Block {
    let columns = vec![Column::new("what"), Column::unit("at_s", "s"), Column::new("more")];
    let t = &r.times;
    let since = |at: Option<f64>| at.map(|at| at - t.ending_s);
    let how = match r.started {
        Started::Here => "started here",
        Started::AsPid1 => "started as PID 1",
        Started::Before => "ran before",
    };
    let mut all: Vec<(f64, Vec<Cell>)> = Vec::new();
    let mut add = |what: &str, at: Option<f64>, more: String| {
        // What has no time comes last.
        let place = at.unwrap_or(f64::INFINITY);
        let at = since(at).filter(|s| *s >= 0.0);
        all.push((place, vec![what.into(), at.map_or(Cell::None, Cell::from), more.into()]));
    };
    // 404 is an answer, and perhaps not the one that was meant.
    let odd = r.traffic.statuses.iter().filter(|(status, _)| !(200..300).contains(status));
    let odd: String = odd.map(|(status, n)| format!("; {n} answers of {status}")).collect();
    add("load", Some(0.0), format!("{} requests/s to {}{odd}", r.plan.rate, r.url));
    if let Some(before) = r.before {
        let exit = before.exit.drawn().map_or_else(|| "cut short".to_string(), |e| e.phrase());
        add("preStop", Some(t.ending_s), format!("took {}, {exit}", took(before.took_s)));
    }
    let who = match &r.listener {
        Some(other) => format!("{}, {how}; {} listens", r.label(), other.label()),
        None => format!("{}, {how}", r.label()),
    };
    add(&signal::name(r.plan.signal), t.signal_s, format!("to {who}"));
    let last = t.last_byte_s.filter(|at| *at >= t.ending_s);
    if last.is_some() {
        add("last byte", last, String::new());
    }
    add("routing withdrawn", t.withdrawn_s, format!("requests came for {}", took(r.plan.late_s)));
    let exit = match r.exit.drawn() {
        Some(Exit::Signal(9)) if r.killed => "killed: the grace period was over".to_string(),
        Some(exit) => exit.phrase(),
        None if r.killed => "killed: the grace period was over".into(),
        None => "its parent alone is told how".into(),
    };
    add(
        "exit",
        t.exit_s,
        format!("{exit}; {} of {} of grace", r.took_s().map_or("?".into(), took), took(r.plan.grace_s)),
    );
    if r.left.total() > 0 {
        let names: Vec<String> = r.left.top().iter().take(3).map(Process::label).collect();
        add("left", t.exit_s, format!("{} alive, killed: {}", r.left.total(), names.join(", ")));
    }
    let open = format!(
        "{} open at first, {} closed at rest, {} open to the last; {} of {} answers said close",
        r.open_at_ending, r.closed_at_rest, r.open_at_last, r.said_close, r.answers_ending
    );
    add("connections", None, open);
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rows: Vec<Vec<Cell>> = all.into_iter().map(|(_, row)| row).collect();
    Block::Table { name: "times", columns, total: rows.len() as u64, rows }
}

/// Requests a step, well and lost, with what happened when.
fn line(r: &Rehearsal) -> Block {
    let steps = &r.traffic.line.steps;
    let of = |pick: &dyn Fn(&Fates) -> u64| steps.iter().map(|s| pick(s) as f64).collect::<Vec<f64>>();
    let mut lines = vec![("answered".to_string(), of(&|s| s.all() - s.lost()))];
    for (fate, _) in r.traffic.fates().each().filter(|(f, _)| !f.well()) {
        lines.push((fate.key().replace('_', " "), of(&move |s| s.of(fate))));
    }
    let t = &r.times;
    let marks = [
        ("end begins", Some(t.ending_s).filter(|_| r.before.is_some())),
        ("signal", t.signal_s),
        ("routing withdrawn", t.withdrawn_s),
        ("exit", t.exit_s),
    ];
    let marks = marks.into_iter().filter_map(|(what, at)| Some((what.to_string(), at? * 1000.0)));
    let mut marks: Vec<(String, f64)> = marks.collect();
    marks.sort_by(|a, b| a.1.total_cmp(&b.1));
    Block::Chart { name: "time line", unit: "", step_ms: r.traffic.line.step_ms, lines, marks }
}

/// The first losses, one by one. One refused connection is like the other: a few of them are enough.
fn lost(r: &Rehearsal) -> Option<Block> {
    let columns = vec![
        Column::unit("sent_s", "s"),
        Column::unit("ended_s", "s"),
        Column::new("over"),
        Column::new("fate"),
        Column::new("status").wide(),
        Column::unit("body_bytes", "bytes").wide(),
        Column::new("detail"),
    ];
    let row = |e: &Ended| {
        vec![
            (e.sent_s - r.times.ending_s).into(),
            (e.ended_s - r.times.ending_s).into(),
            e.over.name().into(),
            e.fate.key().into(),
            e.status.map(u64::from).into(),
            e.bytes.into(),
            e.detail.as_str().into(),
        ]
    };
    let all = r.traffic.lost.top();
    let refused = |e: &&Ended| e.fate == Fate::LateRefused;
    let few = all.iter().filter(refused).take(REFUSED);
    let rows: Vec<_> = all.iter().filter(|e| !refused(e)).chain(few).map(row).collect();
    if rows.is_empty() {
        return None;
    }
    Some(Block::Table { name: "first losses", columns, total: rows.len() as u64, rows })
}
