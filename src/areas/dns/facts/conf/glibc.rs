//! As glibc reads it: `res_vinit_1`, `res_setoptions` of `resolv/res_init.c`.

use super::{Around, Conf, Libc, Lint, SEARCH_MOST, SERVERS_MOST, Server, lint};
use std::net::{Ipv4Addr, Ipv6Addr};

const BLANK: [char; 2] = [' ', '\t'];

pub(super) fn read(text: &str, around: &Around) -> Conf {
    let mut conf = Conf::defaults(Libc::Glibc);
    let mut searched_by = None;
    let localdomain = around.localdomain.as_deref();
    if let Some(domains) = localdomain {
        let line = domains.split('\n').next().unwrap_or_default();
        conf.search = words(line);
        conf.lints.push(Lint::Environment { variable: "LOCALDOMAIN".into(), obeyed: true });
    }
    for (n, line) in (1..).zip(text.lines()) {
        if line.starts_with([';', '#']) {
            continue;
        }
        if let Some(rest) = keyword(line, "domain").or_else(|| keyword(line, "search")) {
            if localdomain.is_some() || rest.is_empty() {
                continue;
            }
            let mut domains = words(rest);
            if line.starts_with("domain") {
                domains.truncate(1);
            }
            if let Some(before) = searched_by.replace(n) {
                conf.lints.push(Lint::SearchReplaced { line: before, by: n });
            }
            lint::of_search(&domains, n, &mut conf.lints);
            conf.search = domains;
        } else if let Some(rest) = keyword(line, "nameserver") {
            match server(rest) {
                Some(server) if conf.servers.len() < SERVERS_MOST => conf.servers.push(server),
                Some(server) => {
                    conf.lints.push(Lint::ServerIgnored { line: n, server: server.to_string() });
                }
                None => conf.lints.push(Lint::NotAnAddress { line: n, word: lint::short(rest) }),
            }
        } else if let Some(rest) = keyword(line, "options") {
            options(rest, &mut conf);
        }
    }
    if let Some(more) = &around.res_options {
        conf.lints.push(Lint::Environment { variable: "RES_OPTIONS".into(), obeyed: true });
        options(more, &mut conf);
    }
    if conf.search.is_empty() && localdomain.is_none() {
        let domain = around.hostname.as_deref().and_then(|h| h.split_once('.')).map(|(_, d)| d);
        conf.search.extend(domain.filter(|d| !d.is_empty()).map(Into::into));
    }
    conf.search.truncate(SEARCH_MOST);
    if conf.servers.is_empty() {
        conf.lints.push(Lint::NoServer);
    }
    conf.or_local_host()
}

/// What stands behind a keyword at the begin of a line, without the blanks in front of it.
fn keyword<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    line.strip_prefix(word).filter(|rest| rest.starts_with(BLANK)).map(|rest| rest.trim_start_matches(BLANK))
}

fn words(text: &str) -> Vec<String> {
    text.split(BLANK).filter(|w| !w.is_empty()).map(Into::into).collect()
}

/// An address at the begin of `rest`. `inet_aton` takes anything behind a blank, and old notations as well.
fn server(rest: &str) -> Option<Server> {
    let word = rest.split(BLANK).next()?;
    if let Some(address) = aton(word) {
        return Some(Server { address: address.into(), scope: None });
    }
    let (address, scope) = match word.split_once('%') {
        Some((address, scope)) => (address, Some(scope.to_string())),
        None => (word, None),
    };
    Some(Server { address: address.parse::<Ipv6Addr>().ok()?.into(), scope })
}

/// `inet_aton(3)`: one to four numbers, decimal, octal or hexadecimal, the last one filling the rest.
fn aton(word: &str) -> Option<Ipv4Addr> {
    let numbers: Option<Vec<u64>> = word
        .split('.')
        .map(|part| {
            let (digits, radix) = match part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
                Some(hex) => (hex, 16),
                None if part.len() > 1 && part.starts_with('0') => (&part[1..], 8),
                None => (part, 10),
            };
            // `from_str_radix` takes a sign.
            digits
                .starts_with(|c: char| c.is_ascii_hexdigit())
                .then(|| u64::from_str_radix(digits, radix).ok())?
        })
        .collect();
    let numbers = numbers.filter(|n| n.len() <= 4)?;
    let (last, front) = numbers.split_last()?;
    if front.iter().any(|n| *n > 255) || *last >= 1 << (8 * (4 - front.len())) {
        return None;
    }
    let high = front.iter().zip([24u32, 16, 8]).fold(0u64, |sum, (n, shift)| sum | n << shift);
    Some(Ipv4Addr::from((high | last) as u32))
}

/// Options are told by how they begin; numbers are read as `atoi` does.
fn options(text: &str, conf: &mut Conf) {
    for option in text.split([' ', '\t', '\n']).filter(|o| !o.is_empty()) {
        let number = |name: &str| {
            let digits = option.strip_prefix(name)?;
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            Some(digits[..end].parse::<u64>().unwrap_or(if end == 0 { 0 } else { u64::MAX }))
        };
        let capped = |n: u64, most: u32, lints: &mut Vec<Lint>| {
            if n > u64::from(most) {
                lints.push(Lint::OptionCapped { option: lint::short(option), counts: most });
            }
            n.min(u64::from(most)) as u32
        };
        if let Some(n) = number("ndots:") {
            conf.ndots = capped(n, 15, &mut conf.lints);
        } else if let Some(n) = number("timeout:") {
            conf.timeout_s = capped(n, 30, &mut conf.lints);
        } else if let Some(n) = number("attempts:") {
            conf.attempts = capped(n, 5, &mut conf.lints);
        } else {
            flag(option, conf);
        }
    }
}

fn flag(option: &str, conf: &mut Conf) {
    // The order matters: one name begins like another.
    match option {
        o if o.starts_with("single-request-reopen") => conf.single_request_reopen = true,
        o if o.starts_with("single-request") => conf.single_request = true,
        o if o.starts_with("no-tld-query") || o.starts_with("no_tld_query") => conf.no_tld_query = true,
        o if o.starts_with("rotate") => conf.rotate = true,
        o if o.starts_with("edns0") => conf.edns0 = true,
        o if o.starts_with("use-vc") => conf.use_vc = true,
        o if o.starts_with("no-aaaa") => conf.no_aaaa = true,
        o if ["no-reload", "trust-ad", "strict-error", "debug", "inet6", "ip6-"]
            .iter()
            .any(|k| o.starts_with(k)) => {}
        o => conf.lints.push(Lint::OptionIgnored { option: lint::short(o) }),
    }
}
