//! PgBouncer on a host of the lab, in front of a server of the case.

use super::case::Case;
use super::patient::{Patient, Program};
use super::run::soon;

/// Where it listens.
const PORT: u16 = 6432;
const INI: &str = "/run/lab/work/pgbouncer.ini";
const USERS: &str = "/run/lab/work/users.txt";

/// A pooler that runs on the host of a case.
pub struct PgBouncer<'a> {
    case: &'a Case,
}

impl Case {
    /// A pooler with these lines of `[databases]` and these of `[pgbouncer]` beside the usual. `look` may look; everybody is let
    /// in by name, and has `wrong` for a password towards the server.
    pub fn pgbouncer(&self, databases: &[&str], settings: &[&str]) -> PgBouncer<'_> {
        let usual = format!(
            "listen_addr = 127.0.0.1\nlisten_port = {PORT}\nauth_type = trust\nauth_file = {USERS}\nunix_socket_dir =\n\
             stats_users = look\npool_mode = transaction\nuser = nobody\n"
        );
        let ini =
            format!("[databases]\n{}\n[pgbouncer]\n{usual}{}\n", databases.join("\n"), settings.join("\n"));
        self.write(INI, &ini);
        self.write(USERS, "\"app\" \"wrong\"\n\"locked\" \"wrong\"\n\"look\" \"\"\n");
        self.start(Program::line("pgbouncer", &["/usr/sbin/pgbouncer", "-q", INI]).listens(PORT));
        PgBouncer { case: self }
    }
}

impl PgBouncer<'_> {
    /// The target of whoever may look.
    pub fn url(&self) -> String {
        self.url_of("look")
    }

    /// The target of a user.
    pub fn url_of(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{PORT}?sslmode=disable")
    }

    /// A client of a database behind it, called `name`, that runs this and stays; with nothing to run it waits for orders.
    pub fn client(&self, name: &str, user: &str, database: &str, sql: &str) -> Patient {
        let psql = super::postgres::programs().join("psql").display().to_string();
        let target =
            format!("host=127.0.0.1 port={PORT} user={user} dbname={database} application_name={name}");
        let line = [&psql[..], "-XAtq", "-d", &target];
        let line = if sql.is_empty() { line.to_vec() } else { [&line[..], &["-c", sql]].concat() };
        self.case.start(Program::line("psql", &line).sleeps())
    }

    /// A client that comes again and again, however often it is sent away.
    pub fn client_that_returns(&self, user: &str, database: &str) -> Patient {
        let psql = super::postgres::programs().join("psql").display().to_string();
        let script = "while :; do \"$0\" -XAtq -d \"$1\" -c 'select 1' > /dev/null 2>&1; sleep 0.05; done";
        let target = format!("host=127.0.0.1 port={PORT} user={user} dbname={database}");
        self.case.start(Program::line("sh", &["/bin/sh", "-c", script, &psql, &target]).sleeps())
    }

    /// So many clients at work, so many short transactions a second in all.
    pub fn work(&self, user: &str, database: &str, clients: u32, per_s: u32) -> Patient {
        let pgbench = super::postgres::programs().join("pgbench").display().to_string();
        self.case.write("/run/lab/work/short.sql", "select 1;\n");
        let (clients, per_s, port) = (clients.to_string(), per_s.to_string(), PORT.to_string());
        let line =
            [&pgbench[..], "-n", "-f", "/run/lab/work/short.sql", "-T", "600", "-c", &clients, "-R", &per_s];
        let line = [&line[..], &["-h", "127.0.0.1", "-p", &port, "-U", user, database]].concat();
        self.case.start(Program::line("pgbench", &line).sleeps())
    }

    /// A column of the row that `SHOW POOLS` has for a pool.
    pub fn pool(&self, database: &str, user: &str, column: &str) -> Option<u64> {
        let psql = super::postgres::programs().join("psql").display().to_string();
        let target = format!("host=127.0.0.1 port={PORT} user=look dbname=pgbouncer");
        let text = self.case.tool(&[&psql, "-XA", "-P", "footer=off", "-d", &target, "-c", "SHOW POOLS"]);
        let mut lines = text.lines().map(|l| l.split('|').collect::<Vec<_>>());
        let at = lines.next()?.iter().position(|c| *c == column)?;
        lines.find(|l| l.starts_with(&[database, user]))?.get(at)?.parse().ok()
    }

    /// Waits until that column is at least so much.
    pub fn until(&self, database: &str, user: &str, column: &str, least: u64) {
        soon(|| match self.pool(database, user, column) {
            Some(n) if n >= least => Ok(()),
            other => Err(format!("patient: {column} of {database}/{user} is {other:?}, not {least}")),
        });
    }
}
