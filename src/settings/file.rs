//! `paramedic.toml`: limits by check code, names to resolve, ignores, and queues (`queue.rs`).
//!
//! ```toml
//! [limits."fds/near-limit"]
//! used_pct = [60, 90]        # warning, critical
//! min_open = 200             # a limit with one number
//!
//! [dns]
//! names = ["db.prod.svc.cluster.local", "api.example.com"]
//!
//! [[ignore]]
//! code = "sockets/fin-wait-stuck"
//! subject = "legacy-*"
//! reason = "fixed in 4.2, rollout in March"
//! expires = "2027-03-31"
//! ```

use super::{Ignore, Settings, queue::Postgres};
use crate::model::{
    Doc, Level, Stamp,
    dns_name::{NAMES_MOST, lookup_name},
};
use anyhow::{Context, anyhow, bail, ensure};
use serde::Deserialize;
use std::{cell::Cell, collections::BTreeMap};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    limits: BTreeMap<String, BTreeMap<String, Value>>,
    #[serde(default)]
    dns: Dns,
    #[serde(default)]
    ignore: Vec<Entry>,
    pg: Option<Postgres>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dns {
    #[serde(default)]
    names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    One(f64),
    Two([f64; 2]),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    subject: String,
    reason: String,
    expires: String,
}

pub(super) fn parse(text: &str, path: &str, docs: &[&Doc]) -> anyhow::Result<Settings> {
    let file: File = toml::from_str(text).with_context(|| format!("{path}: not understood"))?;
    let mut settings = Settings { file: Some(path.into()), ..Settings::default() };
    for (code, keys) in file.limits {
        let doc = known(&code, docs).with_context(|| format!("{path}: [limits.\"{code}\"]"))?;
        for (key, value) in keys {
            let Some(limit) = doc.limits.iter().find(|l| l.key == key) else {
                let keys: Vec<_> = doc.limits.iter().map(|l| l.key).collect();
                bail!("{path}: {code} has no limit `{key}`; it has: {}", keys.join(", "));
            };
            let level = match value {
                Value::One(x) if limit.single => Level { warning: x, critical: x },
                Value::Two([warning, critical]) if !limit.single => Level { warning, critical },
                _ if limit.single => bail!("{path}: {code} `{key}` wants one number, as in `{key} = 64`"),
                _ => bail!(
                    "{path}: {code} `{key}` wants two numbers, as in `{key} = [50, 80]` (warning, critical)"
                ),
            };
            ensure!(
                level.warning.is_finite() && level.critical.is_finite(),
                "{path}: {code} `{key}`: not a number"
            );
            settings.levels.insert((code.clone(), key), level);
        }
    }
    let names = file.dns.names;
    ensure!(names.len() <= NAMES_MOST, "{path}: [dns] names: {} names, {NAMES_MOST} at most", names.len());
    for name in &names {
        let name = lookup_name(name).map_err(|e| anyhow!("{path}: [dns] names: {name:?}: {e}"))?;
        if !settings.names.contains(&name) {
            settings.names.push(name);
        }
    }
    if let Some(postgres) = file.pg {
        settings.queues = postgres.queues(path)?;
    }
    for e in file.ignore {
        known(&e.code, docs).with_context(|| format!("{path}: [[ignore]]"))?;
        ensure!(!e.reason.trim().is_empty(), "{path}: [[ignore]] of {}: give a reason", e.code);
        ensure!(!e.subject.is_empty(), "{path}: [[ignore]] of {}: give a subject, `*` for every one", e.code);
        let day: jiff::civil::Date = e.expires.parse().with_context(|| {
            format!(
                "{path}: [[ignore]] of {}: expires = \"{}\" is no day such as 2027-03-31",
                e.code, e.expires
            )
        })?;
        // An entry holds to the end of its day, in UTC.
        let end = day.tomorrow()?.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp();
        settings.ignores.push(Ignore {
            code: e.code,
            subject: e.subject,
            reason: e.reason,
            expires: Stamp::from_ms(end.as_millisecond()),
            expires_text: e.expires,
            used: Cell::new(false),
        });
    }
    Ok(settings)
}

fn known<'d>(code: &str, docs: &[&'d Doc]) -> anyhow::Result<&'d Doc> {
    docs.iter()
        .find(|d| d.code == code)
        .copied()
        .with_context(|| format!("there is no check `{code}`; `paramedic explain` lists them"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Levels, Limit};

    const DOC: Doc = Doc {
        code: "fds/near-limit",
        summary: "",
        body: "",
        file: "",
        limits: &[
            Limit {
                key: "used_pct",
                what: "",
                default: Level { warning: 50.0, critical: 80.0 },
                single: false,
            },
            Limit {
                key: "min_open",
                what: "",
                default: Level { warning: 64.0, critical: 64.0 },
                single: true,
            },
        ],
    };

    #[test]
    fn a_file_overrules_defaults_key_by_key() {
        let s = parse("[limits.\"fds/near-limit\"]\nused_pct = [60, 90]\n", "p", &[&DOC]).unwrap();
        assert_eq!(s.level(DOC.code, &DOC.limits[0]), Level { warning: 60.0, critical: 90.0 });
        assert_eq!(s.level(DOC.code, &DOC.limits[1]), DOC.limits[1].default);
    }

    #[test]
    fn names_are_held_to_the_rule_of_the_flag() {
        let names = |list: &str| parse(&format!("[dns]\nnames = [{list}]\n"), "p", &[&DOC]);
        assert_eq!(names("\"db\", \"api.test.\", \"db\"").unwrap().names, ["db", "api.test."], "each once");
        assert!(parse("", "p", &[&DOC]).unwrap().names.is_empty());
        let many = |n: usize| names(&vec!["\"a\""; n].join(","));
        assert!(many(NAMES_MOST).is_ok() && many(NAMES_MOST + 1).is_err());
    }

    #[test]
    fn every_mistake_says_where_it_is_and_what_to_do() {
        let entry = |reason: &str, expires: &str| {
            format!(
                "[[ignore]]\ncode=\"fds/near-limit\"\nsubject=\"*\"\nreason=\"{reason}\"\nexpires=\"{expires}\"\n"
            )
        };
        for (text, says) in [
            ("[limits.\"fds/nearlimit\"]\na = 1\n".to_string(), "there is no check `fds/nearlimit`"),
            ("[limits.\"fds/near-limit\"]\nused = 1\n".into(), "it has: used_pct, min_open"),
            ("[limits.\"fds/near-limit\"]\nused_pct = 1\n".into(), "wants two numbers"),
            ("[limits.\"fds/near-limit\"]\nmin_open = [1, 2]\n".into(), "wants one number"),
            ("[limits.\"fds/near-limit\"]\nmin_open = nan\n".into(), "not a number"),
            ("limit = 1\n".into(), "unknown field"),
            ("[dns]\nnames = [\"a b\"]\n".into(), "[dns] names: \"a b\": no name"),
            ("[dns]\nnames = [\"10.0.0.1\"]\n".into(), "an address"),
            (format!("[dns]\nnames = [{}]\n", "\"a\",".repeat(17)), "17 names, 16 at most"),
            ("[dns]\nname = [\"a\"]\n".into(), "unknown field"),
            (entry(" ", "2027-01-01"), "give a reason"),
            (entry("x", "soon"), "is no day"),
        ] {
            let e = format!("{:#}", parse(&text, "p.toml", &[&DOC]).unwrap_err());
            assert!(e.contains(says) && e.contains("p.toml"), "{e}");
        }
    }
}
