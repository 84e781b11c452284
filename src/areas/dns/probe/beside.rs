//! Other resolvers asked for the same names, each on a thread of its own: hickory-resolver as a Rust service has it, `getent`
//! where there is one, and the application's runtime when somebody wants it.

use super::{
    super::{
        args::{self, Args},
        facts::{
            beside::{Beside, Looked, Saw},
            wire::rcode,
        },
    },
    settings::{Patient, Read},
};
use crate::{
    model::{Gaps, Seen, Why},
    source::{
        World, budget,
        dns::{
            self,
            others::{self, Hickory, Runtime, Said, Surroundings, Tool},
        },
    },
};
use std::{
    sync::mpsc::Receiver,
    thread,
    time::{Duration, Instant},
};

const HICKORY: &str = "hickory-resolver (Rust services)";
const GETENT: &str = "getent ahosts (with its start)";
const NODE: &str = "node dns.lookup";
const PYTHON: &str = "python3 socket.getaddrinfo";
/// Our own first questions are cold ones: others wait for them so long.
const AFTER: Duration = Duration::from_millis(300);

/// What they said.
#[derive(Default)]
pub(super) struct Asked {
    /// Name by name.
    pub rows: Vec<Beside>,
    /// Why there is no answer, and to what.
    pub unheard: Vec<(Why, String)>,
}

/// Whom there is to ask, and how.
#[derive(Default)]
pub(super) struct Others {
    around: Surroundings,
    environment: Vec<(&'static str, String)>,
    tools: Vec<(&'static str, Tool)>,
}

impl Others {
    /// Whom this run can ask; what it cannot is a gap.
    pub fn of(world: &World, patient: &Patient, read: &Read, args: &Args, gaps: &mut Gaps) -> Self {
        let around = Surroundings {
            resolv_conf: read.resolv_conf.clone(),
            hosts: read.hosts.clone(),
            hostname: read.around.hostname.clone(),
            servers: args.server.clone(),
            port: args.port,
        };
        let mut environment = Vec::new();
        for (key, value) in
            [("RES_OPTIONS", &read.around.res_options), ("LOCALDOMAIN", &read.around.localdomain)]
        {
            environment.extend(value.clone().map(|v| (key, v)));
        }
        let mut out = Self { around, environment, tools: vec![] };
        // Programs know no other servers than those of their settings.
        if args.server.is_empty() && args.port == dns::PORT {
            out.tools = tools(world, patient, args, gaps);
        }
        out
    }

    /// All of it, once our own first questions are through.
    pub fn ask(&self, names: &[String], own: &Receiver<()>, until: Instant) -> Asked {
        let _ = own.recv_timeout(AFTER);
        dns::at_normal_priority();
        let mut asked: Vec<(&str, Vec<Seen<others::Looked>>)> = thread::scope(|scope| {
            let hickory = scope.spawn(|| self.hickory(names, until));
            let tools = self.tools.iter();
            let tools: Vec<_> = tools.map(|t| (t.0, scope.spawn(|| self.tool(&t.1, names, until)))).collect();
            // A bug in any of them costs its own rows.
            let bug = |_| vec![Err(Why::Broken); names.len()];
            let all = std::iter::once((HICKORY, hickory)).chain(tools);
            all.map(|(label, thread)| (label, thread.join().unwrap_or_else(bug))).collect()
        });
        let mut out = Asked::default();
        for name in names {
            for (label, seen) in &mut asked {
                // In the order of the names.
                let looked = if seen.is_empty() { Err(Why::Broken) } else { seen.remove(0) };
                if let Err(why) = looked {
                    out.unheard.push((why, format!("{label}: {name}")));
                }
                let looked = looked.map(told).into();
                out.rows.push(Beside { name: name.clone(), resolver: (*label).into(), looked });
            }
        }
        out
    }

    fn hickory(&self, names: &[String], until: Instant) -> Vec<Seen<others::Looked>> {
        match Hickory::new(&self.around) {
            Ok(hickory) => {
                let out = names.iter().map(|name| hickory.look_up(name, until)).collect();
                hickory.end();
                out
            }
            Err(why) => vec![Err(why); names.len()],
        }
    }

    fn tool(&self, tool: &Tool, names: &[String], until: Instant) -> Vec<Seen<others::Looked>> {
        let environment: Vec<(&str, &str)> = self.environment.iter().map(|(k, v)| (*k, v.as_str())).collect();
        names.iter().map(|name| tool.look_up(name, &environment, until)).collect()
    }
}

fn tools(world: &World, patient: &Patient, args: &Args, gaps: &mut Gaps) -> Vec<(&'static str, Tool)> {
    let mut wanted = vec![(GETENT, Tool::getent())];
    for which in &args.runtime {
        wanted.push(match which {
            args::Runtime::Node => (NODE, Tool::runtime(Runtime::Node)),
            args::Runtime::Python3 => (PYTHON, Tool::runtime(Runtime::Python)),
        });
    }
    let left = budget(world);
    let mut out = Vec::new();
    for (label, tool) in wanted {
        let Some(tool) = tool else {
            if label != GETENT {
                gaps.add(Why::Absent, label, "no such program on the PATH");
            }
            continue;
        };
        if !patient.is_of_our_root(world) {
            // Its program in our root would be somebody else's, and its root holds code that we do not run.
            gaps.add(
                Why::Unsupported,
                "what programs of the patient see",
                format!("{label}: it has a root of its own"),
            );
        } else if left < tool.memory() {
            gaps.add(Why::TooMany, label, "too little memory is left to start another program");
        } else {
            out.push((label, tool));
        }
    }
    out
}

fn told(looked: others::Looked) -> Looked {
    let saw = match looked.said {
        Said::Addresses(all) => Saw::Addresses(all.iter().map(ToString::to_string).collect()),
        Said::NoSuchName => Saw::NoSuchName,
        Said::NoAddress => Saw::NoAddress,
        Said::NoAnswer => Saw::NoAnswer,
        Said::Nothing => Saw::Nothing,
        Said::Code(code) => Saw::Error(rcode(u8::try_from(code).unwrap_or(u8::MAX))),
        Said::Error(text) => Saw::Error(text),
    };
    Looked { saw, ms: looked.took.as_secs_f64() * 1000.0 }
}
