//! Every key with its value and where that came from: the text first, then the service, then the environment, as libpq
//! fills them in.

use super::{account::Account, bad::BadTarget, keys, keys::Use, service, text, text::Pairs};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Reads one variable of the environment.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The variable that applications are told their database by.
pub(super) const DATABASE_URL: &str = "DATABASE_URL";

/// What the caller handed over is called in errors.
const GIVEN: &str = "the connection string";

/// What was said, of each key once.
#[derive(Debug, Default)]
pub(super) struct Settings {
    values: BTreeMap<&'static str, (String, String)>,
    /// What was overlooked on the way.
    pub said: Vec<String>,
    /// The home directory of whoever runs us.
    pub home: Option<PathBuf>,
}

impl Settings {
    /// Gathers all of it.
    pub fn gather(text: Option<&str>, env: Environment, account: &Account) -> Result<Self, BadTarget> {
        let mut out = Self { home: account.home.clone(), ..Self::default() };
        match text.map(str::trim).filter(|t| !t.is_empty()) {
            Some(text) => out.text(text, GIVEN)?,
            None => match env(DATABASE_URL).map(OsString::into_string) {
                Some(Ok(url)) if text::is_url(url.trim()) => out.text(url.trim(), DATABASE_URL)?,
                Some(Ok(other)) if other.trim().is_empty() => {}
                Some(_) => out.said.push(format!("{DATABASE_URL} is no URL of Postgres and was left out")),
                None => {}
            },
        }
        let environment = variables(env)?;
        out.service(&environment, env)?;
        for (key, variable, value) in environment {
            match (key, keys::known(key)) {
                // Whatever the application's own sessions are started with is not wanted for this one.
                ("options", _) if !value.is_empty() => {
                    out.said.push(format!("{variable} is for the application's sessions and was left out"));
                }
                _ => out.put(key, value, variable)?,
            }
        }
        Ok(out)
    }

    fn text(&mut self, text: &str, place: &str) -> Result<(), BadTarget> {
        let pairs = if text::is_url(text) {
            let url = text::url(text, place)?;
            self.said.extend(url.said);
            url.pairs
        } else if text.contains("://") {
            let what = "this is a URL of something else than Postgres";
            return Err(BadTarget::new(place, what, "start it with postgres:// or postgresql://"));
        } else if text.contains('=') {
            text::keywords(text, place)?
        } else {
            vec![("dbname".into(), text.into())]
        };
        self.take(pairs, place, true)
    }

    /// The last of two in a connection string counts, the first of two sources.
    fn take(&mut self, pairs: Pairs, place: &str, last: bool) -> Result<(), BadTarget> {
        let had: Vec<&str> = self.values.keys().copied().collect();
        for (key, value) in pairs {
            let Some((key, _)) = keys::known(&key) else {
                let meant = match keys::like(&key) {
                    Some(meant) => format!("write `{meant}`"),
                    None => "leave it out, or see libpq's list of parameter key words".into(),
                };
                return Err(BadTarget::new(place, format!("there is no key `{key}`"), meant));
            };
            if key == "options" && place != GIVEN {
                self.said
                    .push(format!("{place}: `options` is for the application's sessions and was left out"));
                continue;
            }
            if last && !had.contains(&key) {
                self.values.remove(key);
            }
            self.put(key, value, place)?;
        }
        Ok(())
    }

    fn put(&mut self, key: &'static str, value: String, place: &str) -> Result<(), BadTarget> {
        if let Some((_, Use::Only(values))) = keys::known(key)
            && !values.contains(&value.as_str())
            && !self.values.contains_key(key)
        {
            let remedy = "leave it out for this connection; paramedic cannot do what it asks for";
            return Err(BadTarget::new(place, format!("`{key}` is not supported with this value"), remedy));
        }
        self.values.entry(key).or_insert_with(|| (value, place.into()));
        Ok(())
    }

    fn service(&mut self, environment: &[(&str, &str, String)], env: Environment) -> Result<(), BadTarget> {
        let of = |key: &str| {
            let from_env = || environment.iter().find(|(k, ..)| *k == key).map(|(.., v)| v.clone());
            self.get(key).map(Into::into).or_else(from_env).filter(|v| !v.is_empty())
        };
        let Some(name) = of("service") else { return Ok(()) };
        let places = service::Places {
            given: of("servicefile").map(Into::into),
            home: self.home.clone(),
            system: env("PGSYSCONFDIR").filter(|v| !v.is_empty()).map(Into::into),
        };
        let pairs = places.look_up(&name)?;
        self.take(pairs, &format!("the service `{name}`"), false)
    }

    /// The value of a key; an empty one is none.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|(value, _)| value.as_str()).filter(|v| !v.is_empty())
    }

    /// Where the value of a key came from.
    pub fn place(&self, key: &str) -> &str {
        self.values.get(key).map_or("", |(_, place)| place)
    }

    /// A path, and whether it was asked for rather than the default below `~/.postgresql`.
    pub fn path(&self, key: &str, default: &str) -> Option<(PathBuf, bool)> {
        match self.get(key) {
            Some(path) => Some((Path::new(path).into(), true)),
            None => self.home.as_ref().map(|home| (home.join(".postgresql").join(default), false)),
        }
    }

    /// One of several words.
    pub fn choose<T: Copy>(&self, key: &str, words: &[(&str, T)], default: T) -> Result<T, BadTarget> {
        let Some(value) = self.get(key) else { return Ok(default) };
        let known = words.iter().find(|(word, _)| *word == value).map(|(_, means)| *means);
        known.ok_or_else(|| {
            let all: Vec<&str> = words.iter().map(|w| w.0).collect();
            self.bad(key, "is none of its values", &format!("write one of {}", all.join(", ")))
        })
    }

    /// An error about a key.
    pub fn bad(&self, key: &str, what: &str, remedy: &str) -> BadTarget {
        BadTarget::new(self.place(key), format!("`{key}` {what}"), remedy)
    }
}

/// The variables that stand for keys.
fn variables(env: Environment) -> Result<Vec<(&'static str, &'static str, String)>, BadTarget> {
    let mut out = Vec::new();
    for (key, variable) in keys::variables() {
        match env(variable).map(OsString::into_string) {
            None => {}
            Some(Ok(value)) => out.push((key, variable, value)),
            Some(Err(_)) => {
                return Err(BadTarget::new(variable, "its value is no text", "set it to UTF-8 text"));
            }
        }
    }
    Ok(out)
}
