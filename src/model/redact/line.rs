//! One line out of an argument list: what stands behind the name of a secret, and what looks like one, is struck out.

use super::{HIDDEN, names, secrets};
use crate::model::Arrange;

/// Shells: what stands behind their `-c` is a line of words of its own.
const SHELLS: &[&[u8]] = &[b"sh", b"bash", b"dash", b"ash", b"zsh", b"ksh", b"busybox"];

/// The arguments on one line. Those that hold blanks are put in quotes, unless there is only one: a title.
pub(super) fn redacted(args: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut walk = Walk::default();
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        let quoted = args.len() > 1 && (arg.is_empty() || arg.iter().any(u8::is_ascii_whitespace));
        if quoted {
            out.push(b'\'');
        }
        if walk.script {
            script(arg, &mut out);
            walk = Walk { shell: false, ..Walk::default() };
        } else {
            walk.argument(arg, &mut out);
        }
        if quoted {
            out.push(b'\'');
        }
    }
    out
}

/// What the arguments so far say about the next one.
#[derive(Default)]
struct Walk {
    /// The next argument is a secret, unless it is a flag.
    next: bool,
    /// A shell was named.
    shell: bool,
    /// The next argument is a script.
    script: bool,
    /// Short flags with secrets, of the programs named so far.
    flags: Vec<&'static str>,
}

impl Walk {
    fn argument(&mut self, arg: &[u8], out: &mut Vec<u8>) {
        let bare = trim_quotes(arg);
        if std::mem::take(&mut self.next) && !secrets::option(bare) {
            if !bare.is_empty() {
                out.extend_from_slice(HIDDEN);
            }
            return;
        }
        let short = self.flags.iter().find(|f| bare.starts_with(f.as_bytes()));
        if let Some(flag) = short.filter(|f| bare.len() > f.len() && !f.starts_with("--")) {
            out.extend_from_slice(&arg[..leading_quotes(arg) + flag.len()]);
            out.extend_from_slice(HIDDEN);
            return;
        }
        let names_one = bare.starts_with(b"-") && bare.iter().copied().all(secrets::name_byte);
        self.next = short.is_some_and(|f| f.len() == bare.len())
            || names_one && names::is_secret(bare)
            || !has_blank(bare) && names::announces(bare);
        self.script =
            self.shell && bare.starts_with(b"-") && !bare.starts_with(b"--") && bare.ends_with(b"c");
        let name = bare.rsplit(|b| *b == b'/').next().unwrap_or_default();
        // A login shell has a dash in front.
        self.shell |= SHELLS.contains(&name.strip_prefix(b"-").unwrap_or(name));
        self.flags.extend(names::short_flags(bare));
        strike(arg, out);
    }
}

/// The argument without what is secret in it.
fn strike(arg: &[u8], out: &mut Vec<u8>) {
    let mut ranges = secrets::find(arg);
    ranges.arrange_by_key(|r| r.start);
    let mut at = 0;
    let mut hidden = false;
    for range in ranges.into_iter().filter(|r| !r.is_empty()) {
        if range.start > at || !hidden {
            out.extend_from_slice(&arg[at..range.start.max(at)]);
            out.extend_from_slice(HIDDEN);
        }
        hidden = true;
        at = at.max(range.end);
    }
    out.extend_from_slice(&arg[at..]);
}

/// The words of a shell script, each as an argument: blanks outside of quotes end one.
fn script(text: &[u8], out: &mut Vec<u8>) {
    let mut walk = Walk::default();
    let mut at = 0;
    while at < text.len() {
        if text[at].is_ascii_whitespace() {
            out.push(text[at]);
            at += 1;
            continue;
        }
        let end = at + word(&text[at..]);
        walk.argument(&text[at..end], out);
        at = end;
    }
}

/// Length of the shell word at the begin; quotes that nothing closes take the rest.
fn word(text: &[u8]) -> usize {
    let mut quote = None;
    let mut at = 0;
    while at < text.len() {
        match (quote, text[at]) {
            (None | Some(b'"'), b'\\') => at += 1,
            (None, b) if b.is_ascii_whitespace() => return at,
            (None, b @ (b'"' | b'\'' | b'`')) => quote = Some(b),
            (Some(q), b) if q == b => quote = None,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

fn has_blank(arg: &[u8]) -> bool {
    arg.iter().any(u8::is_ascii_whitespace)
}

fn leading_quotes(arg: &[u8]) -> usize {
    arg.iter().take_while(|b| b"\"'".contains(b)).count()
}

fn trim_quotes(arg: &[u8]) -> &[u8] {
    let start = leading_quotes(arg);
    let end = arg.iter().rposition(|b| !b"\"'".contains(b)).map_or(start, |at| at + 1);
    &arg[start..end.max(start)]
}
