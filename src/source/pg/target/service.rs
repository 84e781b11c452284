//! The service file: named sets of keys. `parseServiceFile` of `fe-connect.c`.

use super::{bad::BadTarget, keys, text::Pairs};
use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// At most this much of a service or password file is read.
const MOST: u64 = 1 << 20;
/// Where Debian's packages and a build from source look when `PGSYSCONFDIR` does not say.
const SYSTEM: [&str; 2] = ["/etc/postgresql-common", "/usr/local/pgsql/etc"];

/// Where a service may be written down, in the order of search.
pub(super) struct Places {
    /// `servicefile` or `PGSERVICEFILE`: it must be there, and `~/.pg_service.conf` is not looked at.
    pub given: Option<PathBuf>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// `PGSYSCONFDIR`.
    pub system: Option<PathBuf>,
}

impl Places {
    /// The keys of a service, the file's first word for each.
    pub fn look_up(&self, service: &str) -> Result<Pairs, BadTarget> {
        let own = self.given.clone().or_else(|| Some(self.home.as_ref()?.join(".pg_service.conf")));
        let system: Vec<PathBuf> = match &self.system {
            Some(folder) => vec![folder.clone()],
            None => SYSTEM.map(PathBuf::from).to_vec(),
        };
        let system = system.into_iter().map(|folder| folder.join("pg_service.conf"));
        let mut looked = Vec::new();
        for path in own.into_iter().chain(system) {
            let must = self.given.as_ref() == Some(&path);
            match read(&path) {
                Ok(text) => {
                    if let Some(pairs) = section(&text, service, &path)? {
                        return Ok(pairs);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound && !must => {}
                Err(error) => {
                    let place = path.display().to_string();
                    return Err(BadTarget::new(
                        place,
                        format!("the service file cannot be read ({error})"),
                        FIX,
                    ));
                }
            }
            looked.push(path.display().to_string());
        }
        let what = format!("the service `{service}` is in none of {}", looked.join(", "));
        Err(BadTarget::new("service", what, FIX))
    }
}

const FIX: &str = "say the right file in PGSERVICEFILE, or give a URL instead of a service";

/// A regular file's text, bounded.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The keys of one section; `None` when the file has no such section.
fn section(text: &str, service: &str, path: &Path) -> Result<Option<Pairs>, BadTarget> {
    let mut found: Option<Pairs> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if name.split(']').next() == Some(service) {
                found = Some(Pairs::new());
            }
            continue;
        }
        let Some(pairs) = &mut found else { continue };
        let bad = |what: String| {
            let place = format!("{}:{}", path.display(), number + 1);
            BadTarget::new(
                place,
                what,
                "a line of a service is key=value, with a key of libpq and no blanks around =",
            )
        };
        if line.starts_with("ldap") {
            return Err(bad("a service that is looked up over LDAP is not supported".into()));
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err(bad("there is no = in this line".into()));
        };
        match keys::known(key) {
            None => return Err(bad(format!("`{key}` is no key of libpq"))),
            Some(("service" | "servicefile", _)) => {
                return Err(bad("a service cannot name a service".into()));
            }
            Some(_) if pairs.iter().any(|(k, _)| k == key) => {}
            Some(_) => pairs.push((key.into(), value.into())),
        }
    }
    Ok(found)
}
