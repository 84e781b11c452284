//! What the first process of a pid namespace is there for, told by its names and arguments.

use serde::{Deserialize, Serialize};

/// What a program is there for, as far as signals go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A small init that gives signals to its one child: tini, docker-init, catatonit.
    Forwarder,
    /// One that gives them to the whole process group: dumb-init, tini -g.
    GroupForwarder,
    /// An init or supervisor that ends its services in its own way: systemd, s6, runit, supervisord.
    Supervisor,
    /// A shell that runs a line of its own or a script.
    Wrapper,
    /// A shell for somebody to type into.
    Prompt,
    /// It does nothing but keep the namespace alive: sleep, tail -f /dev/null.
    KeepAlive,
    /// Node.js: its own handler is there whether or not the program has one.
    Node,
    /// A Java machine.
    Java,
    /// CPython.
    Python,
    /// Whatever else.
    Program,
}

const SHELLS: &[&str] =
    &["sh", "bash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh", "fish", "busybox", "hush"];
const SUPERVISORS: &[&str] = &[
    "systemd",
    "init",
    "supervisord",
    "runit",
    "runit-init",
    "runsvdir",
    "s6-svscan",
    "s6-linux-init",
    "s6-supervise",
    "my_init",
    "openrc-init",
    "finit",
    "dinit",
    "circusd",
    "pid1",
    "process-compose",
    "procd",
    "upstart",
    "launchd",
];
const NODE: &[&str] = &["node", "nodejs", "npm", "npx", "yarn", "pnpm", "MainThread", "node-MainThread"];
const IDLERS: &[&str] = &["sleep", "pause", "tail", "cat", "infinity"];

/// Told by the executable, else by the first argument, else by the kernel's name of the process.
pub fn role(args: &[&[u8]], comm: &str, exe: Option<&[u8]>) -> Role {
    let (exe, first) = (exe.map(base).unwrap_or_default(), base(args.first().copied().unwrap_or_default()));
    // A login shell has a dash in front, a title a colon behind: `nginx:`, `npm start`.
    let first = first.trim_start_matches('-').split([':', ' ']).next().unwrap_or_default();
    let names = [exe.as_str(), first, comm];
    let any = |of: &[&str]| names.iter().any(|n| of.contains(n));
    let starts = |with: &str| names.iter().any(|n| n.starts_with(with));
    let has = |flag: &str| args.iter().skip(1).take_while(|a| **a != b"--").any(|a| *a == flag.as_bytes());
    match () {
        // A container's first process is often a link to another: the executable says what runs.
        () if starts("tini") || any(&["docker-init", "catatonit", "podman-init", "nerdctl-init"]) => {
            if has("-g") { Role::GroupForwarder } else { Role::Forwarder }
        }
        () if starts("dumb-init") => {
            if has("-c") || has("--single-child") {
                Role::Forwarder
            } else {
                Role::GroupForwarder
            }
        }
        () if SHELLS.contains(&exe.as_str()) || exe.is_empty() && SHELLS.contains(&first) => {
            shell(exe == "busybox" || first == "busybox", first, args)
        }
        () if any(SUPERVISORS) => Role::Supervisor,
        () if any(IDLERS) && idles(&names, args) => Role::KeepAlive,
        () if any(NODE) => Role::Node,
        () if any(&["java", "jsvc"]) => Role::Java,
        () if starts("python") || starts("gunicorn") || starts("uwsgi") => Role::Python,
        () => Role::Program,
    }
}

/// The last part of a path as text; what is no text is nobody's name.
fn base(path: &[u8]) -> String {
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or_default();
    std::str::from_utf8(name).unwrap_or_default().to_string()
}

fn idles(names: &[&str], args: &[&[u8]]) -> bool {
    match names {
        // `tail -f app.log` serves nobody either, but it is a choice to be looked at as any other program.
        n if n.contains(&"tail") => args.contains(&&b"/dev/null"[..]),
        n if n.contains(&"cat") => args.len() < 2,
        _ => true,
    }
}

/// A shell by its arguments: sh(1), bash(1), busybox.
fn shell(busybox: bool, applet: &str, args: &[&[u8]]) -> Role {
    let applet_first = busybox && applet == "busybox";
    let name =
        if applet_first { args.get(1).map(|a| base(a)).unwrap_or_default() } else { applet.to_string() };
    if busybox && !SHELLS.contains(&name.as_str()) {
        return match name.as_str() {
            "init" | "linuxrc" | "runsvdir" | "runit" => Role::Supervisor,
            "sleep" => Role::KeepAlive,
            "tail" if args.contains(&&b"/dev/null"[..]) => Role::KeepAlive,
            _ => Role::Program,
        };
    }
    let mut rest = args.iter().skip(if applet_first { 2 } else { 1 });
    while let Some(arg) = rest.next() {
        match *arg {
            b"--rcfile" | b"--init-file" | b"-o" | b"+o" | b"-O" | b"+O" => {
                rest.next();
            }
            b"--" | b"-" => return if rest.next().is_some() { Role::Wrapper } else { Role::Prompt },
            [b'-', b'-', ..] => {}
            [b'-', flags @ ..] if flags.contains(&b'c') => return Role::Wrapper,
            [b'-', flags @ ..] if flags.contains(&b's') => return Role::Prompt,
            [b'-' | b'+', ..] => {}
            _ => return Role::Wrapper,
        }
    }
    Role::Prompt
}

impl Role {
    /// Whether it gives signals on by itself.
    pub fn delegates(self) -> bool {
        matches!(self, Role::Forwarder | Role::GroupForwarder | Role::Supervisor)
    }
    /// Whether it collects the children that it inherits: inits do, shells too.
    pub fn reaps(self) -> bool {
        self.delegates() || matches!(self, Role::Wrapper | Role::Prompt)
    }
    /// As evidence has it.
    pub fn name(self) -> &'static str {
        match self {
            Role::Forwarder | Role::GroupForwarder => "init",
            Role::Supervisor => "supervisor",
            Role::Wrapper | Role::Prompt => "shell",
            Role::KeepAlive => "keep-alive",
            Role::Node => "node",
            Role::Java => "java",
            Role::Python => "python",
            Role::Program => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str, comm: &str, exe: &str) -> Role {
        let args: Vec<&[u8]> = line.split('|').map(str::as_bytes).collect();
        role(&args, comm, (!exe.is_empty()).then_some(exe.as_bytes()))
    }

    proptest::proptest! {
        #[test]
        fn no_arguments_break_it(args: Vec<Vec<u8>>, comm: String, exe: Option<Vec<u8>>) {
            let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            let _ = role(&args, &comm, exe.as_deref()).name();
        }
    }

    #[test]
    fn shells_are_told_by_what_they_were_given_to_do() {
        for (line, comm, exe, expected) in [
            ("sh|-c|node s.js; true", "sh", "/usr/bin/dash", Role::Wrapper),
            ("bash|-ec|x", "bash", "/usr/bin/bash", Role::Wrapper),
            ("bash|-o|pipefail|-c|x", "bash", "", Role::Wrapper),
            ("/bin/sh|/entrypoint.sh|node", "entrypoint.sh", "/bin/busybox", Role::Wrapper),
            ("/bin/bash|--norc|--|x.sh", "bash", "/bin/bash", Role::Wrapper),
            ("/bin/busybox|sh|-c|x", "busybox", "/bin/busybox", Role::Wrapper),
            ("bash", "bash", "/usr/bin/bash", Role::Prompt),
            ("-bash", "bash", "/usr/bin/bash", Role::Prompt),
            ("sh|-i", "sh", "/bin/busybox", Role::Prompt),
            ("busybox|sh", "busybox", "/bin/busybox", Role::Prompt),
            ("bash|--rcfile|/x|-l", "bash", "", Role::Prompt),
            // `sh -c 'exec x'` is x.
            ("sleep|100", "sleep", "/usr/bin/sleep", Role::KeepAlive),
        ] {
            assert_eq!(of(line, comm, exe), expected, "{line}");
        }
    }

    #[test]
    fn inits_are_told_by_any_of_their_names() {
        for (line, comm, exe, expected) in [
            ("/usr/bin/tini|--|node|x", "tini", "/usr/bin/tini", Role::Forwarder),
            ("/tini-static|--|x|-g", "tini-static", "", Role::Forwarder),
            ("tini|-g|--|x", "tini", "", Role::GroupForwarder),
            ("/sbin/docker-init|--|x", "docker-init", "/sbin/docker-init", Role::Forwarder),
            ("/usr/bin/dumb-init|x", "dumb-init", "", Role::GroupForwarder),
            ("/usr/bin/dumb-init|-c|x", "dumb-init", "", Role::Forwarder),
            ("/sbin/init", "systemd", "/usr/lib/systemd/systemd", Role::Supervisor),
            ("init", "init", "/bin/busybox", Role::Supervisor),
            ("/package/admin/s6/command/s6-svscan|-d4", "s6-svscan", "", Role::Supervisor),
            ("/usr/bin/python3|/usr/bin/supervisord", "supervisord", "/usr/bin/python3.11", Role::Supervisor),
            ("runsvdir|/etc/service", "runsvdir", "", Role::Supervisor),
        ] {
            assert_eq!(of(line, comm, exe), expected, "{line}");
        }
    }

    #[test]
    fn programs_are_told_by_their_executable_also_behind_a_title() {
        for (line, comm, exe, expected) in [
            ("node|s.js", "node", "/usr/bin/node", Role::Node),
            ("npm start", "npm start", "", Role::Node),
            ("node|s.js", "MainThread", "", Role::Node),
            ("java|-jar|a.jar", "java", "/usr/lib/jvm/17/bin/java", Role::Java),
            ("/usr/bin/python3|app.py", "python3", "/usr/bin/python3.11", Role::Python),
            ("gunicorn: master [app]", "gunicorn", "/usr/local/bin/python3.12", Role::Python),
            ("nginx: master process nginx", "nginx", "/usr/sbin/nginx", Role::Program),
            ("tail|-f|/dev/null", "tail", "/usr/bin/tail", Role::KeepAlive),
            ("tail|-f|app.log", "tail", "/usr/bin/tail", Role::Program),
            ("/pause", "pause", "", Role::KeepAlive),
            ("cat", "cat", "", Role::KeepAlive),
            ("sleep|9", "sleep", "/bin/busybox", Role::KeepAlive),
            ("", "x", "", Role::Program),
        ] {
            assert_eq!(of(line, comm, exe), expected, "{line}");
        }
    }
}
