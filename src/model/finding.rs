//! What a check found, and what it is about.

use super::{Cell, Stamp, Untrusted};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad it is. Ordered: a notice is the mildest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A risky setting on a machine that is well.
    Notice,
    /// It will hurt, at the measured rate.
    Warning,
    /// It hurts now.
    Critical,
}

/// How sure the finding is. Low confidence never goes above `warning`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A guess from outside.
    Low,
    /// Likely; another cause is possible.
    Medium,
    /// The kernel said so.
    High,
}

/// A process. Two are the same when pid and start agree; the rest is for display.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Process {
    /// Process id, as seen from where paramedic runs.
    pub pid: i32,
    /// Start in clock ticks since boot: with the pid, the identity of a process.
    pub start_ticks: u64,
    /// Start in wall time, when the boot time is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Stamp>,
    /// The kernel's name of it (`comm`), at most 15 bytes.
    pub name: Untrusted,
    /// Owner: the name of the uid from the patient's passwd file, else the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}
impl PartialEq for Process {
    fn eq(&self, o: &Self) -> bool {
        (self.pid, self.start_ticks) == (o.pid, o.start_ticks)
    }
}
impl Eq for Process {}
impl std::hash::Hash for Process {
    fn hash<H: std::hash::Hasher>(&self, h: &mut H) {
        (self.pid, self.start_ticks).hash(h);
    }
}
impl Process {
    /// `node (pid 41)`, as titles name a process.
    pub fn label(&self) -> String {
        format!("{} (pid {})", self.name, self.pid)
    }
}

/// What a finding is about. Identity, not text: a link between findings needs one of these in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Thing {
    /// A process of the patient.
    Process(Process),
    /// A user of the machine, by number.
    User {
        /// Numeric user id.
        uid: u32,
    },
    /// A control group.
    Cgroup {
        /// Path below the cgroup root, as `/proc/PID/cgroup` has it.
        path: Untrusted,
    },
    /// A mounted file system.
    Mount {
        /// Where it is mounted, as the patient sees it.
        path: Untrusted,
    },
    /// A listening address.
    Listener {
        /// `address:port`.
        address: String,
    },
    /// The other end of connections.
    Peer {
        /// `address:port`.
        address: String,
    },
    /// The machine, pod or network namespace looked at.
    Host,
    /// A session of a database server.
    Session {
        /// The server, `address:port` or socket.
        server: String,
        /// Its process on the server.
        pid: i32,
        /// Start, microseconds since 1970 by the server's clock: with the pid, the identity of a session.
        started_us: i64,
    },
    /// Something that a database server, a pooler or a cluster knows by name.
    Named {
        /// What it is.
        what: What,
        /// The server, `address:port` or socket; of a cluster the context or the file; of a member its namespace.
        server: String,
        /// Its name there; of a table with database and schema.
        name: String,
    },
}

/// Things that are known by name: to database servers, poolers and clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A database.
    Database,
    /// A table, index or other relation.
    Relation,
    /// An application by its name, or where that is empty a user or an address.
    Client,
    /// A transaction that was prepared and not ended.
    Prepared,
    /// A replication slot.
    Slot,
    /// A standby.
    Standby,
    /// A job of a scheduler.
    Job,
    /// A pool: database and user.
    Pool,
    /// A statement by its shape.
    Statement,
    /// A member of a set that is compared: a pod, a host, a snapshot.
    Member,
    /// A workload of a cluster: `deployment/web`, with its namespace.
    Workload,
    /// A pod, with its namespace.
    Pod,
}

/// What one check found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The check's code, stamped by `Judging`.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence that names the culprit.
    pub title: String,
    /// The culprit.
    pub subject: Thing,
    /// What else is tied to it: its peer, its listener, its cgroup.
    pub about: Vec<Thing>,
    /// The measured figures, in the order in which they are shown; units are in the key.
    pub evidence: Vec<(&'static str, Cell)>,
    /// The reasoning from the evidence to the title, a sentence each.
    pub because: Vec<String>,
    /// When it began, where that can be told.
    pub since: Option<Stamp>,
    /// How to mend it.
    pub remedy: String,
    /// Commands that only read and show more.
    pub next: Vec<String>,
    /// Among findings of one severity and confidence the heavier stands first; what weighs is the area's affair.
    pub weight: f64,
}

impl Finding {
    /// A finding with the least there must be; the rest by the methods below.
    pub fn new(severity: Severity, confidence: Confidence, subject: Thing, title: impl Into<String>) -> Self {
        Self {
            code: "",
            severity,
            confidence,
            title: title.into(),
            subject,
            about: vec![],
            evidence: vec![],
            because: vec![],
            since: None,
            remedy: String::new(),
            next: vec![],
            weight: 0.0,
        }
    }
    /// Ties one more thing to it.
    pub fn about(mut self, thing: Thing) -> Self {
        self.about.push(thing);
        self
    }
    /// One measured figure; the key ends in its unit.
    pub fn evidence(mut self, key: &'static str, value: impl Into<Cell>) -> Self {
        self.evidence.push((key, value.into()));
        self
    }
    /// One step of the reasoning.
    pub fn because(mut self, sentence: impl Into<String>) -> Self {
        self.because.push(sentence.into());
        self
    }
    /// When it began.
    pub fn since(mut self, at: Option<Stamp>) -> Self {
        self.since = at;
        self
    }
    /// How to mend it.
    pub fn remedy(mut self, text: impl Into<String>) -> Self {
        self.remedy = text.into();
        self
    }
    /// What it weighs among its like; what is no number weighs nothing.
    pub fn weight(mut self, weight: f64) -> Self {
        self.weight = if weight.is_finite() { weight } else { 0.0 };
        self
    }
    /// A command that shows more; written without the program's name in front.
    pub fn next(mut self, args: impl Into<String>) -> Self {
        self.next.push(args.into());
        self
    }
}

/// Spans as people say them: `8s`, `4m`, `9h12m`, `3d4h`.
pub mod rates {
    /// `seconds` in at most two units.
    pub fn span(seconds: f64) -> String {
        let s = seconds.max(0.0).round() as u64;
        match s {
            _ if seconds > 0.0 && seconds < 9.95 && seconds.fract() != 0.0 => format!("{seconds:.1}s"),
            0..60 => format!("{s}s"),
            60..600 if !s.is_multiple_of(60) => format!("{}m{:02}s", s / 60, s % 60),
            60..3600 => format!("{}m", s / 60),
            3600..86400 => format!("{}h{:02}m", s / 3600, s % 3600 / 60),
            _ => format!("{}d{}h", s / 86400, s % 86400 / 3600),
        }
    }
    /// A whole number with thousands marked: `2,611`.
    pub fn count(n: u64) -> String {
        let digits = n.to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3);
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(',');
            }
            out.push(c);
        }
        out
    }
    /// Bytes with a binary unit: `1.5 MiB`.
    pub fn bytes(n: u64) -> String {
        const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
        let (mut x, mut unit) = (n as f64, 0);
        while x >= 1024.0 && unit + 1 < UNITS.len() {
            x /= 1024.0;
            unit += 1;
        }
        if unit == 0 { format!("{n} B") } else { format!("{x:.1} {}", UNITS[unit]) }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn spans_and_counts_read_as_people_say_them() {
            assert_eq!(
                [0.0, 0.3, 8.0, 75.0, 600.0, 33_120.0, 273_600.0].map(span),
                ["0s", "0.3s", "8s", "1m15s", "10m", "9h12m", "3d4h"]
            );
            assert_eq!([0, 999, 1000, 2_611, 190_000].map(count), ["0", "999", "1,000", "2,611", "190,000"]);
            assert_eq!([0, 1023, 1536, 5 << 30].map(bytes), ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]);
        }
    }
}
