//! Looks once: the settings, the plans, and then the servers and the lookups side by side.

mod beside;
mod load;
mod measure;
mod race;
mod settings;
mod walk;

use super::{
    args::{Args, load::LOOKS},
    facts::{
        Facts, Planned,
        conf::{Conf, Libc, Server},
        load::Load,
        plan::Plan,
        wire::{Race, ServerSeen, Walked},
    },
};
use crate::{
    model::{Gap, Gaps, Reading, Why},
    source::{Moment, cgroup, dns, net::netns},
};
use beside::Others;
use load::{Holes, Loading};
use measure::{Target, Targets};
use settings::Patient;
use std::{
    net::SocketAddr,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// A name outside, as a stand-in where nobody named one: two dots, as most have.
const EXAMPLE: &str = "api.example.com";
/// What plain `check` has for all of it.
const BRIEF: Duration = Duration::from_millis(900);
/// What the look before a load has at most: what every look has.
const LOOK: Duration = Duration::from_secs(10);
/// Left of the run's time for everything after the last answer.
const MARGIN: Duration = Duration::from_millis(100);

/// The probe.
pub struct Dns {
    args: Args,
    facts: Option<Facts>,
}

impl Dns {
    pub(super) fn new(args: Args) -> Self {
        Self { args, facts: None }
    }

    /// All of it: an area apart looks once.
    ///
    /// # Errors
    /// When the process table is not that of a machine we could ask from.
    pub(super) fn run(&mut self, m: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        let patient = Patient::of(m);
        let read = settings::read(m, &patient, &self.args, gaps);
        let wanted = !self.args.names.is_empty() && !self.args.brief && !self.args.plan;
        let others = wanted.then(|| Others::of(m.world, &patient, &read, &self.args, gaps));
        let settings = read.settings;
        let confs: Vec<Conf> = settings.conf.drawn().cloned().unwrap_or_default();
        let pool = settings::pool(m, &patient, &self.args);
        let facts = Facts {
            plans: plans(&confs, &self.args),
            settings,
            servers: Reading::unseen(Why::NotAsked),
            named: !self.args.names.is_empty(),
            walks: Reading::unseen(Why::NotAsked),
            beside: Reading::unseen(Why::NotAsked),
            race: Reading::unseen(Why::NotAsked),
            load: unloaded(&self.args, Why::Absent),
            pool,
        };
        let facts = self.facts.insert(facts);
        m.world.ask().rest();
        if self.args.plan {
            return Ok(());
        }
        let Some(servers) = targets(&confs, &self.args) else {
            // Unread settings have said their gap.
            facts.servers = Reading::unseen(Why::Absent);
            return Ok(());
        };
        if !m.world.live && patient.pid.is_none() {
            facts.servers = Reading::unseen(Why::Unsupported);
            facts.load = unloaded(&self.args, Why::Unsupported);
            gaps.add(Why::Unsupported, "nameservers", "this process table is not of the network we are in");
            return Ok(());
        }
        if let Some(other) = other_services(facts).filter(|_| !self.args.names.is_empty() && !self.args.brief)
        {
            let what = "name services that glibc asks before dns, as nsswitch.conf has it";
            gaps.add(Why::Unsupported, what, other);
        }
        let known = facts.settings.hosts.drawn().map_or(&[][..], |h| h.as_slice());
        let loading = self.args.load.0.as_ref().map(|asked| Loading {
            asked,
            confs: &confs,
            // All of them at once would be a load that nobody asked for; the first one is what lookups begin with.
            targets: if self.args.server.is_empty() { servers.get(..1).unwrap_or(&[]) } else { &servers },
            progress: m.progress,
            groups: cgroup::own(m.world, "cpu"),
            end: end(m),
        });
        let unknown = |n: &&String| !known.iter().any(|h| h.name == **n);
        let names: Vec<String> = self.args.names.iter().filter(unknown).cloned().collect();
        facts.named = if self.args.brief { !names.is_empty() } else { facts.named };
        let work = Work {
            args: &self.args,
            confs: &confs,
            servers: &servers,
            names,
            loading,
            others,
            until: until(m, &self.args),
        };
        let done = match patient.pid {
            None => Ok(work.run()),
            Some(pid) => netns::inside(&m.world.proc_root.join(pid.to_string()), || work.run()),
        };
        match done {
            Ok(done) => done.into(facts, gaps, self.args.brief),
            Err(e) => {
                let why = Why::from(&e);
                facts.servers = Reading::unseen(why);
                facts.load = unloaded(&self.args, why);
                gaps.add(why, "nameservers, from the network of the process", e);
            }
        }
        Ok(())
    }

    pub(super) fn seen(&self) -> Option<&Facts> {
        self.facts.as_ref()
    }
}

/// What glibc asks before it sends anything, and we do not: `resolve` goes to systemd-resolved over a socket of its own. Those that
/// know local names only are left out.
fn other_services(facts: &Facts) -> Option<String> {
    let confs = facts.settings.conf.drawn()?;
    confs.iter().find(|c| c.libc == Libc::Glibc)?;
    let order = facts.settings.order.drawn()?.as_deref()?;
    let before = order.split_whitespace().take_while(|s| *s != "dns").filter(|s| !s.starts_with('['));
    let local = |s: &&str| matches!(*s, "files" | "myhostname" | "mymachines") || s.ends_with("_minimal");
    let others: Vec<&str> = before.filter(|s| !local(s)).collect();
    (!others.is_empty()).then(|| others.join(" "))
}

/// What stands for a load that did not come about.
fn unloaded(args: &Args, why: Why) -> Reading<Load> {
    Reading::unseen(if args.load.0.is_some() { why } else { Why::NotAsked })
}

fn end(m: &Moment) -> Instant {
    m.deadline.checked_sub(MARGIN).unwrap_or(m.deadline)
}

/// Where the look ends; what is left after it is the load's.
fn until(m: &Moment, args: &Args) -> Instant {
    let (end, now) = (end(m), Instant::now());
    match &args.load.0 {
        None if args.brief => end.min(now + BRIEF),
        None => end,
        Some(load) => {
            let takes = load.takes() * args.server.len().max(1) as u32;
            let left = end.checked_sub(takes).unwrap_or(now);
            end.min(left.clamp(now + LOOKS, now + LOOK))
        }
    }
}

fn plans(confs: &[Conf], args: &Args) -> Vec<Planned> {
    let mut names: Vec<(&str, bool)> = args.names.iter().map(|n| (n.as_str(), false)).collect();
    if names.is_empty() || args.brief {
        names.push((EXAMPLE, true));
    }
    let of = |name: &str, example: bool, conf: &Conf| {
        Plan::of(conf, name).ok().map(|plan| Planned { name: name.into(), example, plan })
    };
    names.iter().flat_map(|(n, e)| confs.iter().filter_map(move |c| of(n, *e, c))).collect()
}

/// The servers to ask: those named, else those of the settings. `None` when the settings were not seen.
fn targets(confs: &[Conf], args: &Args) -> Option<Targets> {
    let own = |address| Server { address, scope: None };
    let named: Vec<Server> = args.server.iter().map(|s| own(*s)).collect();
    let default = named.is_empty() && confs.first().is_some_and(|c| c.default_server);
    let servers = if named.is_empty() { confs.first()?.servers.clone() } else { named };
    let mut out: Targets = Vec::new();
    for server in servers {
        let at = dns::address(server.address, server.scope.as_deref(), args.port);
        if !out.iter().any(|t| t.at == at) {
            out.push(Target { label: label(&server, args.port), at, default });
        }
    }
    Some(out)
}

fn label(server: &Server, port: u16) -> String {
    match (port, server.address.is_ipv6()) {
        (53, _) => server.to_string(),
        (port, false) => format!("{server}:{port}"),
        (port, true) => format!("[{server}]:{port}"),
    }
}

/// What there is to do on the wire.
struct Work<'a> {
    args: &'a Args,
    confs: &'a [Conf],
    servers: &'a Targets,
    /// Those that `/etc/hosts` does not know.
    names: Vec<String>,
    loading: Option<Loading<'a>>,
    /// Who else is asked.
    others: Option<Others>,
    until: Instant,
}

struct Done {
    servers: Vec<ServerSeen>,
    unreached: Vec<(Why, String)>,
    race: Reading<Race>,
    walks: Vec<Walked>,
    load: Option<(Load, Holes)>,
    beside: Option<beside::Asked>,
}

impl Work<'_> {
    /// The servers on one thread and each library's lookups on another: a lookup may wait for all the time there is.
    fn run(&self) -> Done {
        dns::at_normal_priority();
        let mut done = self.look();
        // Nothing else is asked meanwhile.
        done.load = self.loading.as_ref().map(|load| load.run(&done.servers));
        done
    }

    fn look(&self) -> Done {
        thread::scope(|scope| {
            let walking: Vec<_> = self
                .confs
                .iter()
                .filter(|_| !self.args.brief)
                .map(|conf| scope.spawn(move || self.walk(conf)))
                .collect();
            let (through, own) = mpsc::channel::<()>();
            let others = self.others.as_ref();
            let beside = others.map(|o| scope.spawn(move || o.ask(&self.args.names, &own, self.until)));
            // Who names them on the command line wants to know all the same.
            let names = if self.args.brief { &self.names } else { &self.args.names };
            let (servers, unreached) =
                measure::servers(self.args, self.confs, names, self.servers, self.until);
            let race = race::run(self.args, self.servers, &servers, self.until);
            drop(through);
            let walks = walking.into_iter().flat_map(|w| match w.join() {
                Ok(walks) => walks,
                Err(panicked) => std::panic::resume_unwind(panicked),
            });
            let walks = walks.collect();
            Done { servers, unreached, race, walks, beside: beside.and_then(|b| b.join().ok()), load: None }
        })
    }

    fn walk(&self, conf: &Conf) -> Vec<Walked> {
        dns::at_normal_priority();
        let at: Vec<(SocketAddr, String)> = self.servers.iter().map(|t| (t.at, t.label.clone())).collect();
        let mut walker = walk::Walker::new(conf, at, self.until);
        self.names.iter().filter_map(|name| walker.look_up(name)).collect()
    }
}

impl Done {
    fn into(self, facts: &mut Facts, gaps: &mut Gaps, brief: bool) {
        for (why, what) in self.unreached {
            gaps.add(why, "nameservers that cannot be reached from here", what);
        }
        let cut = self.walks.iter().filter(|w| w.end.drawn().is_none()).map(|w| &w.name);
        for name in cut {
            gaps.add(Why::TimedOut, "lookups as the application does them", name);
            gaps.remedy(
                Why::TimedOut,
                "lookups as the application does them",
                format!("paramedic dns {name} --timeout 90s"),
            );
        }
        if let Some((load, holes)) = self.load {
            load::say(holes, gaps);
            facts.load = Reading::seen(load);
        }
        if let Some(beside) = self.beside {
            for (why, what) in beside.unheard {
                gaps.add(why, "names as other resolvers see them", what);
            }
            facts.beside = Reading::seen(beside.rows);
        }
        facts.servers = Reading::seen(self.servers);
        facts.race = self.race;
        if !brief && facts.named {
            facts.walks = Reading::seen(self.walks);
        }
    }
}
