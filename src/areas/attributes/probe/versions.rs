//! Which kernel, distribution, C library and program; and what programs say of themselves.

use super::{Look, PATIENCE, files::Texts, sheet::Sheet};
use crate::{
    model::{Class, Gaps, Group, Seen, Value, Why},
    source::{
        child::Budget,
        proc::{argv, interp},
        program,
    },
};
use std::{
    env,
    path::Path,
    time::{Duration, Instant},
};

/// A program that is asked has so long to answer.
const ANSWER: Duration = Duration::from_secs(2);
/// And so many bytes.
const MOST: usize = 4 << 10;
/// Of these its first line is kept, so much of it.
const LINE: usize = 200;
/// So many programs are asked.
const PROGRAMS: usize = 16;
const USUAL: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) fn read(look: &Look, files: &Texts, sheet: &mut Sheet, gaps: &mut Gaps) {
    let world = look.moment.world;
    let kernel = world.text("sys/kernel/osrelease").map(|t| t.trim().to_string()).map_err(|e| Why::from(&e));
    sheet.text(Group::Version, "kernel", Class::Equal, kernel);
    let release = match files.get("/etc/os-release") {
        Some(Ok(bytes)) => pretty(&String::from_utf8_lossy(bytes)).ok_or(Why::Absent),
        Some(Err(why)) => Err(*why),
        None => Err(Why::NotAsked),
    };
    sheet.text(Group::Version, "os", Class::Equal, release);
    if let Some(pid) = look.patient.pid {
        let loader = interp::loader(world, pid, PATIENCE).map(|l| l.unwrap_or_else(|| "static".into()));
        sheet.text(Group::Version, "loader", Class::Equal, loader);
        sheet.text(Group::Version, "exe", Class::Equal, argv::exe(world, pid));
        let path = world.proc_root.join(format!("{pid}/exe"));
        let stat = world.ask().stat(&[path], PATIENCE, &mut Budget::late(PATIENCE)).pop();
        let size = stat.map_or(Err(Why::Broken), |s| s.map_err(Why::from)).map(|s| s.size as f64);
        sheet.figure(Group::Version, "exe_bytes", Class::Equal, size);
        command(look, pid, sheet);
    }
    for line in look.args.exec_version.iter().take(PROGRAMS) {
        let said = ask(line, look.moment.deadline);
        if let Err(why) = &said {
            gaps.add(*why, "versions of programs", line);
        }
        sheet.text(Group::Version, line, Class::Equal, said);
    }
}

/// How it was started: what may be shown of that, and the whole of it as a hash.
fn command(look: &Look, pid: i32, sheet: &mut Sheet) {
    let argv = argv::argv(look.moment.world, pid, PATIENCE);
    let own = look.own.for_settings();
    // A title that a process gives itself may count what it does.
    let title = argv
        .as_ref()
        .is_ok_and(|a| a.args().count() <= 1 && a.program() != a.args().next().unwrap_or_default());
    let class = if title { Class::Free } else { Class::Equal };
    let shown =
        argv.as_ref().map_err(|why| *why).map(|a| own.replace(a.shown().as_str().as_bytes()).into_owned());
    sheet.text(Group::Process, "command", class, shown);
    let sealed: Seen<Value> = argv.and_then(|a| {
        if a.is_cut() {
            return Err(Why::TooMany);
        }
        let whole = a.args().collect::<Vec<_>>().join(&0);
        let whole = own.replace(&whole);
        Ok(Value::Sealed { hash: look.seal.hash(&whole), bytes: whole.len() as u64 })
    });
    sheet.put(Group::Process, "command, secrets included", class, sealed.into());
}

fn pretty(text: &str) -> Option<String> {
    let value = text.lines().find_map(|l| l.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim().trim_matches(['"', '\'']).to_string())
}

/// The first line that a program prints, run where we run.
fn ask(line: &str, deadline: Instant) -> Seen<String> {
    let words = shlex::split(line).filter(|w| !w.is_empty()).ok_or(Why::Malformed)?;
    let (name, args) = words.split_first().ok_or(Why::Malformed)?;
    let path = env::var("PATH").unwrap_or_else(|_| USUAL.into());
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let until = deadline.min(Instant::now() + ANSWER);
    let ended = program::run(&found(name, &path)?, &args, &[("PATH", &path)], MOST, until);
    let ended = ended.map_err(|e| Why::from(&e))?;
    let text = String::from_utf8_lossy(&ended.stdout);
    let first = text.lines().map(str::trim).find(|l| !l.is_empty()).ok_or(Why::Absent)?;
    Ok(first.chars().take(LINE).collect())
}

/// A program as a shell finds it.
fn found(name: &str, path: &str) -> Seen<std::path::PathBuf> {
    if name.contains('/') {
        return Ok(name.into());
    }
    path.split(':').map(|dir| Path::new(dir).join(name)).find(|p| p.is_file()).ok_or(Why::Absent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_its_version_or_is_not_there() {
        let soon = Instant::now() + Duration::from_secs(60);
        assert_eq!(ask("sh -c 'echo; echo \"v1 $0\"; echo more' x", soon).as_deref(), Ok("v1 x"));
        assert_eq!(ask("no-such-program --version", soon), Err(Why::Absent));
        assert_eq!(ask("'unclosed", soon), Err(Why::Malformed));
        assert_eq!(ask("", soon), Err(Why::Malformed));
        assert_eq!(pretty("ID=x\nPRETTY_NAME=\"Debian 12\"\n").as_deref(), Some("Debian 12"));
    }
}
