//! Which kind of refusal it was, by the words of `kubectl`, API servers, `ssh` and what runs commands in containers.

use super::{Refusal, Refused, Said, Way};

/// No more of a line is shown, in characters.
const LINE: usize = 400;

/// Whether what ended is the transport and not the program behind it.
pub(super) fn of_transport(way: &Way, said: &Said) -> Option<Refused> {
    let code = match said.code {
        Some(0) => return None,
        Some(code) => code,
        None => return Some(Refused::new(Refusal::Other, "the program that reaches it was killed")),
    };
    let words = String::from_utf8_lossy(&said.stderr);
    match way {
        Way::Pod(pod) => of_kubectl(code, &words, &pod.namespace),
        Way::Ssh(_) => of_ssh(code, &words),
        Way::Exec(_) | Way::File(_) => of_shell(code, &words, &said.stdout),
    }
}

/// What `kubectl` says of a failure. Its exit code is the program's only when its last line says so: what stands before may
/// be the program's own words, whatever they are.
pub(super) fn of_kubectl(code: i32, words: &str, namespace: &str) -> Option<Refused> {
    let ended = last(words).strip_prefix("command terminated with exit code ").and_then(|n| n.parse().ok());
    match ended {
        // Older runtimes tell so that there is no such program.
        Some(126 | 127) => {
            let said =
                words.lines().map(str::trim).rfind(|l| !l.is_empty() && !l.starts_with("command terminated"));
            Some(Refused::new(Refusal::NoBinary, short(said.unwrap_or(&last(words)))))
        }
        Some(n) if n == code => None,
        _ if last(words).is_empty() => {
            Some(Refused::new(Refusal::Other, format!("kubectl ended with {code} and said nothing")))
        }
        _ => Some(of_words(words, namespace)),
    }
}

/// The kinds by what kubectl and API servers say; the first that fits counts, and its line is what is shown.
const SAID: &[(Refusal, &[&str])] = &[
    (
        Refusal::NoBinary,
        &[
            "executable file not found",
            "no such file or directory: unknown",
            "permission denied: unknown",
            "exec format error",
        ],
    ),
    (
        Refusal::Unauthenticated,
        &[
            "getting credentials",
            "Unauthorized",
            "must be logged in",
            "asked for the client to provide credentials",
        ],
    ),
    (Refusal::Forbidden, &["(Forbidden)", "forbidden:", "is forbidden", "Forbidden"]),
    (
        Refusal::NoContext,
        &[
            "cannot locate context",
            "current-context must exist",
            "no context exists",
            "no configuration has been provided",
            "error loading config file",
            "localhost:8080",
            "invalid configuration",
        ],
    ),
    (
        Refusal::Cut,
        &["abnormal closure", "reading from error stream", "error stream protocol error", "unexpected EOF"],
    ),
    (
        Refusal::Unreachable,
        &[
            "nable to connect to the server",
            "was refused",
            "error dialing backend",
            "no such host",
            "i/o timeout",
            "no route to host",
            "handshake timeout",
            "connection reset",
        ],
    ),
    (
        Refusal::Gone,
        &[
            "(NotFound)",
            "not found",
            "in a completed pod",
            "is not valid for pod",
            "does not have a host assigned",
        ],
    ),
    // Behind it stands only how to ask for help.
    (Refusal::Other, &["unknown flag"]),
];

/// A failure by its words.
pub(super) fn of_words(words: &str, namespace: &str) -> Refused {
    let line_with =
        |marks: &[&str]| words.lines().map(str::trim).rfind(|l| marks.iter().any(|m| l.contains(m)));
    let context =
        words.lines().map(str::trim).find(|l| l.contains("context") && l.contains("does not exist"));
    let found = context.map(|l| (Refusal::NoContext, l));
    let found = found.or_else(|| SAID.iter().find_map(|(kind, marks)| Some((*kind, line_with(marks)?))));
    match found {
        Some((Refusal::Forbidden, line)) => forbidden(line, namespace),
        Some((Refusal::Unauthenticated, line)) => unauthenticated(words, line),
        Some((Refusal::Cut, line)) => cut(line),
        Some((kind, line)) => Refused::new(kind, short(line)),
        None => Refused::new(Refusal::Other, last(words)),
    }
}

/// An answer that did not come to its end. What those say who carried it names only the wire.
pub(super) fn cut(said: &str) -> Refused {
    Refused::new(Refusal::Cut, short(&format!("the stream was cut: {said}")))
}

/// What we may not, and the rights that would be wanted.
pub(super) fn forbidden(line: &str, namespace: &str) -> Refused {
    if let Some((policy, rest)) =
        line.split_once("violates PodSecurity \"").and_then(|(_, rest)| rest.split_once("\": "))
    {
        let words = format!("the pod security policy `{policy}` refuses it: {rest}");
        return Refused::new(Refusal::Forbidden, short(&words));
    }
    let refused = Refused::new(Refusal::Forbidden, short(line));
    if line.contains("pods/exec") {
        // Which one a WebSocket needs changed with 1.35. <https://github.com/kubernetes/kubernetes/issues/134577>
        return refused.remedy(format!(
            "the rights `get pods/exec` and `create pods/exec` in namespace {namespace}; see `kubectl auth can-i --list -n {namespace}`"
        ));
    }
    let verb = line.split_once(" cannot ").and_then(|(_, rest)| rest.split_whitespace().next());
    let resource = line.split_once("resource \"").and_then(|(_, rest)| rest.split_once('"')).map(|(r, _)| r);
    match verb.zip(resource) {
        Some((verb, resource)) => {
            refused.remedy(format!("the right `{verb} {resource}`; see `kubectl auth can-i --list`"))
        }
        None => refused,
    }
}

/// What a plugin for credentials said stands before what kubectl says of it, and is what helps.
fn unauthenticated(words: &str, line: &str) -> Refused {
    let plugin = line.contains("getting credentials").then(|| {
        let own =
            |l: &&str| !l.is_empty() && *l != line && !l.starts_with("E1") && !l.contains("Unhandled Error");
        words.lines().map(str::trim).take_while(|l| *l != line).filter(own).last()
    });
    let said = match plugin.flatten() {
        Some(own) => format!("{own} ({line})"),
        None => line.to_string(),
    };
    Refused::new(Refusal::Unauthenticated, short(&said))
}

/// `ssh` itself ends with 255; a program there may do so too.
fn of_ssh(code: i32, words: &str) -> Option<Refused> {
    let has = |marks: &[&str]| marks.iter().any(|m| words.contains(m));
    let kind = match code {
        126 | 127 => Refusal::NoBinary,
        255 if has(&[
            "Permission denied",
            "Host key verification failed",
            "Too many authentication failures",
        ]) =>
        {
            Refusal::Unauthenticated
        }
        255 if has(&["Could not resolve"]) => Refusal::Gone,
        255 if has(&["timed out", "refused", "No route", "unreachable"]) => Refusal::Unreachable,
        255 if has(&["Connection closed", "Connection reset", "Broken pipe", "kex_exchange"]) => {
            return Some(cut(&last(words)));
        }
        255 => Refusal::Other,
        _ => return None,
    };
    Some(Refused::new(kind, last(words)))
}

/// What runs commands elsewhere hands their codes through; what a few of them and shells say of themselves is known.
fn of_shell(code: i32, words: &str, stdout: &[u8]) -> Option<Refused> {
    let has = |marks: &[&str]| stdout.is_empty() && marks.iter().any(|m| words.contains(m));
    let kind = match code {
        126 | 127 => Refusal::NoBinary,
        _ if has(&[
            "No such container",
            "no such container",
            "no container with name",
            "is not running",
            "nsenter: cannot open",
        ]) =>
        {
            Refusal::Gone
        }
        _ if has(&["Cannot connect to the Docker daemon"]) => Refusal::Unreachable,
        _ if has(&["permission denied while trying to connect", "nsenter: reassociate to namespace"]) => {
            Refusal::Forbidden
        }
        _ if stdout.is_empty() && !words.is_empty() && code > 3 => Refusal::Other,
        _ => return None,
    };
    Some(Refused::new(kind, last(words)))
}

/// The last line that says something: what went before it is warnings.
fn last(words: &str) -> String {
    short(words.lines().map(str::trim).rfind(|l| !l.is_empty()).unwrap_or_default())
}

fn short(line: &str) -> String {
    line.chars().take(LINE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: i32, words: &str) -> Option<(Refusal, String)> {
        of_kubectl(code, words, "prod").map(|r| (r.kind, r.words))
    }

    #[test]
    fn the_words_of_real_kubectls_are_told_apart() {
        for (words, kind) in [
            ("error: You must be logged in to the server (Unauthorized)", Refusal::Unauthenticated),
            (
                "Error from server (Forbidden): services is forbidden: User \"ada\" cannot list resource \"services\"",
                Refusal::Forbidden,
            ),
            ("Error from server (NotFound): pods \"web-9\" not found", Refusal::Gone),
            (
                "error: cannot exec into a container in a completed pod; current phase is Succeeded",
                Refusal::Gone,
            ),
            ("error: unable to upgrade connection: container not found (\"app\")", Refusal::Gone),
            (
                "error: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec \"0f\": OCI runtime exec failed: exec failed: unable to start container process: exec: \"paramedic\": executable file not found in $PATH: unknown",
                Refusal::NoBinary,
            ),
            (
                "OCI runtime exec failed: exec failed: exec: \"paramedic\": executable file not found in $PATH: unknown\ncommand terminated with exit code 126",
                Refusal::NoBinary,
            ),
            (
                "E1122 10:30:42.752071   28808 v2.go:167] \"Unhandled Error\" err=\"next reader: websocket: close 1006 (abnormal closure): unexpected EOF\"\nerror: error reading from error stream: next reader: websocket: close 1006 (abnormal closure): unexpected EOF",
                Refusal::Cut,
            ),
            (
                "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
                Refusal::Unreachable,
            ),
            (
                "Error from server: error dialing backend: dial tcp 10.0.0.9:10250: connect: no route to host",
                Refusal::Unreachable,
            ),
            ("Unable to connect to the server: EOF", Refusal::Unreachable),
            ("error: context \"nope\" does not exist", Refusal::NoContext),
            ("error: cannot locate context nope", Refusal::NoContext),
            ("error: current-context must exist in order to minify", Refusal::NoContext),
            (
                "W1122 loader.go:223] Config not found: /x\nThe connection to the server localhost:8080 was refused - did you specify the right host or port?",
                Refusal::NoContext,
            ),
            ("error: Upgrade request required", Refusal::Other),
            ("error: unknown flag: --custom\nSee 'kubectl debug --help' for usage.", Refusal::Other),
            ("", Refusal::Other),
        ] {
            assert_eq!(of(1, words).map(|r| r.0), Some(kind), "{words}");
        }
    }

    #[test]
    fn what_the_program_says_is_not_taken_for_kubectls_words() {
        assert_eq!(
            of(
                1,
                "error: (Forbidden) (NotFound) executable file not found\ncommand terminated with exit code 1\n"
            ),
            None
        );
        assert_eq!(of(2, "command terminated with exit code 2"), None);
        // Not at its end: that is the program's again, and kubectl failed after it.
        let both =
            "command terminated with exit code 2\nerror: error reading from error stream: unexpected EOF";
        assert_eq!(of(1, both).map(|r| r.0), Some(Refusal::Cut));
    }

    #[test]
    fn a_plugin_that_fails_is_quoted_and_a_right_that_is_missing_is_named() {
        let words = "sso: session expired, run sso login\nsso: session expired, run sso login\n\
                     Unable to connect to the server: getting credentials: exec: executable sso failed with exit code 7";
        let refused = of_kubectl(1, words, "prod").unwrap();
        assert_eq!(refused.kind, Refusal::Unauthenticated);
        assert!(
            refused.words.starts_with("sso: session expired, run sso login (Unable"),
            "{}",
            refused.words
        );
        let words = "Error from server (Forbidden): pods \"web-0\" is forbidden: User \"ada\" cannot create resource \"pods/exec\" in API group \"\" in the namespace \"prod\"";
        let remedy = of_kubectl(1, words, "prod").and_then(|r| r.remedy).unwrap();
        assert!(remedy.contains("`get pods/exec` and `create pods/exec` in namespace prod"), "{remedy}");
        let words = "Error from server (Forbidden): pods is forbidden: User \"ada\" cannot list resource \"pods\" in API group \"\"";
        assert!(of_kubectl(1, words, "prod").and_then(|r| r.remedy).unwrap().contains("`list pods`"));
        let words = "Error from server (Forbidden): pods \"web-0\" is forbidden: violates PodSecurity \"restricted:latest\": runAsNonRoot != true (pod or container \"x\")";
        let refused = of_kubectl(1, words, "prod").unwrap();
        assert_eq!(refused.kind, Refusal::Forbidden);
        assert!(
            refused.words.starts_with("the pod security policy `restricted:latest` refuses it: runAsNonRoot"),
            "{refused:?}"
        );
    }

    #[test]
    fn ssh_and_what_runs_commands_in_containers_are_understood() {
        assert_eq!(
            of_ssh(255, "ada@h: Permission denied (publickey).").map(|r| r.kind),
            Some(Refusal::Unauthenticated)
        );
        assert_eq!(
            of_ssh(255, "ssh: connect to host h port 22: Connection refused").map(|r| r.kind),
            Some(Refusal::Unreachable)
        );
        assert_eq!(
            of_ssh(255, "ssh: Could not resolve hostname h: Name or service not known").map(|r| r.kind),
            Some(Refusal::Gone)
        );
        assert_eq!(
            of_ssh(127, "bash: line 1: paramedic: command not found").map(|r| r.kind),
            Some(Refusal::NoBinary)
        );
        assert_eq!(of_ssh(2, "anything"), None);
        let docker = "Error response from daemon: No such container: web-9";
        assert_eq!(of_shell(1, docker, b"").map(|r| r.kind), Some(Refusal::Gone));
        assert_eq!(of_shell(1, docker, b"{}"), None);
        assert_eq!(of_shell(1, "", b""), None);
    }
}
