//! What is a secret by how it looks or where it stands within one argument, as ranges of its bytes.

use super::names;
use std::ops::Range;

/// Tokens that say themselves what they are.
const PREFIXES: &[&[u8]] = &[
    b"ghp_",
    b"gho_",
    b"ghu_",
    b"ghs_",
    b"ghr_",
    b"github_pat_",
    b"glpat-",
    b"xoxb-",
    b"xoxp-",
    b"xoxa-",
    b"xapp-",
    b"sk-",
    b"sk_live_",
    b"sk_test_",
    b"rk_live_",
    b"pk_live_",
    b"whsec_",
    b"AKIA",
    b"ASIA",
    b"eyJ",
    b"npm_",
    b"pypi-",
    b"hvs.",
    b"hvb.",
    b"AIza",
    b"ya29.",
    b"SG.",
    b"dop_v1_",
    b"shpat_",
    b"AGE-SECRET-KEY-",
];
/// From this length on a run of letters and digits may be a token.
const LONG: usize = 20;

/// All ranges of `arg` that must not be shown, in any order, possibly overlapping.
pub(super) fn find(arg: &[u8]) -> Vec<Range<usize>> {
    let mut out = userinfo(arg);
    out.extend(named(arg).map(|at| at..arg.len()));
    out.extend(tokens(arg));
    out
}

/// Whether a value is a secret by its form alone: a token that says itself what it is, a URL with a password, a private key.
/// A run that only looks random may be a hash, and is none.
pub(super) fn tells_itself(value: &[u8]) -> bool {
    let run = |b: &u8| !(b.is_ascii_alphanumeric() || b"_-+/.~".contains(b));
    let token = |t: &[u8]| PREFIXES.iter().any(|p| t.starts_with(p) && t.len() >= p.len() + 12);
    let key = value.windows(12).any(|w| w == b" PRIVATE KEY") && value.starts_with(b"-----BEGIN");
    let url = userinfo(value).into_iter().any(|at| {
        let user = &value[at.clone()];
        let colon = user.iter().position(|b| *b == b':').map(|c| &user[c + 1..]);
        value[..at.start].ends_with(b"://") && colon.is_some_and(given)
    });
    let small = value.to_ascii_lowercase();
    let field = [&b";password="[..], b"?password=", b"&password=", b" password=", b";pwd="]
        .iter()
        .filter_map(|n| Some(small.windows(n.len()).position(|w| w == *n)? + n.len()))
        .any(|at| given(&small[at..]));
    key || url || field || value.split(run).any(token)
}

/// A password, and neither nothing nor the name of a variable that holds it.
fn given(password: &[u8]) -> bool {
    !matches!(password, [] | [b'$' | b'<' | b'{' | b';' | b'&' | b' ', ..])
}

/// What names of flags, variables, headers and hosts are made of.
pub(super) fn name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"_-.".contains(&b) || b >= 0x80
}

/// Where the value of the first secret name begins: everything from there on is hidden, for nothing tells where a secret
/// ends that holds blanks or separators itself.
fn named(arg: &[u8]) -> Option<usize> {
    if let Some(at) = arg.windows(10).position(|w| w == b"-----BEGIN") {
        return Some(at);
    }
    let mut at = 0;
    while at < arg.len() {
        if !name_byte(arg[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < arg.len() && name_byte(arg[at]) {
            at += 1;
        }
        let name = &arg[start..at];
        let rest = &arg[at..];
        let quotes = rest.iter().take_while(|b| b"\"'`\\]})".contains(b)).count();
        let blanks = rest[quotes..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let after = &rest[quotes + blanks..];
        let value = at + quotes + blanks;
        // `//auth.example.com:443` is the host of a URL.
        let port = arg[..start].ends_with(b"//") && after.first() == Some(&b':') && is_port(&after[1..]);
        let assigned = match after {
            [b'=' | b':', ..] => Some(1),
            // In a URL that is itself a value.
            [b'%', b'3', b'D' | b'd' | b'A' | b'a', ..] => Some(3),
            _ => None,
        };
        match assigned {
            Some(len) if names::is_secret(name) && !port && after.len() > len => return Some(value + len),
            None if blanks > 0 && !after.is_empty() => {
                let flag = name.starts_with(b"-") && names::is_secret(name);
                let is_option = option(after.split(u8::is_ascii_whitespace).next().unwrap_or_default());
                if (flag || names::announces(name)) && !is_option {
                    return Some(value);
                }
            }
            _ => {}
        }
    }
    None
}

/// Another flag, surely: what stands behind a flag without a value. A secret that only begins with a dash is none.
pub(super) fn option(arg: &[u8]) -> bool {
    let plain = |name: &[u8]| {
        name.first().is_some_and(u8::is_ascii_lowercase)
            && name.len() <= 32
            && name.iter().all(|b| b.is_ascii_lowercase() || *b == b'-')
    };
    match arg {
        [b'-', letter] => letter.is_ascii_alphabetic(),
        [b'-', b'-', name @ ..] => plain(name.split(|b| *b == b'=').next().unwrap_or_default()),
        _ => false,
    }
}

fn is_port(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    (1..=5).contains(&digits) && matches!(text.get(digits), None | Some(b'/' | b'?' | b','))
}

/// What stands before an `@` and holds a colon or follows `://`. The last `@` of the word counts: passwords hold some too.
fn userinfo(arg: &[u8]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    for word in arg.split_inclusive(u8::is_ascii_whitespace) {
        if let Some(end) = word.iter().rposition(|b| *b == b'@') {
            let before = &word[..end];
            let scheme = before.windows(3).position(|w| w == b"://");
            let from = match scheme {
                // `file:///app/node_modules/@scope/x.js` names no user.
                Some(at) if before[..at].ends_with(b"file") => None,
                Some(at) => Some(at + 3),
                None => before.contains(&b':').then_some(0),
            };
            out.extend(from.map(|from| start + from..start + end));
        }
        start += word.len();
    }
    out
}

/// Long runs that look random, and those that begin as tokens do.
fn tokens(arg: &[u8]) -> Vec<Range<usize>> {
    let run = |b: u8| b.is_ascii_alphanumeric() || b"_-+/.~".contains(&b);
    let mut out = Vec::new();
    let mut at = 0;
    while at < arg.len() {
        if !run(arg[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < arg.len() && run(arg[at]) {
            at += 1;
        }
        let text = &arg[start..at];
        // Container ids and the like stand in paths of files, in small letters; a URL, where a webhook has its secret,
        // has a colon before its slashes.
        let path = text.starts_with(b"/") && !(start > 0 && arg[start - 1] == b':');
        let looks = |p: &[u8]| (!path || p.iter().any(u8::is_ascii_uppercase)) && is_random(p);
        let told = PREFIXES.iter().any(|p| text.starts_with(p) && text.len() >= p.len() + 12);
        // Base64 has a slash in every sixty-fourth place: its pieces together look as random as one.
        let base64 = !text.contains(&b'.') && looks(text);
        if told || base64 || text.split(|b| b"/.+~".contains(b)).any(looks) {
            out.push(start..at);
        }
    }
    out
}

fn is_hex(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_hexdigit)
}

/// Nobody names a thing like this.
fn is_random(piece: &[u8]) -> bool {
    let solid: Vec<u8> = piece.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    let any = |is: fn(&u8) -> bool| solid.iter().any(is);
    let (digit, upper, lower) =
        (any(u8::is_ascii_digit), any(u8::is_ascii_uppercase), any(u8::is_ascii_lowercase));
    if solid.len() < LONG || !digit || !(upper || lower) {
        return false;
    }
    let longest = piece.split(|b| !b.is_ascii_alphanumeric()).map(<[u8]>::len).max().unwrap_or(0);
    if !(upper && lower) && longest <= 12 {
        // `web-7f9c5d8b6-x2k4j` and a UUID are names.
        return false;
    }
    if is_hex(&solid) && longest >= LONG {
        return true;
    }
    let class = |b: &u8| (b.is_ascii_digit(), b.is_ascii_uppercase());
    let turns = solid.windows(2).filter(|w| class(&w[0]) != class(&w[1])).count();
    // Words that a name is made of turn from small to big letters now and then, random ones at every second place.
    let needed = if upper && lower { solid.len() * 3 / 10 } else { solid.len() * 3 / 20 };
    turns >= needed.max(4)
}
