//! A name to its addresses, for our own connections: the hosts file, then the nameservers of `resolv.conf` with search list and
//! `ndots`. Not through libc: a static binary has no business with the host's name service modules, and `getaddrinfo` knows no
//! deadline. What other modules of `nsswitch.conf` know (mDNS, LDAP) is not asked. How a library looks names up, packet for
//! packet, is the area `dns`'s to tell; here any good answer will do.

use super::{Ask, Came, Manner, PORT, Question, address, ask_tcp, ask_udp};
use crate::model::Arrange;
use std::{
    fs,
    io::Read,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// At most this much of either file is read.
const MOST: u64 = 4 << 20;
/// `MAXNS` of glibc and musl.
const SERVERS: usize = 3;
/// Suffixes of the search list that are tried; glibc before 2.26 and musl take as many.
const SUFFIXES: usize = 6;
/// Addresses that are given back.
const ADDRESSES: usize = 16;

/// Where names are written down.
#[derive(Clone, Debug)]
pub struct Names {
    /// Addresses with their names.
    pub hosts: PathBuf,
    /// Who else is to be asked, and how.
    pub resolv_conf: PathBuf,
}

impl Default for Names {
    fn default() -> Self {
        Self { hosts: "/etc/hosts".into(), resolv_conf: "/etc/resolv.conf".into() }
    }
}

/// A name without an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAddress {
    /// Whoever should know says that there is none.
    NotFound,
    /// Nobody who was asked could say.
    Unanswered,
    /// It can be no name.
    NoName,
}

impl std::fmt::Display for NoAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotFound => "the nameserver knows no address of this name",
            Self::Unanswered => "no nameserver answered for this name",
            Self::NoName => "this can be no name of a host",
        })
    }
}

impl std::error::Error for NoAddress {}

/// What `resolv.conf` says, as far as it matters here.
#[derive(Debug, PartialEq)]
struct Conf {
    servers: Vec<SocketAddr>,
    search: Vec<String>,
    ndots: usize,
    timeout: Duration,
    attempts: u32,
}

impl Names {
    /// The addresses of a name, IPv4 first, 16 at most. A literal address is its own.
    ///
    /// # Errors
    /// When there are none, or nobody says so before the deadline.
    pub fn resolve(&self, name: &str, deadline: Instant) -> Result<Vec<IpAddr>, NoAddress> {
        if let Ok(ip) = name.parse() {
            return Ok(vec![ip]);
        }
        let bare = name.strip_suffix('.').unwrap_or(name);
        if bare.is_empty() || bare.len() > 253 || bare.split('.').any(|l| l.is_empty() || l.len() > 63) {
            return Err(NoAddress::NoName);
        }
        let mut known = in_hosts(&read(&self.hosts), bare);
        let lower = bare.to_ascii_lowercase();
        // RFC 6761 section 6.3: it never leaves this machine.
        if known.is_empty() && (lower == "localhost" || lower.ends_with(".localhost")) {
            known = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        }
        if !known.is_empty() {
            known.arrange_by_key(IpAddr::is_ipv6);
            known.truncate(ADDRESSES);
            return Ok(known);
        }
        let conf = Conf::parse(&read(&self.resolv_conf));
        let mut unanswered = false;
        for candidate in candidates(name, &conf) {
            match ask(&candidate, &conf, deadline) {
                Some(found) if found.is_empty() => {}
                Some(found) => return Ok(found),
                None => unanswered = true,
            }
        }
        Err(if unanswered { NoAddress::Unanswered } else { NoAddress::NotFound })
    }
}

fn read(path: &Path) -> String {
    let mut bytes = Vec::new();
    let _ = fs::File::open(path).and_then(|f| f.take(MOST).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn in_hosts(text: &str, name: &str) -> Vec<IpAddr> {
    let mut out = Vec::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        let Some(Ok(ip)) = words.next().map(str::parse::<IpAddr>) else { continue };
        if words.any(|w| w.trim_end_matches('.').eq_ignore_ascii_case(name)) && !out.contains(&ip) {
            out.push(ip);
        }
    }
    out
}

impl Conf {
    fn parse(text: &str) -> Self {
        let mut out =
            Self { servers: vec![], search: vec![], ndots: 1, timeout: Duration::from_secs(5), attempts: 2 };
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let Some(word) = words.next() else { continue };
                    let (ip, scope) = word.split_once('%').map_or((word, None), |(ip, s)| (ip, Some(s)));
                    out.servers.extend(ip.parse().ok().map(|ip| address(ip, scope, PORT)));
                }
                Some("search" | "domain") => out.search = words.take(SUFFIXES).map(Into::into).collect(),
                Some("options") => {
                    for (key, value) in words.filter_map(|w| w.split_once(':')) {
                        match (key, value.parse::<u32>()) {
                            ("ndots", Ok(n)) => out.ndots = n.min(15) as usize,
                            ("timeout", Ok(n)) => out.timeout = Duration::from_secs(n.clamp(1, 30).into()),
                            ("attempts", Ok(n)) => out.attempts = n.clamp(1, 5),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        out.servers.truncate(SERVERS);
        if out.servers.is_empty() {
            out.servers.push(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)));
        }
        out
    }
}

/// The names to ask for, in order.
fn candidates(name: &str, conf: &Conf) -> Vec<String> {
    if name.ends_with('.') {
        return vec![name.into()];
    }
    let mut out: Vec<String> =
        conf.search.iter().map(|s| format!("{name}.{}", s.trim_matches('.'))).collect();
    out.retain(|n| n.len() <= 253 && !n.ends_with('.'));
    let absolute = format!("{name}.");
    let first = name.matches('.').count() >= conf.ndots;
    out.insert(if first { 0 } else { out.len() }, absolute);
    out
}

/// The addresses of one candidate: empty when there are none, `None` when nobody could say.
fn ask(name: &str, conf: &Conf, deadline: Instant) -> Option<Vec<IpAddr>> {
    let question = |kind: &str| Question { name: name.into(), kind: kind.into(), edns: false };
    for _ in 0..conf.attempts {
        for server in &conf.servers {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let asks = ["A", "AAAA"].map(|kind| Ask::new(question(kind)));
            let how = Manner::once(conf.timeout.min(left), deadline);
            // Two sockets: of two packets of one socket a NAT may lose one.
            let groups = asks.clone().map(|ask| (*server, vec![ask]));
            let mut heard: Vec<Came> = ask_udp(&groups, how).into_iter().flatten().map(|h| h.came).collect();
            for (came, ask) in heard.iter_mut().zip(&asks) {
                if matches!(came, Came::Reply(r) if r.truncated) {
                    let over_tcp = ask_tcp(*server, std::slice::from_ref(ask), how);
                    over_tcp.into_iter().for_each(|h| *came = h.came);
                }
            }
            let replies: Vec<_> = heard
                .iter()
                .filter_map(|came| match came {
                    Came::Reply(r) => Some(r),
                    _ => None,
                })
                .collect();
            let mut found: Vec<IpAddr> = replies.iter().flat_map(|r| &r.addresses).copied().collect();
            found.arrange_by_key(IpAddr::is_ipv6);
            found.truncate(ADDRESSES);
            // Half an answer with an address is enough; "none" needs both halves.
            let says_none = replies.len() == asks.len() && replies.iter().all(|r| matches!(r.rcode, 0 | 3));
            if !found.is_empty() || says_none {
                return Some(found);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    fn conf(text: &str) -> Conf {
        Conf::parse(text)
    }

    #[test]
    fn the_hosts_file_is_asked_first_and_by_every_name_of_a_line() {
        let hosts = "127.0.0.1 localhost\n::1 db.Test\n10.0.0.7\tdb.test db # db2\nbad line\n10.0.0.8 db\n";
        let all = |name| in_hosts(hosts, name).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(all("DB"), ["10.0.0.7", "10.0.0.8"]);
        assert_eq!(all("db.test"), ["::1", "10.0.0.7"]);
        assert!(all("db2").is_empty());
    }

    #[test]
    fn the_search_list_comes_first_for_names_of_few_dots() {
        let pod = conf("search a.svc svc. c\noptions ndots:5 timeout:2 attempts:9\nnameserver 10.0.0.10\n");
        assert_eq!(candidates("db.shop", &pod), ["db.shop.a.svc", "db.shop.svc", "db.shop.c", "db.shop."]);
        assert_eq!(candidates("db.shop.", &pod), ["db.shop."]);
        assert_eq!((pod.timeout, pod.attempts), (Duration::from_secs(2), 5));
        assert_eq!(candidates("db.shop", &conf("domain x")), ["db.shop.", "db.shop.x"]);
        assert_eq!(conf("").servers, [SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))]);
        assert_eq!(conf("nameserver fe80::1%1\nnameserver x\n").servers[0].to_string(), "[fe80::1%1]:53");
    }

    /// A nameserver that knows the IPv4 address of `db.b` and nothing else; every name below `broken` it cannot look up.
    fn nameserver() -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let at = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((n, from)) = socket.recv_from(&mut buffer) {
                let mut answer = buffer[..n].to_vec();
                let knows = answer.windows(6).any(|w| w == b"\x02db\x01b\0");
                answer[2] |= 0x80;
                answer[3] = match (knows, answer.windows(6).any(|w| w == b"broken")) {
                    (_, true) => 2,
                    (true, _) => 0,
                    (false, _) => 3,
                };
                if knows && answer[n - 3] == 1 {
                    answer[7] = 1;
                    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 10, 0, 0, 7]);
                }
                let _ = socket.send_to(&answer, from);
            }
        });
        at
    }

    #[test]
    fn an_address_no_address_and_no_word_are_three_answers() {
        let soon = Instant::now() + Duration::from_secs(20);
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let silent = silent.local_addr().unwrap();
        let servers = vec![silent, nameserver()];
        let conf = Conf { servers, timeout: Duration::from_millis(200), ..conf("options attempts:1") };
        assert_eq!(ask("db.b.", &conf, soon), Some(vec![IpAddr::from([10, 0, 0, 7])]));
        assert_eq!(ask("db.a.", &conf, soon), Some(vec![]));
        assert_eq!(ask("broken.", &conf, soon), None);
    }

    #[test]
    fn what_can_be_no_name_is_asked_of_nobody() {
        let nowhere = Names { hosts: "/nonexistent".into(), resolv_conf: "/nonexistent".into() };
        let soon = Instant::now() + Duration::from_secs(20);
        for name in ["", ".", "a..b", &"a".repeat(64), &["a"; 130].join(".")] {
            assert_eq!(nowhere.resolve(name, soon), Err(NoAddress::NoName), "{name}");
        }
        assert_eq!(nowhere.resolve("::1", soon), Ok(vec![Ipv6Addr::LOCALHOST.into()]));
        let local: Vec<IpAddr> = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        assert_eq!(nowhere.resolve("LocalHost", soon), Ok(local));
        assert_eq!(nowhere.resolve("a.test", Instant::now()), Err(NoAddress::Unanswered));
    }
}
