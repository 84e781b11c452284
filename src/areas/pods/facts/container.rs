//! One container of a spec: what checks need of it, and no value of its environment.

use serde::{Deserialize, Serialize};

/// One container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Name.
    pub name: String,
    /// An init container that goes on.
    pub sidecar: bool,
    /// The image as it is written.
    pub image: String,
    /// `imagePullPolicy`.
    pub pull_policy: Option<String>,
    /// Its ports by name, or by number where they have none.
    pub ports: Vec<String>,
    /// Readiness probe.
    pub readiness: Option<Probe>,
    /// Liveness probe.
    pub liveness: Option<Probe>,
    /// There is a startup probe.
    pub startup: bool,
    /// preStop hook.
    pub pre_stop: Option<Hook>,
    /// `lifecycle.stopSignal`.
    pub stop_signal: Option<String>,
    /// Its command is not that of the image.
    pub own_command: bool,
    /// Time that its program is told to take for its end.
    pub drain: Option<Drain>,
    /// Memory limit, bytes.
    pub memory_limit_bytes: Option<u64>,
    /// Memory request, bytes.
    pub memory_request_bytes: Option<u64>,
    /// Processor request, cores.
    pub cpu_request: Option<f64>,
    /// Variables whose plain value looks like a secret.
    pub suspects: Vec<Suspect>,
}

/// Names of ports that are for the cluster and not for clients.
const ASIDE: &[&str] = &["metric", "prom", "health", "probe", "ready", "liveness", "monitoring", "telemetry"];

impl Container {
    /// Whether clients talk to it: it has a port that is not there to be watched, or says when it is ready.
    pub fn serves(&self) -> bool {
        let aside = |p: &String| ASIDE.iter().any(|a| p.to_ascii_lowercase().contains(a));
        match self.ports.is_empty() {
            true => self.readiness.is_some(),
            false => !self.ports.iter().all(aside),
        }
    }
    /// Whether it is asked by HTTP.
    pub fn speaks_http(&self) -> bool {
        [&self.readiness, &self.liveness].into_iter().flatten().any(|p| p.asks.starts_with("httpGet"))
            || self.ports.iter().any(|p| p.contains("http") || p.contains("grpc") || p == "web")
    }
    /// Its image, taken apart.
    pub fn image(&self) -> Image<'_> {
        Image::of(&self.image)
    }
}

/// A probe, with what is not said as the API server fills it in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// What it asks: `httpGet /health :8080`.
    pub asks: String,
    /// Names of the headers that it sends.
    pub headers: Vec<String>,
    /// `initialDelaySeconds`.
    pub delay_s: u64,
    /// `periodSeconds`.
    pub period_s: u64,
    /// `timeoutSeconds`.
    pub timeout_s: u64,
    /// `failureThreshold`.
    pub failures: u64,
    /// `successThreshold`.
    pub successes: u64,
}

impl Probe {
    /// How long it must fail before something is done.
    pub fn patience_s(&self) -> u64 {
        self.period_s.saturating_mul(self.failures)
    }
    /// The figures by their names in a manifest.
    pub fn figures(&self) -> [(&'static str, u64); 5] {
        [
            ("initialDelaySeconds", self.delay_s),
            ("periodSeconds", self.period_s),
            ("timeoutSeconds", self.timeout_s),
            ("failureThreshold", self.failures),
            ("successThreshold", self.successes),
        ]
    }
}

/// A preStop hook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hook {
    /// What it does, secrets struck out: `sleep 5`, `exec /bin/sh -c …`.
    pub does: String,
    /// The program that it starts in the container; none for a native sleep or an HTTP request.
    pub program: Option<String>,
    /// Seconds that it surely sleeps.
    pub sleeps_s: f64,
}

/// What a program was told about its own end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drain {
    /// Flag, variable or annotation.
    pub by: String,
    /// Seconds.
    pub seconds: f64,
}

/// A variable whose value stands in the open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// Its name.
    pub name: String,
    /// It is the form of the value that tells, not only the name.
    pub by_form: bool,
}

/// An image reference, taken apart.
/// <https://github.com/distribution/reference>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// Registry and path, without tag and digest.
    pub name: &'a str,
    /// The tag, if one is written.
    pub tag: Option<&'a str>,
    /// There is a digest.
    pub pinned: bool,
}

impl<'a> Image<'a> {
    /// Out of its text.
    pub fn of(text: &'a str) -> Self {
        let (rest, pinned) = text.split_once('@').map_or((text, false), |(rest, _)| (rest, true));
        let path = rest.rfind('/').map_or(0, |at| at + 1);
        // A colon before the last slash is the port of the registry.
        let (name, tag) = match rest[path..].find(':') {
            Some(at) => (&rest[..path + at], Some(&rest[path + at + 1..])),
            None => (rest, None),
        };
        Self { name, tag, pinned }
    }
    /// The last part of its path: `nginx`.
    pub fn base(&self) -> &'a str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }
    /// It is known to have neither a shell nor `sleep`, by its name.
    pub fn is_bare(&self) -> bool {
        let debug = self.tag.is_some_and(|t| t.contains("debug") || t.contains("dev"));
        let name = self.name;
        let bare = name.contains("distroless") || name.starts_with("cgr.dev/chainguard/");
        bare && !debug
    }
    /// It is nginx as its makers publish it.
    pub fn is_nginx(&self) -> bool {
        matches!(
            self.name,
            "nginx"
                | "library/nginx"
                | "docker.io/nginx"
                | "docker.io/library/nginx"
                | "public.ecr.aws/nginx/nginx"
                | "public.ecr.aws/docker/library/nginx"
                | "nginxinc/nginx-unprivileged"
                | "docker.io/nginxinc/nginx-unprivileged"
                | "mirror.gcr.io/library/nginx"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_taken_apart_as_registries_do() {
        let is = |text, name, tag, pinned| assert_eq!(Image::of(text), Image { name, tag, pinned }, "{text}");
        is("nginx", "nginx", None, false);
        is("nginx:1.27", "nginx", Some("1.27"), false);
        is("reg.test:5000/a/web", "reg.test:5000/a/web", None, false);
        is("reg.test:5000/a/web:v1@sha256:ab", "reg.test:5000/a/web", Some("v1"), true);
        is("", "", None, false);
        assert!(Image::of("gcr.io/distroless/static-debian12").is_bare());
        assert!(!Image::of("gcr.io/distroless/base:debug").is_bare());
        assert!(
            Image::of("docker.io/library/nginx:1.27").is_nginx() && !Image::of("corp/nginx:1").is_nginx()
        );
    }

    #[test]
    fn ports_that_are_there_to_be_watched_serve_nobody() {
        let with = |ports: &[&str]| Container {
            ports: ports.iter().map(ToString::to_string).collect(),
            ..Container::default()
        };
        assert!(with(&["http", "metrics"]).serves() && with(&["8080"]).serves());
        assert!(!with(&["http-metrics"]).serves() && !with(&[]).serves());
    }
}
