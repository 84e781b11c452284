//! Looks once, through one connection, in as few round trips as there can be.

mod activity;
mod jobs;
mod locks;
mod replication;
mod row;
mod sql;

use super::{
    args::{Args, View},
    facts::{
        Facts,
        server::{Database, Door, Own, Server, Slots},
        session::Activity,
    },
};
use crate::{
    model::{Gap, Gaps, Kept, Reading, Seen, Why},
    source::{
        Moment,
        pg::{Encryption, Failed, FailedKind, FullKind, Refused, RefusedKind, Rows, Session, Target},
    },
};
use row::rows;
use std::{
    collections::HashMap,
    env,
    time::{Duration, Instant},
};

/// Left of the run's time for everything after the last answer.
const MARGIN: Duration = Duration::from_millis(200);
/// Between two looks at a cycle of locks: the server dissolves one only `deadlock_timeout` (1 s) after its last wait began.
const AGAIN: Duration = Duration::from_millis(200);

/// The probe.
pub struct Pg {
    args: Args,
    facts: Option<Facts>,
    /// Deadlock counters of the first look, by database: the count, when it was reset, when that was.
    counters: HashMap<String, (u64, Option<String>, Instant)>,
}

impl Pg {
    pub(super) fn new(args: Args) -> Self {
        Self { args, facts: None, counters: HashMap::new() }
    }

    pub(super) fn seen(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// All of it: an area apart looks once.
    ///
    /// # Errors
    /// When the target is not understood.
    pub(super) fn run(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        let mut facts = Facts { budget: self.args.budget(), ..Facts::unseen(Why::NotAsked) };
        let target = Target::of(self.args.dbname.as_deref(), &|name| env::var_os(name), None)
            .map_err(|bad| Gap::new("the target", Why::Malformed, bad))?;
        facts.target = target.shown();
        let until = m.deadline.checked_sub(MARGIN).unwrap_or(m.deadline);
        let begun = Instant::now();
        match Session::open(&target, until) {
            Ok(session) => {
                facts.door = Reading::seen(Door::Open { ms: begun.elapsed().as_secs_f64() * 1000.0 });
                Look { args: &self.args, session, facts: &mut facts, gaps, until }.all(&mut self.counters);
            }
            Err(refused) => shut(&mut facts, refused, gaps),
        }
        self.facts = Some(facts);
        Ok(())
    }
}

/// Nobody was let in. A full server is what we came for; everything else is a reason why nothing can be said.
fn shut(facts: &mut Facts, refused: Refused, gaps: &mut Gaps) {
    let why = match refused.kind {
        RefusedKind::TimedOut => Why::TimedOut,
        RefusedKind::Auth | RefusedKind::Tls | RefusedKind::Full(_) => Why::Denied,
        RefusedKind::NoSuchDatabase
        | RefusedKind::NameNotFound
        | RefusedKind::PortClosed
        | RefusedKind::Unreachable => Why::Absent,
        RefusedKind::NoneFits => Why::Absent,
        RefusedKind::NotPostgres => Why::Malformed,
        RefusedKind::Starting | RefusedKind::Other => Why::Unsupported,
    };
    let last = refused.tried.last();
    let peer = last
        .map(|t| t.address.as_ref().map_or_else(|| t.at.clone(), ToString::to_string))
        .unwrap_or_default();
    *facts = Facts { target: facts.target.clone(), budget: facts.budget, ..Facts::unseen(why) };
    facts.door = Reading::seen(match refused.kind {
        RefusedKind::Full(slots) => {
            let slots = match slots {
                FullKind::Server => Slots::All,
                FullKind::Reserved => Slots::Ordinary,
                FullKind::Role => Slots::Role,
                FullKind::Database => Slots::Database,
                FullKind::Pooler => Slots::Pooler,
            };
            Door::Full { slots, text: refused.chain.clone(), peer }
        }
        kind => Door::Shut {
            kind: word(kind).into(),
            sqlstate: refused.sqlstate.clone(),
            text: refused.chain.clone(),
            peer,
        },
    });
    gaps.add(why, "what is behind the door of the server", &refused.chain);
}

fn word(kind: RefusedKind) -> &'static str {
    match kind {
        RefusedKind::Full(_) => "full",
        RefusedKind::Auth => "auth",
        RefusedKind::NoSuchDatabase => "no_such_database",
        RefusedKind::Tls => "tls",
        RefusedKind::Unreachable => "unreachable",
        RefusedKind::PortClosed => "port_closed",
        RefusedKind::TimedOut => "timed_out",
        RefusedKind::NameNotFound => "name_not_found",
        RefusedKind::Starting => "starting",
        RefusedKind::NotPostgres => "not_postgres",
        RefusedKind::NoneFits => "none_fits",
        RefusedKind::Other => "other",
    }
}

/// `TLSv1.3 verify-full`, `TLSv1.3 not verified`, `none`.
fn protection(e: &Encryption) -> String {
    match &e.version {
        None => "none".into(),
        Some(version) => format!("{version} {}", e.verified.unwrap_or("not verified")),
    }
}

/// One look through an open session.
struct Look<'a> {
    args: &'a Args,
    session: Session,
    facts: &'a mut Facts,
    gaps: &'a mut Gaps,
    until: Instant,
}

impl Look<'_> {
    fn all(mut self, counters: &mut HashMap<String, (u64, Option<String>, Instant)>) {
        let view = self.args.view;
        let version = major(self.session.parameter("server_version").unwrap_or_default());
        let mut parts = vec![Part::About, Part::Databases];
        // Every view needs to know who is there; locks say whom the others wait for.
        parts.extend([Part::Activity, Part::Locks]);
        let mut came = self.ask(&parts, version);
        let locks = came.pop().unwrap_or(Err(Why::Broken));
        let activity = came.pop().unwrap_or(Err(Why::Broken));
        let databases = came.pop().unwrap_or(Err(Why::Broken));
        let about = came.pop().unwrap_or(Err(Why::Broken));
        let now_us = about.as_ref().ok().and_then(|t| rows(t.first()?).next()?.number("now_us"));
        self.facts.server = about.map(|t| self.server(&t)).into();
        let numbers = databases.as_ref().map(|t| by_number(t)).unwrap_or_default();
        self.facts.databases = databases.map(|t| self.databases(&t, counters)).into();
        let mut sessions = activity.map(|t| t.first().map(activity::sessions).unwrap_or_default());
        let none = &mut [][..];
        let known = sessions.as_mut().map_or(none, |s| s.as_mut_slice());
        let locks = locks.map(|t| self.locks(&t, known, numbers, now_us, version));
        let waiting = locks.as_ref().map_or(0, |l| l.forest.waiting);
        self.facts.locks = locks.into();
        let activity = sessions.map(|s| Activity::of(s, waiting, self.args.rows as usize));
        if let Ok(activity) = &activity {
            self.hidden(activity.hidden_clients());
        }
        self.facts.activity = activity.into();
        if view.shows(View::Replication) {
            self.facts.replication = self.replication(version).into();
        }
        if view.shows(View::Jobs) {
            self.facts.jobs = self.jobs().into();
        }
    }

    /// Says how many sessions hide what they do from our role, and what shows them.
    fn hidden(&mut self, sessions: u64) {
        let Some(role) = self.facts.server.drawn().filter(|_| sessions > 0).map(|s| s.user.clone()) else {
            return;
        };
        let what = "what sessions of other roles do, wait for and where they come from";
        self.gaps.add_many(
            Why::Denied,
            what,
            sessions,
            format!("the role {role} may not read all statistics"),
        );
        let quoted = role.replace('"', "\"\"");
        self.gaps.remedy(Why::Denied, what, format!("GRANT pg_read_all_stats TO \"{quoted}\""));
    }

    /// All parts in one round trip; when one fails, each by itself, so that it costs nobody else.
    fn ask(&mut self, parts: &[Part], version: u32) -> Vec<Seen<Vec<Rows>>> {
        let texts: Vec<String> = parts.iter().map(|p| p.text(version)).collect();
        let whole = format!("{}{}COMMIT", sql::BEGIN, texts.concat());
        if let Ok(mut tables) = self.session.run(&whole) {
            let wanted: usize = parts.iter().map(|p| p.tables()).sum();
            if tables.len() == wanted {
                return parts.iter().map(|p| Ok(tables.drain(..p.tables()).collect())).collect();
            }
        }
        parts.iter().zip(&texts).map(|(part, text)| self.alone(part.name(), text)).collect()
    }

    /// One part in a transaction of its own.
    fn alone(&mut self, name: &'static str, text: &str) -> Seen<Vec<Rows>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.gaps.add(Why::TimedOut, name, "no time was left to ask for it");
            return Err(Why::TimedOut);
        }
        let answer = self.session.run(&format!("{}{text}COMMIT", sql::BEGIN));
        answer.map_err(|failed| {
            // The transaction is aborted, and stays so until it is ended.
            let _ = self.session.run("ROLLBACK");
            let why = why(&failed);
            self.gaps.add(why, name, &failed);
            why
        })
    }

    fn server(&self, tables: &[Rows]) -> Server {
        let mut server = Server {
            peer: self.session.address().to_string(),
            encryption: protection(self.session.encryption()),
            ..Server::default()
        };
        if let Some(r) = tables.first().and_then(|t| rows(t).next()) {
            server.version = r.text("version").split(' ').next().unwrap_or_default().to_string();
            server.version_num = r.number("version_num").unwrap_or(0);
            server.database = r.text("database");
            server.user = r.text("role");
            server.in_recovery = r.yes("in_recovery");
            server.reads_all = r.yes("reads_all");
            server.superuser = r.yes("superuser");
            server.role_limit = r.number("role_limit");
            server.up_s = r.seconds("up_s").unwrap_or(0.0);
            // A pooler makes up the number that it gives to its clients.
            server.pooler = r.number("pid") != self.session.backend_pid();
        }
        if let Some(t) = tables.get(1) {
            server.settings = rows(t).map(|r| (r.text("name"), r.text("setting"))).collect();
        }
        if let Some(t) = tables.get(2) {
            let own = |r: row::Row| Own {
                role: r.own("role"),
                database: r.own("database"),
                name: r.text("name"),
                on: r.yes("is_on"),
            };
            server.own = rows(t).map(own).collect();
        }
        server
    }

    fn databases(
        &self,
        tables: &[Rows],
        counters: &mut HashMap<String, (u64, Option<String>, Instant)>,
    ) -> Kept<Database> {
        let now = Instant::now();
        let of = tables.first().map(|t| rows(t).collect::<Vec<_>>()).unwrap_or_default();
        let mut all: Vec<Database> = of
            .iter()
            .map(|r| {
                let (name, deadlocks, reset) =
                    (r.text("name"), r.number("deadlocks").unwrap_or(0), r.own("reset_at"));
                let (first, at, since) =
                    counters.entry(name.clone()).or_insert_with(|| (deadlocks, reset.clone(), now)).clone();
                // A counter that was reset in between, or that fell, counts from nothing.
                let span = now.saturating_duration_since(since).as_secs_f64();
                let lately =
                    (at == reset && deadlocks >= first && span > 0.0).then(|| (deadlocks - first, span));
                if at != reset || deadlocks < first {
                    counters.insert(name.clone(), (deadlocks, reset, now));
                }
                Database {
                    name,
                    limit: r.number("connections"),
                    xid_age: r.number("xid_age").unwrap_or(0),
                    mxid_age: r.number("mxid_age").unwrap_or(0),
                    deadlocks,
                    reset_s: r.seconds("reset_s"),
                    lately,
                }
            })
            .collect();
        all.sort_by(|a, b| b.xid_age.cmp(&a.xid_age).then_with(|| a.name.cmp(&b.name)));
        let total = all.len() as u64;
        all.truncate(self.args.rows as usize);
        Kept::worst(total, all)
    }
}

/// Databases by number.
fn by_number(tables: &[Rows]) -> Vec<(u32, String)> {
    let of = tables.first().map(|t| rows(t)).into_iter().flatten();
    of.filter_map(|r| Some((r.number("oid")?, r.text("name")))).collect()
}

/// A part of the first round trip.
#[derive(Clone, Copy)]
enum Part {
    About,
    Databases,
    Activity,
    Locks,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::About => "the server's settings",
            Part::Databases => "databases and their counters",
            Part::Activity => "sessions",
            Part::Locks => "locks that somebody waits for",
        }
    }
    fn tables(self) -> usize {
        match self {
            Part::About => 3,
            Part::Locks => 2,
            Part::Databases | Part::Activity => 1,
        }
    }
    fn text(self, version: u32) -> String {
        match self {
            Part::About => [sql::SELF, sql::SETTINGS, sql::OWN].concat(),
            Part::Databases => sql::DATABASES.into(),
            Part::Activity => sql::activity(version),
            Part::Locks => sql::locks(version) + sql::PREPARED,
        }
    }
}

/// `15.18 (Debian …)` is 150000: what columns there are goes by the major version.
fn major(text: &str) -> u32 {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u32>().map_or(0, |v| v.saturating_mul(10_000))
}

/// What an error of a statement says about why something was not seen.
fn why(failed: &Failed) -> Why {
    match (failed.kind, failed.sqlstate()) {
        // Cancelled by statement_timeout, or no lock within lock_timeout.
        (_, Some("57014" | "55P03")) | (FailedKind::TimedOut, _) => Why::TimedOut,
        (_, Some("42501")) => Why::Denied,
        (_, Some("42P01" | "42883" | "3F000")) => Why::Absent,
        (_, Some("42703" | "0A000")) => Why::Unsupported,
        (FailedKind::Server | FailedKind::Lost, _) => Why::Malformed,
    }
}
