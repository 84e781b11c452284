//! One container of a spec. Of its environment names leave this file, and numbers of known settings; never a value.

use super::{
    super::facts::{Container, Drain, Hook, Probe, Suspect},
    value::{amount, list, number, pairs, plain, short, text},
};
use crate::model::{Argv, Suspicion, suspicion};
use serde_json::Value;

/// Suspects of one container.
const SUSPECTS: usize = 32;

/// What tells a program how long its end may take: flags of servers.
const FLAGS: &[&str] = &[
    "--graceful-timeout",
    "--timeout-graceful-shutdown",
    "--shutdown-grace-period",
    "--shutdown-timeout",
    "--drain-time-s",
    "--drain-timeout",
    "--drain-duration",
    "--grace-period",
    "--graceful-shutdown-timeout",
];
/// The same as variables.
const VARIABLES: &[&str] = &[
    "TERMINATION_DRAIN_DURATION_SECONDS",
    "SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE",
    "SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE",
    "GRACEFUL_SHUTDOWN_TIMEOUT",
    "GRACEFUL_TIMEOUT",
    "SHUTDOWN_TIMEOUT",
    "SHUTDOWN_GRACE_PERIOD",
    "SHUTDOWN_DRAIN_SECONDS",
    "DRAIN_TIMEOUT",
    "QUARKUS_SHUTDOWN_TIMEOUT",
];

/// One container.
pub fn read(v: &Value, sidecar: bool) -> Container {
    let ports = list(v, "/ports").iter().take(100);
    let pull_policy = text(v, "/imagePullPolicy");
    Container {
        name: text(v, "/name").unwrap_or_default(),
        sidecar,
        image: text(v, "/image").unwrap_or_default(),
        pull_policy,
        ports: ports.filter_map(|p| text(p, "/name").or_else(|| text(p, "/containerPort"))).collect(),
        readiness: probe(v, "/readinessProbe"),
        liveness: probe(v, "/livenessProbe"),
        startup: v.get("startupProbe").is_some_and(Value::is_object),
        pre_stop: v.pointer("/lifecycle/preStop").and_then(hook),
        stop_signal: text(v, "/lifecycle/stopSignal"),
        own_command: v.get("command").is_some_and(Value::is_array),
        drain: drain(v),
        memory_limit_bytes: amount(v, "/resources/limits/memory").map(|n| n as u64),
        // A limit without a request is its own request.
        memory_request_bytes: amount(v, "/resources/requests/memory")
            .or_else(|| amount(v, "/resources/limits/memory"))
            .map(|n| n as u64),
        cpu_request: amount(v, "/resources/requests/cpu").or_else(|| amount(v, "/resources/limits/cpu")),
        suspects: suspects(v),
    }
}

/// The words of a command with every secret struck out.
fn shown(words: &[String]) -> String {
    short(Argv::new(words.join("\0").into_bytes(), false).shown().as_str())
}

fn words(v: &Value, at: &str) -> Vec<String> {
    list(v, at).iter().take(256).filter_map(|w| w.as_str().map(short).or_else(|| plain(w))).collect()
}

fn probe(v: &Value, at: &str) -> Option<Probe> {
    let p = v.pointer(at).filter(|p| p.is_object())?;
    // A port may be written by its name here and by its number there.
    let port = |at: &str| {
        let said = text(p, at).unwrap_or_default();
        let named = list(v, "/ports").iter().find(|x| text(x, "/name").as_ref() == Some(&said));
        named.and_then(|x| text(x, "/containerPort")).unwrap_or(said)
    };
    let mut headers = Vec::new();
    let asks = if p.get("httpGet").is_some() {
        let path = text(p, "/httpGet/path").unwrap_or_else(|| "/".into());
        let tls = text(p, "/httpGet/scheme").is_some_and(|s| s.eq_ignore_ascii_case("https"));
        headers = list(p, "/httpGet/httpHeaders").iter().take(20).filter_map(|h| text(h, "/name")).collect();
        let host = text(p, "/httpGet/host").unwrap_or_default();
        let scheme = if tls { " TLS" } else { "" };
        format!("httpGet {} {host}:{}{scheme}", shown(&[path]), port("/httpGet/port"))
    } else if p.get("tcpSocket").is_some() {
        format!("tcpSocket :{}", port("/tcpSocket/port"))
    } else if p.get("grpc").is_some() {
        let service = text(p, "/grpc/service").unwrap_or_default();
        format!("grpc {service}:{}", text(p, "/grpc/port").unwrap_or_default())
    } else if p.get("exec").is_some() {
        format!("exec {}", shown(&words(p, "/exec/command")))
    } else {
        return None;
    };
    let at = |name: &str, default| number(p, name).unwrap_or(default);
    Some(Probe {
        asks,
        headers,
        delay_s: at("/initialDelaySeconds", 0),
        period_s: at("/periodSeconds", 10).max(1),
        timeout_s: at("/timeoutSeconds", 1).max(1),
        failures: at("/failureThreshold", 3).max(1),
        successes: at("/successThreshold", 1).max(1),
    })
}

fn hook(v: &Value) -> Option<Hook> {
    if let Some(seconds) = number(v, "/sleep/seconds") {
        return Some(Hook { does: format!("sleep {seconds}"), program: None, sleeps_s: seconds as f64 });
    }
    if v.get("exec").is_some() {
        let words = words(v, "/exec/command");
        let sleeps_s = match words.as_slice() {
            [program, script @ ..] if is_shell(program) => script.iter().map(|s| slept(s)).sum(),
            words => slept(&words.join(" ")),
        };
        let program = words.first().cloned();
        return Some(Hook { does: format!("exec {}", shown(&words)), program, sleeps_s });
    }
    if v.get("httpGet").is_some() {
        let path = text(v, "/httpGet/path").unwrap_or_else(|| "/".into());
        let port = text(v, "/httpGet/port").unwrap_or_default();
        let does = format!("httpGet {} :{port}", shown(&[path]));
        return Some(Hook { does, program: None, sleeps_s: 0.0 });
    }
    None
}

fn is_shell(program: &str) -> bool {
    matches!(program.rsplit('/').next(), Some("sh" | "bash" | "dash" | "ash"))
}

/// Seconds of every `sleep N` of a line. One within a loop or behind a condition may be fewer or more: those are not counted.
fn slept(line: &str) -> f64 {
    let conditional =
        ["while ", "until ", "for ", "if ", "||"].iter().any(|w| line.contains(w)) || line.contains("$(");
    if conditional {
        return 0.0;
    }
    let mut words = line.split(|c: char| c.is_whitespace() || c == ';' || c == '&').filter(|w| !w.is_empty());
    let mut sum = 0.0;
    while let Some(word) = words.next() {
        if word.rsplit('/').next() == Some("sleep") {
            sum += words.next().and_then(seconds).unwrap_or(0.0);
        }
    }
    sum
}

/// `30`, `30s`, `1.5m`, `500ms`.
fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let (digits, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let times = match unit {
        "" | "s" | "S" => 1.0,
        "ms" => 0.001,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    digits.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0).map(|n| n * times)
}

/// What its program is told about its end.
fn drain(v: &Value) -> Option<Drain> {
    let line = [words(v, "/command"), words(v, "/args")].concat();
    let mut at = line.iter().flat_map(|w| w.split_whitespace()).peekable();
    while let Some(word) = at.next() {
        let (flag, value) = word.split_once('=').map_or((word, None), |(f, v)| (f, Some(v)));
        let traefik = flag.to_ascii_lowercase().ends_with("lifecycle.gracetimeout");
        if FLAGS.contains(&flag) || traefik {
            let value = value.or_else(|| at.peek().copied());
            if let Some(seconds) = value.and_then(seconds) {
                return Some(Drain { by: short(flag), seconds });
            }
        }
    }
    list(v, "/env").iter().take(1000).find_map(|e| {
        let name = text(e, "/name").filter(|n| VARIABLES.contains(&n.as_str()))?;
        Some(Drain { seconds: seconds(&text(e, "/value")?)?, by: name })
    })
}

fn suspects(v: &Value) -> Vec<Suspect> {
    let of = |e: &Value| {
        let name = text(e, "/name")?;
        let value = e.get("value")?.as_str()?;
        let by = suspicion(&name, value)?;
        Some(Suspect { name, by_form: by == Suspicion::Form })
    };
    list(v, "/env").iter().take(1000).filter_map(of).take(SUSPECTS).collect()
}

/// Annotations of sidecars that are put in later say how long those drain.
pub fn of_annotations(template: &Value) -> Option<Drain> {
    let all = pairs(template, "/metadata/annotations");
    [
        "config.linkerd.io/proxy-wait-before-exit-seconds",
        "config.alpha.linkerd.io/proxy-wait-before-exit-seconds",
    ]
    .iter()
    .find_map(|by| Some(Drain { by: by.to_string(), seconds: seconds(all.get(*by)?)? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hooks_are_read_for_what_they_surely_sleep() {
        let of = |v: Value| hook(&v).unwrap();
        let exec = |words: &[&str]| of(json!({"exec": {"command": words}}));
        assert_eq!(of(json!({"sleep": {"seconds": 5}})).sleeps_s, 5.0);
        assert_eq!(exec(&["/bin/sleep", "10"]).sleeps_s, 10.0);
        assert_eq!(exec(&["sh", "-c", "sleep 5; nginx -s quit && sleep 1m"]).sleeps_s, 65.0);
        assert_eq!(exec(&["sh", "-c", "while pgrep x; do sleep 1; done"]).sleeps_s, 0.0);
        assert_eq!(exec(&["/bin/sleep", "10"]).program.as_deref(), Some("/bin/sleep"));
        assert_eq!(of(json!({"httpGet": {"path": "/drain", "port": "admin"}})).does, "httpGet /drain :admin");
        assert!(hook(&json!({})).is_none());
        let secret = exec(&["curl", "-u", "admin:hunter2", "http://x"]);
        assert!(!secret.does.contains("hunter2"), "{}", secret.does);
    }

    #[test]
    fn no_value_of_the_environment_leaves_it() {
        let c = read(
            &json!({"name": "web", "image": "web:1", "env": [
                {"name": "DB_PASSWORD", "value": "hunter2"},
                {"name": "OTHER", "value": "postgres://a:hunter2@db/x"},
                {"name": "FROM", "valueFrom": {"secretKeyRef": {"name": "x", "key": "y"}}},
                {"name": "PORT", "value": "8080"},
                {"name": "GRACEFUL_TIMEOUT", "value": "25s"}]}),
            false,
        );
        let names: Vec<_> = c.suspects.iter().map(|s| (s.name.as_str(), s.by_form)).collect();
        assert_eq!(names, [("DB_PASSWORD", false), ("OTHER", true)]);
        assert_eq!(c.drain.clone().unwrap().seconds, 25.0);
        assert!(!serde_json::to_string(&c).unwrap().contains("hunter2"));
    }

    #[test]
    fn probes_have_what_the_api_server_fills_in_and_ports_by_number() {
        let c = read(
            &json!({"name": "web", "ports": [{"name": "http", "containerPort": 8080}],
                "readinessProbe": {"httpGet": {"path": "/ok", "port": "http"}},
                "livenessProbe": {"httpGet": {"path": "/ok", "port": 8080}, "failureThreshold": 6},
                "command": ["gunicorn", "--graceful-timeout", "40"],
                "resources": {"limits": {"memory": "64Mi", "cpu": "250m"}}}),
            false,
        );
        let (r, l) = (c.readiness.unwrap(), c.liveness.unwrap());
        assert_eq!((r.asks.as_str(), r.patience_s(), l.patience_s()), ("httpGet /ok :8080", 30, 60));
        assert_eq!(r.asks, l.asks);
        assert_eq!(c.drain.unwrap().seconds, 40.0);
        assert_eq!(
            (c.memory_limit_bytes, c.memory_request_bytes, c.cpu_request),
            (Some(64 << 20), Some(64 << 20), Some(0.25))
        );
        assert!(read(&json!({"livenessProbe": {}}), false).liveness.is_none());
    }
}
