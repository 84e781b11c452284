//! The variables of an environment as attributes: names, and of values hashes or plain settings.

use super::{Attribute, Class, Environ, Group, OwnName, OwnNames, Seal, Shape, glob};
use std::collections::HashSet;

/// Settings that hold no secret, and what they look like.
const PLAIN: &[(&str, Shape)] = &[
    ("TZ", Shape::Zone),
    ("LANG", Shape::Locale),
    ("LANGUAGE", Shape::Locale),
    ("LC_*", Shape::Locale),
    ("PATH", Shape::Paths),
    ("HOME", Shape::Paths),
    ("PWD", Shape::Paths),
    ("JAVA_HOME", Shape::Paths),
    ("GOPATH", Shape::Paths),
    ("PYTHONPATH", Shape::Paths),
    ("LD_LIBRARY_PATH", Shape::Paths),
    ("LD_PRELOAD", Shape::Paths),
    ("SSL_CERT_FILE", Shape::Paths),
    ("SSL_CERT_DIR", Shape::Paths),
    ("NODE_EXTRA_CA_CERTS", Shape::Paths),
    ("NODE_ENV", Shape::Word),
    ("RAILS_ENV", Shape::Word),
    ("RACK_ENV", Shape::Word),
    ("APP_ENV", Shape::Word),
    ("FLASK_ENV", Shape::Word),
    ("ASPNETCORE_ENVIRONMENT", Shape::Word),
    ("ENVIRONMENT", Shape::Word),
    ("LOG_LEVEL", Shape::Word),
    ("LOGLEVEL", Shape::Word),
    ("RUST_LOG", Shape::Word),
    ("*_VERSION", Shape::Version),
    ("VERSION", Shape::Version),
    ("PORT", Shape::Number),
    ("*_PORT", Shape::Number),
    ("GOMAXPROCS", Shape::Number),
    ("GOGC", Shape::Number),
    ("UV_THREADPOOL_SIZE", Shape::Number),
    ("WEB_CONCURRENCY", Shape::Number),
    ("*_WORKERS", Shape::Number),
    ("*_THREADS", Shape::Number),
    ("*_TIMEOUT_MS", Shape::Number),
    ("*_TIMEOUT", Shape::Number),
    ("*_POOL_SIZE", Shape::Number),
    ("MALLOC_ARENA_MAX", Shape::Number),
];
/// What a shell leaves behind, or who started it.
const OF_A_SHELL: &[&str] =
    &["PWD", "OLDPWD", "SHLVL", "_", "TERM", "COLUMNS", "LINES", "INVOCATION_ID", "JOURNAL_STREAM"];

/// Each variable as an attribute: hashed, or shown where it is a plain setting or was asked for.
pub fn variables(
    environ: &Environ,
    own: &OwnNames,
    seal: &Seal,
    show: &[String],
    mut to: impl FnMut(Attribute),
) {
    let links = links(environ);
    let own = own.for_settings();
    let shown = |name: &str| shape(name, show);
    for (name, value) in environ.sealed(&own, seal, &shown) {
        to(Attribute { group: Group::Env, name: name.into(), class: class(name, &links), value });
    }
}

fn shape(name: &str, asked: &[String]) -> Option<Shape> {
    if asked.iter().any(|g| glob(g, name)) {
        return Some(Shape::Any);
    }
    PLAIN.iter().find(|(g, _)| glob(g, name)).map(|(_, shape)| *shape)
}

fn class(name: &str, links: &HashSet<String>) -> Class {
    let own = OwnName::ALL.iter().any(|of| *of != OwnName::Kubernetes && of.variables().contains(&name));
    // All pods of a set are in one namespace; its name may be compared.
    let namespace = OwnName::Namespace.variables().contains(&name);
    if own && !namespace || OF_A_SHELL.contains(&name) || is_link(name, links) {
        Class::Free
    } else {
        Class::Equal
    }
}

/// The services that the kubelet wrote variables for: all that were there when the pod started, so that pods of different age
/// have different ones. Three variables are there for each.
fn links(environ: &Environ) -> HashSet<String> {
    let names: HashSet<&str> = environ.names().collect();
    let service = |name: &&str| {
        let service = name.strip_suffix("_SERVICE_HOST")?;
        let there = |end: &str| names.contains(format!("{service}{end}").as_str());
        (there("_SERVICE_PORT") && there("_PORT")).then(|| service.to_string())
    };
    names.iter().filter_map(service).collect()
}

/// `WEB_SERVICE_HOST`, `WEB_SERVICE_PORT_HTTP`, `WEB_PORT`, `WEB_PORT_80_TCP_ADDR`.
fn is_link(name: &str, links: &HashSet<String>) -> bool {
    let ends = |rest: &str| match rest {
        "_SERVICE_HOST" | "_SERVICE_PORT" | "_PORT" => true,
        _ if rest.starts_with("_SERVICE_PORT_") => true,
        _ => rest.strip_prefix("_PORT_").is_some_and(|rest| {
            let mut words = rest.split('_');
            let number = words.next().is_some_and(|n| n.parse::<u16>().is_ok());
            number && matches!(words.next(), Some("TCP" | "UDP" | "SCTP"))
        }),
    };
    // The name of a service may hold any of these words itself.
    let marks = ["_SERVICE_", "_PORT"].iter().flat_map(|mark| name.match_indices(mark));
    marks.map(|(at, _)| name.split_at(at)).any(|(service, rest)| links.contains(service) && ends(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kubelet_adds_for_services_is_free_and_what_looks_alike_is_not() {
        let text = "WEB_SERVICE_HOST=1\0WEB_SERVICE_PORT=1\0WEB_PORT=tcp://1\0WEB_PORT_80_TCP=x\0WEB_PORT_80_TCP_ADDR=x\0\
                    WEB_SERVICE_PORT_HTTP=1\0DB_SERVICE_HOST=mine\0DB_PORT=5432\0WEB_PORT_NAME=x\0HOSTNAME=a\0POD_NAMESPACE=b";
        let environ = Environ::new(text.as_bytes().to_vec(), false);
        let links = links(&environ);
        let free: Vec<&str> = environ.names().filter(|n| class(n, &links) == Class::Free).collect();
        assert_eq!(
            free,
            [
                "WEB_SERVICE_HOST",
                "WEB_SERVICE_PORT",
                "WEB_PORT",
                "WEB_PORT_80_TCP",
                "WEB_PORT_80_TCP_ADDR",
                "WEB_SERVICE_PORT_HTTP",
                "HOSTNAME"
            ]
        );
    }

    #[test]
    fn who_asks_for_a_variable_gets_it_when_it_is_plain_and_listed_ones_have_a_shape() {
        assert_eq!(shape("MY_MODE", &["MY_*".into()]), Some(Shape::Any));
        assert_eq!(shape("NODE_VERSION", &[]), Some(Shape::Version));
        assert_eq!(shape("LC_ALL", &[]), Some(Shape::Locale));
        assert_eq!(shape("DATABASE_URL", &[]), None);
    }
}
