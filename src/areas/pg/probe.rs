//! Looks once, through one connection, in as few round trips as there can be.

mod activity;
mod door;
mod jobs;
mod locks;
mod log;
mod parts;
mod queues;
mod replication;
mod row;
mod sql;

use super::{
    args::{Args, View},
    facts::{
        Facts,
        bound::Bound,
        server::{Database, Door, Own, Server},
        session::Activity,
    },
};
use crate::{
    model::{Arrange, Gap, Gaps, Kept, Reading, Seen, Why},
    source::{
        Moment,
        pg::{Refused, Rows, Session, Target},
    },
};
use door::{protection, shut};
use jobs::Cron;
use parts::{Ask, Part, by_number, major, why};
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
    /// How many rows waited in each queue at the look before.
    queued: queues::Before,
    /// The session of the look before, and how long it took to connect, milliseconds.
    open: Option<(Session, f64)>,
}

impl Pg {
    pub(super) fn new(args: Args) -> Self {
        Self { args, facts: None, counters: HashMap::new(), queued: HashMap::new(), open: None }
    }

    pub(super) fn seen(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }

    /// All of it: an area apart looks once.
    ///
    /// # Errors
    /// When the target is not understood.
    pub(super) fn run(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        let looked = self.look(m, gaps);
        if let Err(gap) = &looked {
            // Asked for and not seen: no check is to read as one that nobody wanted.
            self.facts = Some(Facts::unseen(gap.why));
        }
        looked
    }

    fn look(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        let mut facts = Facts { budget: budget(&self.args), ..Facts::unseen(Why::NotAsked) };
        if let Some(file) = &self.args.log {
            // Who has only a log is not to need a server.
            let until = m.deadline.checked_sub(MARGIN).unwrap_or(m.deadline);
            facts.log = Reading::seen(log::read(file, until, gaps)?);
            self.facts = Some(facts);
            return Ok(());
        }
        let target = Target::of(self.args.dbname.as_deref(), &|name| env::var_os(name), None)
            .map_err(|bad| Gap::new("the target", Why::Malformed, bad))?;
        facts.target = target.shown();
        facts.again = self.args.dbname.as_deref().and_then(Target::again);
        for sentence in target.said() {
            gaps.add(Why::NotAsked, "parts of the target", sentence);
        }
        let until = m.deadline.checked_sub(MARGIN).unwrap_or(m.deadline);
        match self.session(&target, until) {
            Ok((session, ms)) => {
                facts.door = Reading::seen(Door::Open { ms });
                let look = Look { args: &self.args, session, facts: &mut facts, gaps, until };
                let session = look.all(&mut self.counters, &mut self.queued);
                // What broke is not asked again.
                self.open = facts.server.drawn().map(|_| (session, ms));
            }
            Err(refused) => shut(&mut facts, refused, gaps),
        }
        self.facts = Some(facts);
        Ok(())
    }

    /// The session of the look before, else a new one: however often one looks, it is one connection. Beside it how long it
    /// took to connect, milliseconds.
    fn session(&mut self, target: &Target, until: Instant) -> Result<(Session, f64), Refused> {
        if let Some((mut session, ms)) = self.open.take() {
            session.until(until);
            return Ok((session, ms));
        }
        let begun = Instant::now();
        let session = Session::open(target, until)?;
        Ok((session, begun.elapsed().as_secs_f64() * 1000.0))
    }
}

/// The plan of pools, if one was given.
fn budget(args: &Args) -> Option<Bound> {
    let (instances, pool) = (args.instances?, args.pool?);
    Some(Bound { instances, pool, surge: args.surge, others: args.others })
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
    fn all(
        mut self,
        counters: &mut HashMap<String, (u64, Option<String>, Instant)>,
        queued: &mut queues::Before,
    ) -> Session {
        let view = self.args.view;
        let version = major(self.session.parameter("server_version").unwrap_or_default());
        let mut parts = vec![Part::About, Part::Databases];
        // Every view needs to know who is there; locks say whom the others wait for.
        parts.extend([Part::Activity, Part::Locks]);
        if view.shows(View::Replication) {
            parts.push(Part::Replication);
        }
        if view.shows(View::Jobs) {
            parts.push(Part::Cron);
        }
        let mut came = self.ask(&parts, version).into_iter();
        let mut came = || came.next().unwrap_or(Err(Why::Broken));
        let (about, databases, activity, locks) = (came(), came(), came(), came());
        let replication = if view.shows(View::Replication) { came() } else { Err(Why::NotAsked) };
        let cron = if view.shows(View::Jobs) { came() } else { Err(Why::NotAsked) };
        let now_us = about.as_ref().ok().and_then(|t| rows(t.first()?).next()?.number("now_us"));
        self.facts.server = about.map(|t| self.server(&t)).into();
        let numbers = databases.as_ref().map(|t| by_number(t)).unwrap_or_default();
        self.facts.databases = databases.map(|t| self.databases(&t, counters)).into();
        let mut sessions = activity.map(|t| t.first().map(activity::sessions).unwrap_or_default());
        let none = &mut [][..];
        let known = sessions.as_mut().map_or(none, |s| s.as_mut_slice());
        let prepared = locks.as_ref().map(|t| t.get(1).map(replication::prepared).unwrap_or_default());
        let mut prepared = prepared.map_err(|why| *why);
        let locks = locks.map(|t| self.locks(&t, known, numbers, now_us, version));
        let waiting = locks.as_ref().map_or(0, |l| l.forest.waiting);
        if let (Ok(locks), Ok(prepared)) = (&locks, &mut prepared) {
            replication::blocking(&locks.forest, prepared);
        }
        self.facts.locks = locks.into();
        let activity = sessions.map(|s| Activity::of(s, waiting, self.args.rows as usize));
        if let Ok(activity) = &activity {
            self.hidden(activity.hidden_clients());
        }
        self.facts.activity = activity.into();
        let server = self.facts.server.drawn();
        self.facts.replication =
            replication.and_then(|t| replication::replication(&t, prepared, server)).into();
        self.scheduled(cron, queued);
        self.session
    }

    /// Jobs and queues: what is asked for only when it is there.
    fn scheduled(&mut self, cron: Seen<Vec<Rows>>, queued: &mut queues::Before) {
        let cron = cron.and_then(|t| jobs::cron(&t));
        let args = self.args;
        let watched = if args.view.shows(View::Jobs) { args.queues.as_slice() } else { &[] };
        let mut asks = vec![];
        if let Ok(Cron::Ask { logged, .. }) = &cron {
            asks.push(Ask {
                name: "jobs of pg_cron and their runs",
                tables: 1,
                text: sql::jobs::jobs(*logged),
            });
        }
        for queue in watched {
            asks.push(Ask { name: "rows of a queue", tables: 1, text: queues::counts(queue) });
            asks.push(Ask { name: "oldest row of a queue", tables: 1, text: queues::oldest(queue) });
        }
        let mut came = if asks.is_empty() { vec![] } else { self.batch(&asks) }.into_iter();
        let mut came = || came.next().unwrap_or(Err(Why::Broken));
        self.facts.jobs = match cron {
            Err(why) => Err(why),
            Ok(Cron::Said(jobs)) => Ok(jobs),
            Ok(Cron::Denied(gap)) => {
                let what = "jobs of pg_cron";
                self.gaps.add(gap.why, what, &gap.detail);
                gap.remedy.into_iter().for_each(|line| self.gaps.remedy(gap.why, what, line));
                Err(gap.why)
            }
            Ok(Cron::Ask { jobs, .. }) => came().and_then(|t| jobs::jobs(jobs, &t)),
        }
        .into();
        if !watched.is_empty() {
            let all = watched.iter().map(|q| queues::queue(q, came(), came(), queued)).collect();
            self.facts.queues = Reading::seen(all);
        }
    }

    /// Says how many sessions hide what they do from our role, and what shows them.
    fn hidden(&mut self, sessions: u64) {
        let Some(role) = self.facts.server.drawn().filter(|_| sessions > 0).map(|s| s.user.clone()) else {
            return;
        };
        let what = "sessions of other roles: what they do, and where they come from";
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
        let asks: Vec<Ask> = parts.iter().map(|p| p.ask(version)).collect();
        self.batch(&asks)
    }

    /// The same of any statements.
    fn batch(&mut self, asks: &[Ask]) -> Vec<Seen<Vec<Rows>>> {
        let texts: String = asks.iter().map(|a| a.text.as_str()).collect();
        match self.session.run(&format!("{}{texts}COMMIT", sql::BEGIN)) {
            Ok(mut tables) if tables.len() == asks.iter().map(|a| a.tables).sum::<usize>() => {
                return asks.iter().map(|a| Ok(tables.drain(..a.tables).collect())).collect();
            }
            Ok(_) => {}
            // The transaction is aborted, and stays so until it is ended.
            Err(_) => drop(self.session.run("ROLLBACK")),
        }
        asks.iter().map(|a| self.alone(a.name, &a.text)).collect()
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
        // The worst by either age: none of those left out is worse than one that is kept.
        let age = |d: &Database| d.xid_age.max(d.mxid_age);
        all.arrange_by(|a, b| age(b).cmp(&age(a)).then_with(|| a.name.cmp(&b.name)));
        let total = all.len() as u64;
        all.truncate(self.args.rows as usize);
        Kept::worst(total, all)
    }
}
