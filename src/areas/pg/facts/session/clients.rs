//! Clients counted by who they are and by what they run.

use super::{Group, Program, Session, Shape};
use crate::model::Arrange;
use std::collections::HashMap;

/// Groups and shapes that are counted; a server cannot have many more sessions than that.
const GROUPS: usize = 4096;

/// A group: application, role, database, address.
type Key = (String, String, String, Option<String>);

/// Active sessions of one shape.
#[derive(Clone, Default)]
struct Running {
    /// Ages of those that do not wait for a lock, seconds.
    ages: Vec<f64>,
    waiting: u64,
    oldest_s: f64,
    applications: HashMap<String, u64>,
}

impl Running {
    fn add(&mut self, s: &Session) {
        let age = s.query_s.unwrap_or(0.0);
        self.oldest_s = self.oldest_s.max(age);
        if s.wait_type.as_deref() == Some("Lock") {
            self.waiting += 1;
        } else {
            self.ages.push(age);
        }
        *self.applications.entry(s.application.clone()).or_default() += 1;
    }
    fn join(&mut self, other: &Running) {
        self.ages.extend(&other.ages);
        self.waiting += other.waiting;
        self.oldest_s = self.oldest_s.max(other.oldest_s);
        for (name, n) in &other.applications {
            *self.applications.entry(name.clone()).or_default() += n;
        }
    }
    fn shape(mut self, query: &str) -> Shape {
        self.ages.arrange_by(f64::total_cmp);
        let application =
            self.applications.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
        Shape {
            query: query.into(),
            sessions: self.ages.len() as u64 + self.waiting,
            oldest_s: self.oldest_s,
            median_s: self.ages.get(self.ages.len() / 2).copied().unwrap_or(0.0),
            waiting: self.waiting,
            application: application.map(|a| a.0).unwrap_or_default(),
        }
    }
}

/// Shapes that run, by text.
type Shapes = HashMap<String, Running>;

/// The one that most run; what waits for a lock is slow for another reason and does not count.
fn busiest(shapes: &Shapes) -> Option<Shape> {
    let most = |a: &(&String, &Running), b: &(&String, &Running)| {
        a.1.ages.len().cmp(&b.1.ages.len()).then_with(|| b.0.cmp(a.0))
    };
    let (query, running) = shapes.iter().max_by(most)?;
    // One session is no crowd: its statement is in the table of sessions.
    (running.ages.len() > 1).then(|| running.clone().shape(query))
}

/// The clients of one look.
#[derive(Default)]
pub(super) struct Clients {
    groups: HashMap<Key, (Group, Shapes)>,
}

impl Clients {
    /// Counts one more.
    pub(super) fn add(&mut self, s: &Session) {
        let key = (
            s.application.clone(),
            s.user.clone().unwrap_or_default(),
            s.database.clone().unwrap_or_default(),
            s.client.clone(),
        );
        if self.groups.len() >= GROUPS && !self.groups.contains_key(&key) {
            return;
        }
        let (g, shapes) =
            self.groups.entry(key).or_insert_with_key(|(application, user, database, client)| {
                let group = Group {
                    application: application.clone(),
                    user: user.clone(),
                    database: database.clone(),
                    client: client.clone(),
                    ..Group::default()
                };
                (group, Shapes::new())
            });
        let state = s.shown_state();
        g.sessions += 1;
        g.hidden += u64::from(s.hidden);
        g.active += u64::from(state == "active");
        g.idle += u64::from(state == "idle");
        g.in_transaction += u64::from(s.idle_in_transaction());
        if state == "active" && !s.query.is_empty() {
            shapes.entry(s.query.clone()).or_default().add(s);
        }
    }

    /// By program, those with most sessions first.
    pub(super) fn programs(&self) -> Vec<Program> {
        #[derive(Default)]
        struct Of<'a> {
            program: Program,
            addresses: HashMap<&'a Option<String>, u64>,
            shapes: Shapes,
        }
        let mut all: HashMap<(&str, &str), Of> = HashMap::new();
        for (g, shapes) in self.groups.values() {
            let of = all.entry((&g.application, &g.user)).or_default();
            let p = &mut of.program;
            p.application.clone_from(&g.application);
            p.user.clone_from(&g.user);
            p.sessions += g.sessions;
            p.active += g.active;
            p.idle += g.idle;
            p.in_transaction += g.in_transaction;
            p.hidden += g.hidden;
            // Of a hidden session the address is hidden too: none must not count as a socket.
            if g.sessions > g.hidden {
                *of.addresses.entry(&g.client).or_default() += g.sessions;
            }
            for (query, running) in shapes {
                of.shapes.entry(query.clone()).or_default().join(running);
            }
        }
        let finished = all.into_values().map(|of| {
            let mut sizes: Vec<u64> = of.addresses.into_values().collect();
            sizes.sort_unstable_by(|a, b| b.cmp(a));
            let at = |i: usize| sizes.get(i).copied().unwrap_or(0);
            Program {
                addresses: sizes.len() as u64,
                largest: at(0),
                second: at(1),
                busiest: busiest(&of.shapes),
                ..of.program
            }
        });
        let mut out: Vec<Program> = finished.collect();
        out.arrange_by(|a, b| b.sessions.cmp(&a.sessions).then_with(|| a.name().cmp(b.name())));
        out
    }

    /// By program and machine, and by statement whoever runs it; those with most sessions first.
    pub(super) fn groups_and_shapes(self) -> (Vec<Group>, Vec<Shape>) {
        let mut whole = Shapes::new();
        let mut groups = Vec::with_capacity(self.groups.len());
        for (group, shapes) in self.groups.into_values() {
            for (query, running) in &shapes {
                if whole.len() < GROUPS || whole.contains_key(query) {
                    whole.entry(query.clone()).or_default().join(running);
                }
            }
            groups.push(Group { busiest: busiest(&shapes), ..group });
        }
        let mut shapes: Vec<Shape> =
            whole.into_iter().map(|(query, running)| running.shape(&query)).collect();
        shapes.arrange_by(|a, b| {
            b.sessions
                .cmp(&a.sessions)
                .then(b.oldest_s.total_cmp(&a.oldest_s))
                .then_with(|| a.query.cmp(&b.query))
        });
        groups.arrange_by(|a, b| {
            b.sessions
                .cmp(&a.sessions)
                .then_with(|| a.application.cmp(&b.application))
                .then_with(|| a.client.cmp(&b.client))
        });
        (groups, shapes)
    }
}
