//! The second opinion: what `ss` and `/proc` say, so that a failing case tells whether the fault
//! was not there or was there and not found.

use std::fs;

use super::host::Host;

/// One line of `ss -tan` with its extended information.
#[derive(Debug, Clone)]
pub struct SsRow {
    /// Recv-Q: bytes unread, or connections that wait for `accept`.
    pub recv_q: u64,
    /// Send-Q: bytes unacknowledged, or the backlog of a listener.
    pub send_q: u64,
    /// The whole line.
    pub line: String,
}

impl SsRow {
    /// A number of the extended information, such as `backoff:` or `lastsnd:`; none where `ss` leaves it out.
    pub fn number(&self, key: &str) -> Option<u64> {
        let (_, rest) = self.line.split_once(&format!(" {key}"))?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }
}

impl Host {
    /// All TCP sockets that a filter of `ss` selects, such as `state close-wait`.
    pub fn ss(&self, filter: &str) -> Vec<SsRow> {
        let mut line = vec!["ss", "-H", "-O", "-tanioem"];
        line.extend(filter.split_whitespace());
        self.tool(&line).lines().map(|line| row(line, filter)).collect()
    }

    /// How many there are, or the reason why that is not `count`.
    pub fn counts(&self, filter: &str, count: usize) -> Result<(), String> {
        let rows = self.ss(filter);
        if rows.len() == count {
            return Ok(());
        }
        let mut all = String::new();
        for row in self.ss("") {
            let start: Vec<&str> = row.line.split_whitespace().take(5).collect();
            all = all + "\n  " + &start.join(" ");
        }
        Err(format!("patient: {} sockets instead of {count} for `ss {filter}`; all:{all}", rows.len()))
    }

    /// The pid, as seen inside, of the oldest process that has a listener on `port`.
    pub fn listener(&self, port: u16) -> Result<u32, String> {
        let filter = format!("sport = :{port}");
        let text = self.tool(&["ss", "-H", "-O", "-tlnp", &filter]);
        let pids = text.split("pid=").skip(1).filter_map(|rest| rest.split(',').next()?.parse().ok());
        pids.min().ok_or_else(|| format!("nothing listens on port {port}"))
    }

    /// Open descriptors of a process, counted one by one.
    pub fn descriptors(&self, pid: u32) -> u64 {
        let path = self.path(&format!("/proc/{pid}/fd"));
        let list = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        list.count() as u64
    }

    /// A file of `/proc/PID`.
    pub fn proc(&self, pid: u32, file: &str) -> String {
        let path = self.path(&format!("/proc/{pid}/{file}"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A file of `/proc/PID`, byte for byte.
    pub fn proc_bytes(&self, pid: u32, file: &str) -> Vec<u8> {
        let path = self.path(&format!("/proc/{pid}/{file}"));
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A counter of `/proc/net/netstat` or `/proc/net/snmp` of this host's network namespace.
    pub fn counter(&self, table: &str, name: &str) -> u64 {
        ["netstat", "snmp"]
            .iter()
            .find_map(|file| {
                let text = self.proc(1, &format!("net/{file}"));
                let mut rows = text.lines().filter(|line| line.starts_with(&format!("{table}:")));
                let (names, values) = (rows.next()?, rows.next()?);
                let at = names.split_whitespace().position(|word| word == name)?;
                values.split_whitespace().nth(at)?.parse().ok()
            })
            .unwrap_or_else(|| panic!("no counter {table}: {name}"))
    }
}

fn row(line: &str, filter: &str) -> SsRow {
    let words: Vec<&str> = line.split_whitespace().collect();
    // With exactly one state in the filter `ss` leaves the column of states out.
    let at = usize::from(words[0].parse::<u64>().is_err());
    let number =
        |index: usize| words[index].parse().unwrap_or_else(|_| panic!("`ss {filter}` printed {line:?}"));
    SsRow { recv_q: number(at), send_q: number(at + 1), line: line.to_owned() }
}
