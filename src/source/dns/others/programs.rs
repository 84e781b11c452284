//! `getent` and the application's own runtime, each a program that asks the C library it was linked with.

use super::{Looked, Said, addresses, error};
use crate::{
    model::{Seen, Why},
    source::program::{self, Ended},
};
use std::{
    env,
    net::IpAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// `getent` is part of the C library's package and in one of these, whatever `PATH` says.
const GETENT: [&str; 2] = ["/usr/bin/getent", "/bin/getent"];
/// What any of them may print.
const OUTPUT: usize = 64 << 10;
/// `ahosts` without a flag would leave a family out that no interface has an address of.
const AHOSTS: [&str; 2] = ["--no-addrconfig", "ahosts"];
/// "One or more supplied key could not be found": no such name and no answer alike.
const NOT_FOUND: i32 = 2;

/// The name comes as an argument: it is never part of the code. `dns.lookup` is what every client of Node.js uses.
const NODE: &str = "const t = process.hrtime.bigint();
require('node:dns').lookup(process.argv[1], { all: true }, (error, found) => {
  const ms = Number(process.hrtime.bigint() - t) / 1e6;
  console.log(JSON.stringify({ ms, error: error?.code, addresses: found?.map((f) => f.address) }));
});";
const PYTHON: &str = "import json, socket, sys, time
error, found, began = None, [], time.monotonic()
try:
    found = [f[4][0] for f in socket.getaddrinfo(sys.argv[1], None, type=socket.SOCK_STREAM)]
except socket.gaierror as e:
    names = [n for n in dir(socket) if n.startswith('EAI_') and getattr(socket, n) == e.errno]
    error = (names or [str(e.errno)])[0]
print(json.dumps({'ms': (time.monotonic() - began) * 1000, 'error': error, 'addresses': found}))";

/// A runtime that applications are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// Node.js.
    Node,
    /// CPython.
    Python,
}

/// A program that looks names up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    program: PathBuf,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Getent,
    Runtime(Runtime),
}

impl Tool {
    /// `getent` of this root; `None` when there is none.
    pub fn getent() -> Option<Self> {
        let program = GETENT.iter().map(PathBuf::from).find(|p| p.is_file())?;
        Some(Self { program, what: What::Getent })
    }

    /// The runtime that `PATH` leads to; `None` when there is none.
    pub fn runtime(which: Runtime) -> Option<Self> {
        let name = match which {
            Runtime::Node => "node",
            Runtime::Python => "python3",
        };
        let path = env::var_os("PATH")?;
        let program = env::split_paths(&path)
            .filter(|d| d.is_absolute())
            .map(|d| d.join(name))
            .find(|p| p.is_file())?;
        Some(Self { program, what: What::Runtime(which) })
    }

    /// Where it is.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// What it takes at most, bytes: whoever has less left does not start it. Measured: 2, 46 and 10 MiB.
    pub fn memory(&self) -> u64 {
        match self.what {
            What::Getent => 2 << 20,
            What::Runtime(Runtime::Node) => 40 << 20,
            What::Runtime(Runtime::Python) => 12 << 20,
        }
    }

    /// One lookup. `environment` is what the C library reads of the patient's: `RES_OPTIONS`, `LOCALDOMAIN`.
    ///
    /// # Errors
    /// `TimedOut`: it had not ended by then and was killed. `Malformed`: it said nothing that we understand. Else why it
    /// could not be started.
    pub fn look_up(&self, name: &str, environment: &[(&str, &str)], until: Instant) -> Seen<Looked> {
        // A wrapper looks for the real one by these two.
        let own: Vec<(&str, String)> =
            ["PATH", "HOME"].iter().filter_map(|key| Some((*key, env::var(key).ok()?))).collect();
        let all: Vec<(&str, &str)> = own
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
            .chain(environment.iter().copied())
            .collect();
        let args = match self.what {
            What::Getent => [&AHOSTS[..], &["--", name]].concat(),
            What::Runtime(Runtime::Node) => vec!["-e", NODE, "--", name],
            What::Runtime(Runtime::Python) => vec!["-I", "-c", PYTHON, name],
        };
        let ended = program::run(&self.program, &args, &all, OUTPUT, until).map_err(|e| Why::from(&e))?;
        match self.what {
            What::Getent => getent(&ended),
            What::Runtime(_) => runtime(&ended),
        }
    }
}

/// `10.0.0.7        STREAM db.test`
fn getent(ended: &Ended) -> Seen<Looked> {
    let text = String::from_utf8_lossy(&ended.stdout);
    let said = match ended.code {
        Some(0) => addresses(text.lines().filter_map(|l| address(l.split_whitespace().next()?))),
        Some(NOT_FOUND) => Said::Nothing,
        // Another C library's, which knows no such flag; or a signal.
        _ => return Err(Why::Unsupported),
    };
    Ok(Looked { said, took: ended.took })
}

/// One line of JSON, whose time is that of the lookup without the start of the program.
fn runtime(ended: &Ended) -> Seen<Looked> {
    #[derive(serde::Deserialize)]
    struct Line {
        ms: f64,
        error: Option<String>,
        #[serde(default)]
        addresses: Option<Vec<String>>,
    }
    let line: Line = serde_json::from_slice(&ended.stdout).map_err(|_| Why::Malformed)?;
    let took = Duration::try_from_secs_f64(line.ms / 1000.0).map_err(|_| Why::Malformed)?;
    let said = match line.error {
        Some(e) => error(&e),
        None => addresses(line.addresses.unwrap_or_default().iter().filter_map(|a| address(a))),
    };
    Ok(Looked { said, took })
}

/// Without the interface of a link-local one.
fn address(text: &str) -> Option<IpAddr> {
    text.split('%').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: i32, stdout: &str) -> Ended {
        Ended { code: Some(code), stdout: stdout.into(), took: Duration::from_millis(7) }
    }

    #[test]
    fn getent_names_each_address_once_for_each_sort_of_socket() {
        let text = "10.0.0.7        STREAM db.test\n10.0.0.7        DGRAM  \nfe80::1%lo      STREAM \n";
        let looked = getent(&ended(0, text)).unwrap();
        let wanted: Vec<IpAddr> = ["10.0.0.7", "fe80::1"].map(|a| a.parse().unwrap()).to_vec();
        assert_eq!((looked.said, looked.took.as_millis()), (Said::Addresses(wanted), 7));
        assert_eq!(getent(&ended(2, "")).unwrap().said, Said::Nothing);
        assert_eq!(getent(&ended(1, "usage")), Err(Why::Unsupported));
        assert_eq!(getent(&Ended { code: None, ..ended(0, "") }), Err(Why::Unsupported));
    }

    #[test]
    fn runtimes_say_how_long_the_lookup_itself_took() {
        let found = runtime(&ended(0, "{\"ms\":1.5,\"addresses\":[\"10.0.0.7\"]}\n")).unwrap();
        assert_eq!(found.took, Duration::from_micros(1500));
        let none = runtime(&ended(0, "{\"ms\":2,\"error\":\"ENOTFOUND\"}")).unwrap();
        assert_eq!(none.said, Said::Error("ENOTFOUND".into()));
        for bad in ["", "{}", "[]", "{\"ms\":-1}", "{\"ms\":1e300}"] {
            assert_eq!(runtime(&ended(0, bad)), Err(Why::Malformed), "{bad}");
        }
    }
}
