//! Which server, which database, as whom: worked out as libpq does from a connection string, a service file, the environment and
//! the password file.

mod account;
mod bad;
mod keys;
mod passfile;
mod security;
mod service;
mod settings;
#[cfg(test)]
mod tests;
mod text;
mod typed;

pub use bad::BadTarget;
pub(super) use security::{Binding, CertMode, Roots, Security};
pub use security::{Method, SslMode};

use super::Secret;
use account::Account;
use passfile::{Passfile, Wanted};
use settings::Settings;
use std::{
    ffi::OsString,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// Where libpq of Debian and where libpq built from source look for the socket of a server on this machine.
pub(super) const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];
/// Postgres' port.
const PORT: u16 = 5432;
/// Hosts of one target that are tried at most.
const HOSTS: usize = 32;

/// Where one of the servers is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere was said: a socket of this machine where there is one, else its loopback address.
    Default,
    /// The folder of a socket.
    Folder(PathBuf),
    /// A socket in Linux' abstract name space, without the `@`.
    Abstract(String),
    /// A name or an address in words, and the address when that was said apart.
    Name { name: String, address: Option<IpAddr> },
}

/// One of the servers.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub place: Place,
    pub port: u16,
    /// From the string, the environment or the line of the password file that is for this host.
    pub password: Option<Secret>,
}

/// `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

const WISHES: &[(&str, Wish)] = &[
    ("any", Wish::Any),
    ("read-write", Wish::ReadWrite),
    ("read-only", Wish::ReadOnly),
    ("primary", Wish::Primary),
    ("standby", Wish::Standby),
    ("prefer-standby", Wish::PreferStandby),
];

/// Everything that a connection needs, resolved; names of hosts are not yet addresses.
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) hosts: Vec<Host>,
    pub(super) user: String,
    pub(super) dbname: String,
    pub(super) security: Security,
    pub(super) wish: Wish,
    /// For each host.
    pub(super) connect_timeout: Option<Duration>,
    /// What the connection string itself asks for at the start of the session; never the environment's.
    pub(super) options: Option<String>,
    /// The account that must be behind a socket of this machine.
    pub(super) peer: Option<String>,
    said: Vec<String>,
}

impl Target {
    /// Works out what is meant.
    ///
    /// `text` is a URL, a string of `key=value`, the bare name of a database, or nothing: then `DATABASE_URL`, then the `PG*`
    /// variables say. `env` reads one variable; `home` is where `.pgpass`, `.pg_service.conf` and `.postgresql/` are (nothing:
    /// `HOME`, then the account's).
    ///
    /// # Errors
    /// When a source says what cannot be understood or done; the error never quotes what may be a password.
    pub fn of(
        text: Option<&str>,
        env: &dyn Fn(&str) -> Option<OsString>,
        home: Option<&Path>,
    ) -> Result<Self, BadTarget> {
        let mut account = Account::own();
        let from_env = || env("HOME").filter(|h| !h.is_empty()).map(PathBuf::from);
        account.home = home.map(Path::to_path_buf).or_else(from_env).or(account.home);
        Self::resolve(Settings::gather(text, env, &account)?, &account)
    }

    fn resolve(mut settings: Settings, account: &Account) -> Result<Self, BadTarget> {
        let security = Security::of(&settings)?;
        let user =
            settings.get("user").map(Into::into).or_else(|| account.name.clone()).ok_or_else(|| {
                let what = "no user is named, and the user id of this process has no account";
                BadTarget::new("user", what, "name one in the connection string or in PGUSER")
            })?;
        let dbname = settings.get("dbname").map_or_else(|| user.clone(), Into::into);
        let places = places(&settings)?;
        let ports = ports(&settings, places.len())?;
        let given = settings.get("password").map(Secret::new);
        let file = match &given {
            Some(_) => None,
            None => {
                let path = settings.get("passfile").map(PathBuf::from);
                let path = path.or_else(|| Some(settings.home.as_ref()?.join(".pgpass")));
                let (file, said) = path.map_or((None, None), |path| Passfile::read(&path));
                settings.said.extend(said);
                file
            }
        };
        let host = |(place, port): (Place, u16)| {
            let line = || {
                file.as_ref()?.look_up(&Wanted {
                    host: &passfile_host(&place),
                    port: &port.to_string(),
                    dbname: &dbname,
                    user: &user,
                })
            };
            let password = given.clone().or_else(line).filter(|p| !p.is_empty());
            Host { place, port, password }
        };
        let mut hosts: Vec<Host> = places.into_iter().zip(ports).map(host).collect();
        if settings.choose("load_balance_hosts", &[("disable", false), ("random", true)], false)? {
            shuffle(&mut hosts);
        }
        Ok(Self {
            hosts,
            security,
            wish: settings.choose("target_session_attrs", WISHES, Wish::Any)?,
            connect_timeout: timeout(&settings)?,
            options: settings.get("options").map(Into::into),
            peer: settings.get("requirepeer").map(Into::into),
            said: settings.said,
            user,
            dbname,
        })
    }

    /// `user@host:port/database sslmode=…`; never a password.
    pub fn shown(&self) -> String {
        let hosts: Vec<String> = self.hosts.iter().map(|h| h.place.shown(h.port)).collect();
        let mode = self.security.mode.name();
        format!("{}@{}/{} sslmode={mode}", self.user, hosts.join(","), self.dbname)
    }

    /// The arguments that reach the same target again from a shell, `-d TARGET`: never a password, but a comment that one was
    /// left out. Nothing when what was typed cannot be repeated.
    pub fn again(typed: &str) -> Option<String> {
        typed::arguments(typed)
    }

    /// What was overlooked or left out on the way, a sentence each.
    pub fn said(&self) -> &[String] {
        &self.said
    }

    /// The database that is meant.
    pub fn dbname(&self) -> &str {
        &self.dbname
    }

    /// The user that is meant.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether an account of this machine is the one that must be behind a socket.
    pub(super) fn trusts_peer(&self, uid: u32) -> Result<(), String> {
        let Some(wanted) = &self.peer else { return Ok(()) };
        match Account::of(uid).name {
            Some(name) if name == *wanted => Ok(()),
            Some(name) => Err(format!("requirepeer={wanted}, and `{name}` is behind the socket")),
            None => Err(format!(
                "requirepeer={wanted}, and the user id {uid} without a name is behind the socket"
            )),
        }
    }

    /// Which variable of the environment names a database, if any does.
    pub fn named_by(env: &dyn Fn(&str) -> Option<OsString>) -> Option<&'static str> {
        let url = |v: &OsString| v.to_str().is_some_and(|v| text::is_url(v.trim()));
        if env(settings::DATABASE_URL).as_ref().is_some_and(url) {
            return Some(settings::DATABASE_URL);
        }
        let variables = ["PGSERVICE", "PGHOST", "PGHOSTADDR", "PGDATABASE"];
        variables.into_iter().find(|variable| env(variable).is_some_and(|v| !v.is_empty()))
    }
}

impl Place {
    /// As one writes it.
    pub fn shown(&self, port: u16) -> String {
        match self {
            Self::Default => format!("localhost:{port}"),
            Self::Folder(folder) => format!("[{}]:{port}", folder.display()),
            Self::Abstract(name) => format!("[@{name}]:{port}"),
            Self::Name { name, address } => match address {
                Some(address) if name.is_empty() => std::net::SocketAddr::from((*address, port)).to_string(),
                Some(address) => format!("{name}({address}):{port}"),
                None if name.contains(':') => format!("[{name}]:{port}"),
                None => format!("{name}:{port}"),
            },
        }
    }

    fn of(name: &str, address: Option<IpAddr>) -> Self {
        match name.strip_prefix('@') {
            _ if address.is_some() => Self::Name { name: name.into(), address },
            Some(name) => Self::Abstract(name.into()),
            None if name.starts_with('/') => Self::Folder(name.into()),
            None if name.is_empty() => Self::Default,
            None => Self::Name { name: name.into(), address },
        }
    }
}

/// What the first field of a line of the password file must be.
fn passfile_host(place: &Place) -> String {
    match place {
        Place::Folder(folder) if !SOCKETS.iter().any(|s| Path::new(s) == folder) => {
            folder.display().to_string()
        }
        Place::Default | Place::Folder(_) => "localhost".into(),
        Place::Abstract(name) => format!("@{name}"),
        Place::Name { name, address: Some(address) } if name.is_empty() => address.to_string(),
        Place::Name { name, .. } => name.clone(),
    }
}

fn places(settings: &Settings) -> Result<Vec<Place>, BadTarget> {
    let list = |key: &str| settings.get(key).map(|all| all.split(',').map(str::trim).collect::<Vec<_>>());
    let names = list("host");
    let Some(addresses) = list("hostaddr") else {
        let names = names.unwrap_or(vec![""]);
        if names.len() > HOSTS {
            return Err(settings.bad("host", "lists too many", &format!("list {HOSTS} at most")));
        }
        return Ok(names.into_iter().map(|name| Place::of(name, None)).collect());
    };
    let names = names.unwrap_or(vec![""; addresses.len()]);
    if names.len() != addresses.len() || names.len() > HOSTS {
        return Err(settings.bad(
            "hostaddr",
            "lists other than as many as `host`",
            "give each host one address",
        ));
    }
    let both = names.into_iter().zip(addresses).map(|(name, address)| match address {
        "" => Ok(Place::of(name, None)),
        address => match address.parse() {
            Ok(address) => Ok(Place::of(name, Some(address))),
            Err(_) => Err(settings.bad("hostaddr", "holds what is no address", "put names into `host`")),
        },
    });
    both.collect()
}

fn ports(settings: &Settings, hosts: usize) -> Result<Vec<u16>, BadTarget> {
    let Some(list) = settings.get("port") else { return Ok(vec![PORT; hosts]) };
    let port = |text: &str| match text.trim() {
        "" => Some(PORT),
        text => text.parse().ok().filter(|p| *p != 0),
    };
    let ports: Option<Vec<u16>> = list.split(',').map(port).collect();
    match ports {
        Some(one) if one.len() == 1 => Ok(vec![one[0]; hosts]),
        Some(all) if all.len() == hosts => Ok(all),
        Some(_) => Err(settings.bad(
            "port",
            "lists other than as many as `host`",
            "give one for all, or one for each",
        )),
        None => Err(settings.bad("port", "is no number from 1 to 65535", "give a number")),
    }
}

/// 0 and below are for ever, as far as libpq goes; our own deadline stays.
fn timeout(settings: &Settings) -> Result<Option<Duration>, BadTarget> {
    let Some(text) = settings.get("connect_timeout") else { return Ok(None) };
    let seconds: i32 = text.trim().parse().map_err(|_| {
        settings.bad("connect_timeout", "is no whole number", "give seconds, 0 for no limit of its own")
    })?;
    Ok(u64::try_from(seconds).ok().filter(|s| *s > 0).map(Duration::from_secs))
}

fn shuffle(hosts: &mut [Host]) {
    use std::hash::{BuildHasher, Hasher};
    for last in (1..hosts.len()).rev() {
        let random = std::hash::RandomState::new().build_hasher().finish();
        hosts.swap(last, (random % (last as u64 + 1)) as usize);
    }
}
