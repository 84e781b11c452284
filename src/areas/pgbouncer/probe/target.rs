//! Which pooler: what was said, else what the environment says, and always the database of the console.

use super::sight::CONSOLE;
use crate::source::pg::Target;
use std::ffi::OsString;

/// The variable for it, where an application's own URL goes elsewhere.
const OWN: &str = "PGBOUNCER_URL";
/// The variable that applications are told their database by; often it leads through the pooler.
const APPLICATION: &str = "DATABASE_URL";
/// Where PgBouncer listens unless it is told otherwise.
const PORT: &str = "6432";

/// Works out where the console is.
///
/// # Errors
/// What was not understood and what to write, without quoting what may be a password.
pub(super) fn of(given: Option<&str>, env: &dyn Fn(&str) -> Option<OsString>) -> Result<Target, String> {
    let variable =
        |name| env(name).and_then(|v| v.into_string().ok()).filter(|v: &String| !v.trim().is_empty());
    let url = || variable(APPLICATION).filter(|v| v.trim().starts_with("postgres"));
    let said = given.map(Into::into).or_else(|| variable(OWN)).or_else(url).unwrap_or_default();
    let with_port = |name: &str| env(name).or_else(|| (name == "PGPORT").then(|| PORT.into()));
    Target::of(Some(&console(&said)?), &with_port, None).map_err(|bad| bad.to_string())
}

/// Whether a variable names a pooler for sure.
pub(super) fn named_by(env: &dyn Fn(&str) -> Option<OsString>) -> Option<&'static str> {
    env(OWN).filter(|v| !v.is_empty()).map(|_| OWN)
}

/// The same server, and the database of its console: the last of two keys counts, also behind the `?` of a URL.
fn console(said: &str) -> Result<String, String> {
    let said = said.trim();
    Ok(match () {
        () if said.contains("://") => {
            let joint = if said.contains('?') { '&' } else { '?' };
            format!("{said}{joint}dbname={CONSOLE}")
        }
        () if said.contains('=') => format!("{said} dbname={CONSOLE}"),
        () if said.is_empty() || said == CONSOLE => format!("dbname={CONSOLE}"),
        () => {
            return Err(
                "write where the pooler is: postgres://USER@HOST:6432 or host=HOST port=6432 user=USER"
                    .into(),
            );
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(given: Option<&str>, env: &[(&str, &str)]) -> Result<String, String> {
        let env: Vec<(String, String)> = env.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let of_env = move |name: &str| {
            let value = env.iter().find(|(k, _)| k == name).map(|(_, v)| v.into());
            // Never the machine's own files.
            value.or_else(|| (name == "HOME").then(|| "/nonexistent".into()))
        };
        let target = of(given, &of_env)?;
        Ok(target.shown().split(" sslmode").next().unwrap_or_default().to_string())
    }

    #[test]
    fn it_is_always_the_console_and_the_port_is_the_poolers() {
        let at = |given| shown(Some(given), &[]).unwrap();
        assert_eq!(at("postgres://look@h"), "look@h:6432/pgbouncer");
        assert_eq!(at("postgres://look:a%40b@h:7000/shop?sslmode=disable"), "look@h:7000/pgbouncer");
        assert_eq!(at("host=h user=look dbname=shop"), "look@h:6432/pgbouncer");
        let bad = shown(Some("bouncer"), &[]).unwrap_err();
        assert!(bad.contains("host=HOST"), "{bad}");
    }

    #[test]
    fn the_environment_says_where_in_this_order() {
        let own = ("PGBOUNCER_URL", "postgres://look@own");
        let app = ("DATABASE_URL", "postgres://app@app:6000/shop");
        let pg = [("PGHOST", "pg"), ("PGUSER", "me"), ("PGDATABASE", "shop")];
        assert_eq!(shown(None, &[&[own, app][..], &pg].concat()).unwrap(), "look@own:6432/pgbouncer");
        assert_eq!(shown(None, &[&[app][..], &pg].concat()).unwrap(), "app@app:6000/pgbouncer");
        assert_eq!(shown(None, &pg).unwrap(), "me@pg:6432/pgbouncer");
        assert_eq!(
            shown(None, &[&pg[..], &[("PGPORT", "7001"), ("DATABASE_URL", "mysql://x")]].concat()).unwrap(),
            "me@pg:7001/pgbouncer"
        );
    }
}
