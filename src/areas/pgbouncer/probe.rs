//! Looks twice through one connection to the console, about a second apart: a queue of one moment is no fault.

mod clients;
mod door;
mod join;
#[cfg(test)]
mod recorded;
mod sight;
mod slots;
mod table;
mod target;

use super::{
    args::Args,
    facts::{Console, Facts},
};
use crate::{
    model::{Gap, Gaps, Reading, Seen, Why},
    source::{
        Moment,
        pg::{FailedKind, Rows, Session, Target},
    },
};
use clients::Clients;
use join::{First, Join};
use std::{
    env,
    thread::sleep,
    time::{Duration, Instant},
};

/// Left of the run's time for everything after the last answer.
const MARGIN: Duration = Duration::from_millis(200);
/// From the first look to the second.
const SPAN: Duration = Duration::from_secs(1);
/// When less than this is left, a second look would say nothing that the first did not.
const LEAST: Duration = Duration::from_millis(300);

/// The variable of the environment that names a pooler, if it does.
pub(super) fn named_by_environment() -> Option<&'static str> {
    target::named_by(&|name| env::var_os(name))
}

/// The probe.
pub struct PgBouncer {
    args: Args,
    facts: Option<Facts>,
}

impl PgBouncer {
    pub(super) fn new(args: Args) -> Self {
        Self { args, facts: None }
    }

    pub(super) fn seen(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// All of it: an area apart looks once, and that is two looks.
    ///
    /// # Errors
    /// When it is not understood where the pooler is.
    pub(super) fn run(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        let target = target::of(self.args.dbname.as_deref(), &|name| env::var_os(name)).map_err(|bad| {
            self.facts = Some(Facts::unseen(Why::Malformed));
            Gap::new("where the pooler is", Why::Malformed, bad)
        })?;
        let until = m.deadline.checked_sub(MARGIN).unwrap_or(m.deadline);
        let again = self.args.dbname.as_deref().and_then(Target::again);
        let mut facts = Facts { target: target.shown(), again, ..Facts::unseen(Why::NotAsked) };
        match Session::open(&target, until) {
            Ok(session) => {
                let address = session.address().to_string();
                Look { args: &self.args, session, gaps, until, address }.all(&mut facts);
            }
            Err(refused) => {
                let why = door::shut(&refused, target.user(), gaps);
                facts = Facts { target: facts.target, again: facts.again, ..Facts::unseen(why) };
            }
        }
        self.facts = Some(facts);
        Ok(())
    }
}

/// One run through an open session.
struct Look<'a> {
    args: &'a Args,
    session: Session,
    gaps: &'a mut Gaps,
    until: Instant,
    address: String,
}

impl Look<'_> {
    fn all(mut self, facts: &mut Facts) {
        let Some(version) = self.version() else {
            let (target, again) = (std::mem::take(&mut facts.target), facts.again.take());
            *facts = Facts { target, again, ..Facts::unseen(Why::Unsupported) };
            return;
        };
        let halted = self.quietly("STATE").and_then(|r| sight::halted(&r));
        facts.config = self.table("CONFIG", sight::config).into();
        let databases = self.table("DATABASES", sight::databases);
        facts.clients_used = self.table("LISTS", sight::used_clients).into();
        let begun = Instant::now();
        let first = self.first();
        let slots = slots::of(self.args, self.until, self.gaps);
        let again = self.wait(begun);
        let pools = self.table("POOLS", sight::pools);
        let span_s = again.map(|()| begun.elapsed().as_secs_f64());
        let stats = self.table("STATS", sight::stats);
        let servers = self.show("SERVERS");
        let clients = self.show("CLIENTS");
        if let Err(why) = again {
            self.gaps.add(why, "a second look at the queues", "no time was left for it");
        }
        facts.console = Reading::seen(Console {
            version,
            address: self.address.clone(),
            span_s: span_s.into(),
            halted: halted.into(),
        });
        let join = Join {
            pools,
            databases,
            stats,
            stayed: again.and_then(|()| sight::waiting(clients.as_ref().map_err(|why| *why)?)),
            logins: again.and_then(|()| sight::logging_in(servers.as_ref().map_err(|why| *why)?)),
            addresses: servers.as_ref().map(sight::addresses).unwrap_or_default(),
            clients: clients.as_ref().map_err(|why| *why).and_then(Clients::of),
            first: again.map(|()| first),
            slots,
            rows: self.args.rows as usize,
        };
        join.into(facts, self.gaps);
    }

    /// The first look: what a second one is compared with.
    fn first(&mut self) -> First {
        let pools = self.table("POOLS", sight::pools);
        let stats = self.table("STATS", sight::stats);
        // Who waits is many rows: only when somebody does.
        let busy = |of: fn(&sight::PoolSeen) -> u64| pools.iter().flatten().any(|p| of(p) > 0);
        let (waits, logs_in) = (busy(|p| p.seats.cl_waiting), busy(|p| p.seats.sv_login));
        let waiting = if waits { self.table("CLIENTS", sight::waiting) } else { Ok(Default::default()) };
        let logins = if logs_in { self.table("SERVERS", sight::logging_in) } else { Ok(Default::default()) };
        First { pools, stats, waiting, logins }
    }

    /// Until the second look is due.
    fn wait(&self, begun: Instant) -> Seen<()> {
        let left = self.until.saturating_duration_since(Instant::now());
        let due = (begun + SPAN).saturating_duration_since(Instant::now());
        if begun.elapsed() + left < LEAST {
            return Err(Why::TimedOut);
        }
        // Half of what is left is for the second look itself.
        sleep(due.min(left / 2));
        Ok(())
    }

    /// What it calls itself; nothing when it is something else, which is a gap.
    fn version(&mut self) -> Option<String> {
        let said = match self.quietly_chain("VERSION") {
            Ok(rows) => rows.get(0, "version").unwrap_or_default().to_string(),
            Err((_, chain)) => chain,
        };
        let version = said.strip_prefix("PgBouncer ").map(|v| v.split(' ').next().unwrap_or(v).to_string());
        if version.is_none() {
            let what = format!("what answers at {} is no console of PgBouncer: {said}", self.address);
            self.gaps.add(Why::Unsupported, "the console of PgBouncer", what);
        }
        version
    }

    /// One table of the console, read; what cannot be is a gap.
    fn table<T>(&mut self, what: &'static str, read: fn(&Rows) -> Seen<T>) -> Seen<T> {
        let rows = self.show(what)?;
        if rows.cut {
            self.gaps.add(Why::TooMany, "rows of the console beyond what we bear", what);
        }
        read(&rows).inspect_err(|why| self.gaps.add(*why, "tables of the console", what))
    }

    fn show(&mut self, what: &'static str) -> Seen<Rows> {
        self.quietly_chain(what).map_err(|(why, chain)| {
            self.gaps.add(why, "tables of the console", format!("SHOW {what}: {chain}"));
            why
        })
    }

    /// A table that not every version has.
    fn quietly(&mut self, what: &str) -> Seen<Rows> {
        self.quietly_chain(what).map_err(|(why, _)| why)
    }

    /// The console takes one command at a time.
    fn quietly_chain(&mut self, what: &str) -> Result<Rows, (Why, String)> {
        let tables = self.session.run(&format!("SHOW {what}")).map_err(|failed| {
            let why = match failed.kind {
                FailedKind::Server => Why::Unsupported,
                FailedKind::TimedOut => Why::TimedOut,
                FailedKind::Lost => Why::Absent,
            };
            (why, failed.to_string())
        })?;
        tables.into_iter().next().ok_or_else(|| (Why::Malformed, "no table came".into()))
    }
}
