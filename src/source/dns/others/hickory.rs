//! hickory-resolver, which Rust services have in the place of the C library: a search list, retries and a choice of servers
//! of its own. Its file is read by its own rules, but it is the patient's file and not ours.

use super::{Looked, Said, addresses, error};
use crate::model::{Seen, Why};
use hickory_resolver::{
    Hosts, Resolver, TokioResolver,
    config::{NameServerConfig, ResolverConfig, ResolverOpts},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{op::ResponseCode, rr::Name},
    system_conf::parse_resolv_conf,
};
use std::{
    net::IpAddr,
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};

/// What a service finds around it.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// `/etc/resolv.conf`.
    pub resolv_conf: Vec<u8>,
    /// `/etc/hosts`.
    pub hosts: Vec<u8>,
    /// The name of its host: what is behind the first dot is searched too.
    pub hostname: Option<String>,
    /// Servers that are asked in the place of those of the file.
    pub servers: Vec<IpAddr>,
    /// The port of all servers.
    pub port: u16,
}

/// One resolver, as a service has one for all its lookups.
pub struct Hickory {
    runtime: Runtime,
    resolver: Result<TokioResolver, Said>,
}

impl Hickory {
    /// Made where it is to ask from: its sockets are of the network namespace of the thread that looks names up.
    ///
    /// # Errors
    /// When the kernel gives nothing to wait with. A file that it does not take is no error: that is what it says of each name.
    pub fn new(around: &Surroundings) -> Seen<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|e| Why::from(&e))?;
        let resolver = {
            let _inside = runtime.enter();
            resolver(around).map_err(|e| told(&e))
        };
        Ok(Self { runtime, resolver })
    }

    /// One lookup of A and AAAA, as `lookup_ip` does it.
    ///
    /// # Errors
    /// `TimedOut` when it had not ended by then.
    pub fn look_up(&self, name: &str, until: Instant) -> Seen<Looked> {
        let begun = Instant::now();
        let said = match &self.resolver {
            Err(said) => said.clone(),
            Ok(resolver) => {
                let left = until.saturating_duration_since(begun);
                let asked = async { tokio::time::timeout(left, resolver.lookup_ip(name)).await };
                match self.runtime.block_on(asked) {
                    Ok(Ok(found)) => addresses(found.iter()),
                    Ok(Err(e)) => told(&e),
                    Err(_) => return Err(Why::TimedOut),
                }
            }
        };
        Ok(Looked { said, took: begun.elapsed() })
    }

    /// Gives up what still waits for an answer.
    pub fn end(self) {
        drop(self.resolver);
        self.runtime.shutdown_timeout(Duration::ZERO);
    }
}

fn resolver(around: &Surroundings) -> Result<TokioResolver, NetError> {
    let (config, options) = settings(around)?;
    let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = options;
    let mut resolver = builder.build()?;
    // What was built read the file of our own root.
    let mut hosts = Hosts::default();
    let _ = hosts.read_hosts_conf(around.hosts.as_slice());
    resolver.set_hosts(Arc::new(hosts));
    Ok(resolver)
}

/// As `read_system_conf` has it, of another file and another host's name.
fn settings(around: &Surroundings) -> Result<(ResolverConfig, ResolverOpts), NetError> {
    let mut text = around.resolv_conf.clone();
    if !around.servers.is_empty() {
        // Without any it gives up; this one is replaced below.
        text.extend(b"\nnameserver 127.0.0.1\n");
    }
    let (config, options) = parse_resolv_conf(text)?;
    let (mut domain, search, mut servers) = config.into_parts();
    if !names_a_domain(&around.resolv_conf) {
        let host = around.hostname.as_deref().and_then(|h| h.split_once('.'));
        domain = host.and_then(|(_, domain)| Name::from_str(domain).ok());
    }
    if !around.servers.is_empty() {
        servers = around.servers.iter().map(|ip| NameServerConfig::udp_and_tcp(*ip)).collect();
    }
    servers.iter_mut().flat_map(|s| &mut s.connections).for_each(|c| c.port = around.port);
    Ok((ResolverConfig::from_parts(domain, search, servers), options))
}

fn names_a_domain(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.lines().any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some("domain") && words.next().is_some()
    })
}

/// Its errors in our words, where they are ours.
fn told(e: &NetError) -> Said {
    match e {
        NetError::Timeout => Said::NoAnswer,
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => Said::NoSuchName,
            ResponseCode::NoError => Said::NoAddress,
            code => Said::Code(code.into()),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => Said::Code((*code).into()),
        other => error(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(text: &str) -> Surroundings {
        Surroundings { resolv_conf: text.into(), port: 5300, ..Surroundings::default() }
    }
    fn names(around: &Surroundings) -> (Option<String>, Vec<String>) {
        let (domain, search, _) = settings(around).unwrap().0.into_parts();
        (domain.map(|d| d.to_string()), search.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_file_means_what_hickory_makes_of_it() {
        let text = "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4\n\
                    search a.test b.test # x\noptions ndots:15 timeout:30 attempts:5 edns0\n";
        let (config, options) = settings(&around(text)).unwrap();
        let (_, _, servers) = config.into_parts();
        assert_eq!(servers.len(), 4, "not three");
        assert!(servers.iter().flat_map(|s| &s.connections).all(|c| c.port == 5300));
        assert_eq!((options.ndots, options.attempts, options.edns0), (15, 5, true));
        assert_eq!(options.timeout, Duration::from_secs(30));
        assert_eq!(names(&around(text)).1, ["a.test", "b.test"]);
    }

    #[test]
    fn the_domain_is_that_of_the_patient_and_never_ours() {
        let mut pod =
            Surroundings { hostname: Some("web-0.web.prod.test".into()), ..around("nameserver 10.0.0.1\n") };
        assert_eq!(names(&pod).0.as_deref(), Some("web.prod.test"));
        pod.resolv_conf.extend(b"domain other.test\n");
        assert_eq!(names(&pod).0.as_deref(), Some("other.test"));
        assert_eq!(names(&around("nameserver 10.0.0.1\n")).0, None);
    }

    #[test]
    fn without_a_server_it_gives_up_and_with_named_ones_it_asks_those() {
        let hickory = Hickory::new(&around("search a.test\n")).unwrap();
        let said = hickory.look_up("db", Instant::now() + Duration::from_secs(20)).unwrap().said;
        assert!(matches!(&said, Said::Error(e) if e.contains("no nameservers")), "{said:?}");
        let named = Surroundings { servers: vec![IpAddr::from([10, 0, 0, 9])], ..around("search a.test\n") };
        let (_, _, servers) = settings(&named).unwrap().0.into_parts();
        assert_eq!(servers.iter().map(|s| s.ip).collect::<Vec<_>>(), named.servers);
    }

    #[test]
    fn the_hosts_file_of_the_patient_answers() {
        let mut pod = around("nameserver 127.0.0.1\n");
        pod.hosts = b"10.0.0.7 db.test\nfd77::7 db.test\n10.0.0.6 db.test\n".to_vec();
        let hickory = Hickory::new(&pod).unwrap();
        let said = hickory.look_up("db.test.", Instant::now() + Duration::from_secs(20)).unwrap().said;
        let wanted: Vec<IpAddr> = ["10.0.0.6", "10.0.0.7", "fd77::7"].map(|a| a.parse().unwrap()).to_vec();
        assert_eq!(said, Said::Addresses(wanted));
        hickory.end();
    }

    #[test]
    fn what_does_not_end_in_time_was_not_seen() {
        let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        let hickory = Hickory::new(&Surroundings { port, ..around("nameserver 127.0.0.1\n") }).unwrap();
        let until = Instant::now() + Duration::from_millis(50);
        assert_eq!(hickory.look_up("db.test", until), Err(Why::TimedOut));
        hickory.end();
    }
}
