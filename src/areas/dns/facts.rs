//! What was seen of name resolution: plain data, bounded, and all that checks and tables get.

pub mod beside;
pub mod conf;
pub mod load;
pub mod plan;
pub mod wire;

use crate::model::{Process, Reading, Why};
use beside::Beside;
use conf::{Conf, Libc};
use plan::Plan;
use serde::{Deserialize, Serialize};
use wire::{Race, ServerSeen, Walked};

/// Name resolution of one process, container or machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// What the application goes by.
    pub settings: Settings,
    /// What would be sent for each name under each library in question.
    pub plans: Vec<Planned>,
    /// Every server in force, asked directly; not asked for with `--plan`.
    pub servers: Reading<Vec<ServerSeen>>,
    /// The names that the servers were asked for were given by somebody, not chosen by us.
    pub named: bool,
    /// Every name looked up as the library does it; not asked for without a name.
    pub walks: Reading<Vec<Walked>>,
    /// What other resolvers make of each name; not asked for without a name.
    #[serde(default = "not_asked")]
    pub beside: Reading<Vec<Beside>>,
    /// Pairs on one socket against pairs on two.
    pub race: Reading<Race>,
    /// What servers did under load; not asked for unless somebody did by name.
    #[serde(default = "not_asked")]
    pub load: Reading<load::Load>,
    /// Threads that a Node.js process has for lookups; not asked for when the process is none.
    pub pool: Reading<Pool>,
}

/// What older snapshots do not hold was not looked at.
fn not_asked<T>() -> Reading<T> {
    Reading::unseen(Why::NotAsked)
}

impl Default for Facts {
    /// Nothing was looked at.
    fn default() -> Self {
        let why = Why::NotAsked;
        let settings = Settings {
            process: None,
            library: Reading::unseen(why),
            library_by: String::new(),
            conf: Reading::unseen(why),
            absent: false,
            order: Reading::unseen(why),
            hosts: Reading::unseen(why),
        };
        Self {
            settings,
            plans: vec![],
            servers: Reading::unseen(why),
            named: false,
            walks: Reading::unseen(why),
            beside: Reading::unseen(why),
            race: Reading::unseen(why),
            load: not_asked(),
            pool: Reading::unseen(why),
        }
    }
}

/// What decides about a lookup beside the servers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// The process whose settings they are, when one was named.
    pub process: Option<Process>,
    /// The library that it uses; unseen when that cannot be told: a static program has its own resolver.
    pub library: Reading<Libc>,
    /// How that was found out, or why not.
    pub library_by: String,
    /// The file as each library in question reads it.
    pub conf: Reading<Vec<Conf>>,
    /// There is no such file: both libraries ask 127.0.0.1.
    pub absent: bool,
    /// The `hosts:` line of `nsswitch.conf`; `None` when there is no such line. musl does not read it.
    pub order: Reading<Option<String>>,
    /// What `/etc/hosts` says of the names, which are not asked for then.
    pub hosts: Reading<Vec<Host>>,
}

/// A name found in `/etc/hosts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The name.
    pub name: String,
    /// Its address there.
    pub address: String,
}

/// The plan of one name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Planned {
    /// The name as it was given.
    pub name: String,
    /// Nobody gave it: it stands for any name outside.
    pub example: bool,
    /// What is sent, and what it can cost.
    pub plan: Plan,
}

/// Lookups that a Node.js process has at the same time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pool {
    /// Which.
    pub process: Process,
    /// `UV_THREADPOOL_SIZE`, or what counts without it.
    pub threads: u32,
    /// It was set.
    pub set: bool,
}

impl Pool {
    /// Lookups at a time: libuv keeps half of its threads free of slow work, `uv__slow_work_thread_threshold`.
    pub fn lookups(&self) -> u32 {
        self.threads.div_ceil(2)
    }
}
