//! Postgres on a host of the lab: a cluster of Debian's packages, started inside and gone with the case.

use std::ops::Deref;

use serde_json::Value;

use super::case::Case;
use super::host::Host;
use super::patient::{Patient, Program};
use super::report::{Finding, Report};
use super::run::soon;

#[path = "../../postgres/mod.rs"]
mod cluster;

pub use cluster::{Cluster, programs};

/// Everybody is let in as whom he says he is, from wherever he comes.
const HBA: &str = "local all all trust\nhost all all 0.0.0.0/0 trust\nlocal replication all trust\n";
/// Addresses of the host beside loopback: a client that dials one of them comes from there.
const ADDRESSES: [&str; 5] = ["10.9.0.1", "10.9.0.2", "10.9.0.3", "10.9.0.4", "10.9.0.5"];

/// A server that runs on a host.
pub struct Postgres<'a> {
    host: &'a Host,
    cluster: Cluster,
    server: Patient,
}

impl Case {
    /// A server on the usual port, with these settings beside those of the small cluster.
    pub fn postgres(&self, settings: &[(&str, &str)]) -> Postgres<'_> {
        self.served_by(Cluster::new(5432), settings)
    }

    /// The same of another major.
    pub fn postgres_of_major(&self, major: u32, settings: &[(&str, &str)]) -> Postgres<'_> {
        self.served_by(Cluster::of_major(major, 5432), settings)
    }

    fn served_by(&self, cluster: Cluster, settings: &[(&str, &str)]) -> Postgres<'_> {
        for address in ADDRESSES {
            self.tool(&["ip", "address", "add", &format!("{address}/32"), "dev", "lo"]);
        }
        let cluster = cluster.set("listen_addresses", "*").hba(HBA);
        let cluster = settings.iter().fold(cluster, |c, (key, value)| c.set(key, value));
        started(self, cluster)
    }
}

/// Starts it on this host, and waits until it takes sessions.
fn started(host: &Host, cluster: Cluster) -> Postgres<'_> {
    let argv = cluster.argv();
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let program = Program::line("postgres", &argv);
    let program = match cluster::account() {
        Some((uid, _)) => program.uid(uid),
        None => program,
    };
    let server = host.start(program.listens(cluster.port));
    soon(|| if cluster.is_ready() { Ok(()) } else { Err("patient: the server is not ready".into()) });
    Postgres { host, cluster, server }
}

impl<'a> Postgres<'a> {
    /// A standby of this server on another port of the same host, made by `pg_basebackup`, that receives from it.
    pub fn standby(&self, port: u16, name: &str) -> Postgres<'a> {
        let standby = Cluster::new(port).set("cluster_name", name);
        let (program, data) = (cluster::programs().join("pg_basebackup"), standby.data());
        std::fs::remove_dir_all(&data).expect("the data of the template can be removed");
        let mut line: Vec<String> = vec![];
        if let Some((uid, gid)) = cluster::account() {
            line.push("setpriv".into());
            line.extend([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".into()]);
        }
        line.extend([program.display().to_string(), "-D".into(), data.display().to_string()]);
        let from = format!("host={} port={} user=postgres", self.socket().display(), self.port);
        line.extend([
            "-d".into(),
            from,
            "-R".into(),
            "-X".into(),
            "stream".into(),
            "-c".into(),
            "fast".into(),
        ]);
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        self.host.tool(&line);
        let standby = started(self.host, standby);
        // It replays what came with the copy before it takes sessions.
        soon(|| {
            let state = std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            let takes = state.lines().nth(7).is_some_and(|l| l.trim() == "ready");
            if takes { Ok(()) } else { Err("patient: the standby takes no sessions".into()) }
        });
        standby
    }

    /// What statements say to the superuser, rows by line and values by `|`.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let psql = cluster::programs().join("psql").display().to_string();
        let socket = self.cluster.socket().display().to_string();
        let port = self.cluster.port.to_string();
        let to = ["-h", &socket, "-p", &port, "-U", "postgres", "-d", database];
        let line = [&[psql.as_str(), "-XAtq", "-v", "ON_ERROR_STOP=1"], &to[..]].concat();
        // On its stdin each statement is a transaction of its own, as some have to be.
        self.host.tool_fed(&line, statements).trim_end().into()
    }

    /// Waits until so many client sessions are of this sort, as a condition on `pg_stat_activity`.
    pub fn until(&self, count: u64, condition: &str) {
        let sql = format!(
            "select count(*) from pg_stat_activity where backend_type = 'client backend' and {condition}"
        );
        soon(|| match self.sql("postgres", &sql) {
            now if now == count.to_string() => Ok(()),
            now => Err(format!("patient: {now} instead of {count} sessions with {condition}")),
        });
    }

    /// A real pool of clients: `web/12` from one of the addresses; see `patients/pg_clients.py`.
    pub fn clients(&self, user: &str, database: &str, pools: &[&str]) -> Patient {
        self.host.start(Program::python("pg_clients.py").args([user, database]).args(pools))
    }

    /// A URL for a user and a database.
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgresql://{user}@127.0.0.1:{}/{database}", self.cluster.port)
    }
}

impl Deref for Postgres<'_> {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

impl Drop for Postgres<'_> {
    fn drop(&mut self) {
        // It must be gone before its folder, else it writes there while that is removed. It takes its sessions with it.
        let pid = self.server.pid().to_string();
        let _ = self.host.inside("kill").args(["-QUIT", &pid]).output();
        let gone = self.host.path(&format!("/proc/{pid}"));
        let _ = std::panic::catch_unwind(|| {
            soon(|| if gone.exists() { Err("the server is still there".into()) } else { Ok(()) });
        });
    }
}

impl Report {
    /// The gap of this reason whose subject has these words.
    pub fn gap(&self, why: &str, words: &str) -> &Value {
        let is = |g: &&&Value| g["why"] == why && g["subject"].as_str().is_some_and(|s| s.contains(words));
        let gaps = self.gaps();
        gaps.iter().find(is).copied().unwrap_or_else(|| panic!("no gap {why} {words} in:\n{self}"))
    }
}

impl Finding<'_> {
    /// It blames this session of the server.
    pub fn must_blame_session(self, pid: &str) -> Self {
        let subject = self.subject();
        let right = subject["kind"] == "session" && subject["pid"].as_u64() == pid.parse().ok();
        assert!(right, "{} should blame session {pid}: {subject}", self.code());
        self
    }

    /// It blames what the server knows by this name.
    pub fn must_blame_named(self, what: &str, name: &str) -> Self {
        let subject = self.subject();
        let right = subject["kind"] == "named" && subject["what"] == what && subject["name"] == name;
        assert!(right, "{} should blame the {what} {name}: {subject}", self.code());
        self
    }
}
