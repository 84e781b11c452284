//! A bounded load, as it was asked for by name: what it will be is said before it begins, and what was lost while it goes on.

use super::{
    super::facts::{Load, Own},
    Work,
    told::ms,
};
use crate::{
    model::{Why, rates},
    source::{
        Clock,
        http::{self, Course, Loaded, Shape},
        interrupt,
    },
};
use std::{
    io, thread,
    time::{Duration, Instant},
};

/// How often it is looked at.
const TICK: Duration = Duration::from_millis(50);
/// Requests that were later than this were not those that were asked for, ms.
const LATE_MS: f64 = 250.0;

/// Sends requests for so long: what became of them, and what there is to say of ourselves.
pub(super) fn run(work: &Work, length: Duration) -> io::Result<(Load, Vec<(Why, String)>)> {
    let (args, course) = (work.args, Course::default());
    let rate = args.per_s();
    let shape =
        Shape { kept_per_s: rate / 2.0, kept: args.kept(), new_per_s: rate / 2.0, idle: 0, slow: None };
    let most = (rate * length.as_secs_f64()).ceil() as u64;
    work.progress.announce(&budget(work, length, most));
    let begun = Clock::now();
    // What is still on its way is waited for.
    let last = work.end.checked_sub(work.request.timeout).unwrap_or(work.end);
    let until = last.min(course.begun() + length);
    let caught = interrupt::catch();
    let mut stopped = false;
    let loaded = thread::scope(|scope| {
        let loading = scope.spawn(|| http::load(work.target, work.request, &shape, &course));
        let bar = work.progress.begin("load", most);
        while !loading.is_finished() {
            stopped |= caught.asked();
            if Instant::now() >= until || stopped {
                course.finish();
            }
            let (sent, _, lost) = course.so_far();
            bar.at(sent, &format!("{} lost", rates::count(lost)));
            thread::park_timeout(TICK);
        }
        loading.join().unwrap_or_else(|e| std::panic::resume_unwind(e))
    })?;
    drop(caught);
    let holes = holes(&loaded);
    let load = Load {
        begun,
        per_s: rate,
        connections: args.kept(),
        asked_s: length.as_secs_f64(),
        length_s: loaded.length.as_secs_f64(),
        timeout_s: work.request.timeout.as_secs_f64(),
        latency_ms: loaded.latency_ms,
        closed_at_rest: loaded.closed_at_rest,
        own: Own {
            lag_p99_ms: ms(loaded.own.lag_p99),
            lag_max_ms: ms(loaded.own.lag_max),
            unsent: loaded.own.unsent.iter().map(|(why, n)| ((*why).to_string(), *n)).collect(),
            cpu_pct: loaded.own.cpu_pct,
        },
        traffic: loaded.traffic,
        stopped,
    };
    Ok((load, holes))
}

/// What it will be, in one line.
fn budget(work: &Work, length: Duration, most: u64) -> String {
    let args = work.args;
    format!(
        "load  {} requests in {} at {}/s to {}, half over new connections, half over {} that are kept; nothing is sent twice",
        rates::count(most),
        rates::span(length.as_secs_f64()),
        args.per_s(),
        work.target.url,
        rates::count(args.kept().into()),
    )
}

/// What was not sent, or not in time, by our own fault.
fn holes(loaded: &Loaded) -> Vec<(Why, String)> {
    let unsent = |(limit, n): &(&'static str, u64)| {
        let why = match *limit {
            "connections" => "each of our connections waited for an answer (--connections)",
            "processor" => "this machine is too busy",
            other => other,
        };
        (Why::TooMany, format!("{} were due and never sent: {why}", rates::count(*n)))
    };
    let mut out: Vec<(Why, String)> = loaded.own.unsent.iter().filter(|u| u.1 > 0).map(unsent).collect();
    let lag = ms(loaded.own.lag_p99);
    if lag > LATE_MS {
        out.push((
            Why::TooMany,
            format!("one in a hundred was sent {lag:.0} ms late and more: this machine is too busy"),
        ));
    }
    out
}
