//! As musl reads it: `__get_resolv_conf` of `src/network/resolvconf.c`.

use super::{Around, Conf, Libc, Lint, SEARCH_MOST, SERVERS_MOST, Server, lint};
use std::net::IpAddr;

/// `char line[256]`: a line that fills it before `fgets` met its newline, or the end, is passed over as a whole.
const LINE_MOST: usize = 254;

pub(super) fn read(text: &str, around: &Around) -> Conf {
    let mut conf = Conf::defaults(Libc::Musl);
    let mut searched_by = None;
    for (n, line) in (1..).zip(text.lines()) {
        if line.len() > LINE_MOST {
            conf.lints.push(Lint::LineTooLong { line: n, bytes: line.len() as u32 });
            continue;
        }
        if let Some(rest) = keyword(line, "options") {
            options(rest, &mut conf);
        } else if let Some(rest) = keyword(line, "nameserver") {
            let word = rest.split(space).next().unwrap_or_default();
            match server(word) {
                Some(server) if conf.servers.len() < SERVERS_MOST => conf.servers.push(server),
                Some(server) => {
                    conf.lints.push(Lint::ServerIgnored { line: n, server: server.to_string() });
                }
                None => conf.lints.push(Lint::NotAnAddress { line: n, word: lint::short(word) }),
            }
        } else if let Some(rest) = keyword(line, "domain").or_else(|| keyword(line, "search")) {
            if let Some(before) = searched_by.replace(n) {
                conf.lints.push(Lint::SearchReplaced { line: before, by: n });
            }
            conf.search = rest.split(space).filter(|w| !w.is_empty()).map(Into::into).collect();
            lint::of_search(&conf.search, n, &mut conf.lints);
            if conf.search.iter().any(|d| d == ".") {
                conf.lints.push(Lint::RootSearched { line: n });
            }
        }
    }
    for (variable, value) in [("RES_OPTIONS", &around.res_options), ("LOCALDOMAIN", &around.localdomain)] {
        if value.is_some() {
            conf.lints.push(Lint::Environment { variable: variable.into(), obeyed: false });
        }
    }
    conf.search.truncate(SEARCH_MOST);
    if conf.servers.is_empty() {
        conf.lints.push(Lint::NoServer);
    }
    conf.or_local_host()
}

/// `isspace` of the C locale.
fn space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

fn keyword<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    line.strip_prefix(word).filter(|rest| rest.starts_with(space)).map(|rest| rest.trim_start_matches(space))
}

fn server(word: &str) -> Option<Server> {
    let (address, scope) = match word.split_once('%') {
        Some((address, scope)) => (address, Some(scope.to_string())),
        None => (word, None),
    };
    let address: IpAddr = address.parse().ok()?;
    (scope.is_none() || address.is_ipv6()).then_some(Server { address, scope })
}

/// Three numbers, wherever they stand in the line; everything else is passed over.
fn options(rest: &str, conf: &mut Conf) {
    for (name, most) in [("ndots:", 15), ("attempts:", 10), ("timeout:", 60)] {
        let Some(at) = rest.find(name) else { continue };
        let digits = &rest[at + name.len()..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let n = match end {
            // A fraction of a second is taken for none.
            0 if name == "timeout:" && digits.starts_with('.') => 0,
            0 => continue,
            _ => digits[..end].parse::<u64>().unwrap_or(u64::MAX),
        };
        if n > most {
            let option = lint::short(&format!("{name}{}", &digits[..end]));
            conf.lints.push(Lint::OptionCapped { option, counts: most as u32 });
        }
        let n = n.min(most) as u32;
        match name {
            "ndots:" => conf.ndots = n,
            "attempts:" => conf.attempts = n,
            _ => conf.timeout_s = n,
        }
    }
    let known = |o: &&str| ["ndots:", "attempts:", "timeout:"].iter().any(|k| o.starts_with(k));
    for option in rest.split(space).filter(|o| !o.is_empty() && !known(o)) {
        conf.lints.push(Lint::OptionIgnored { option: lint::short(option) });
    }
}
