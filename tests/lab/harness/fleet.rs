//! Containers of one kind, each on a host of its own, and `compare` over them.

use std::process::Command;
use std::time::Duration;

use super::case::Case;
use super::host::{Host, PATH, binary};
use super::patient::{Patient, Program};
use super::report::Report;
use super::run;

/// What is compared of each beside what is always compared.
const FILE: &str = "/run/lab/work/settings";
const TOOL: &str = "/run/lab/work/tool";
/// When a run has not ended by then it hangs.
const DEADLINE: Duration = Duration::from_secs(70);

/// Some containers. The first is that of the case; when it is dropped all of them die.
pub struct Fleet {
    containers: Vec<Patient>,
    // Declared last: what was started on a host ends before it.
    others: Vec<Host>,
    case: Case,
}

impl Fleet {
    /// As many as there are programs, each the first process of its container.
    pub fn new(programs: Vec<Program>) -> Self {
        let case = Case::new("box-0");
        let others: Vec<Host> = (1..programs.len()).map(|n| Host::new(&format!("box-{n}"))).collect();
        let mut fleet = Self { containers: vec![], others, case };
        for (n, program) in programs.into_iter().enumerate() {
            let host = fleet.host(n);
            host.write(FILE, "colour = blue\n");
            host.write(TOOL, "#!/bin/sh\necho tool 1.2.3\n");
            host.tool(&["chmod", "755", TOOL]);
            let container = host.start(program.first_of_its_namespace());
            fleet.containers.push(container);
        }
        fleet
    }

    /// The host of one of them.
    pub fn host(&self, n: usize) -> &Host {
        match n {
            0 => &self.case,
            _ => &self.others[n - 1],
        }
    }

    /// What one of them is called by `compare`.
    pub fn name(&self, n: usize) -> String {
        self.containers[n].outside().to_string()
    }

    /// Holds all of them against each other, entered as `docker exec` would.
    pub fn compare(&self) -> Report {
        let enter = "nsenter --target {} --pid --mount --net --uts --ipc --wd=/ --";
        let names: Vec<String> = (0..self.containers.len()).map(|n| self.name(n)).collect();
        let (file, tool) = (format!("--file={FILE}"), format!("--exec-version={TOOL}"));
        let mut args = vec!["compare", "--exec", enter, "--binary", "/run/lab/paramedic", "--timeout", "50s"];
        args.extend([file.as_str(), tool.as_str(), "--json"]);
        args.extend(names.iter().map(String::as_str));
        let mut command = Command::new(binary());
        command.args(&args).env_clear().env("PATH", PATH);
        Report::read(&args, run::to_end(command, "", DEADLINE))
    }
}
