//! Where settings come from: `--config`, else `./paramedic.toml`, else `/etc/paramedic.toml`, else the defaults.

use crate::{areas, cli::Shared, model::Doc, settings::Settings, verdict};
use anyhow::{Context, Result};
use std::{
    fs::File,
    io::{ErrorKind, Read},
    path::Path,
};

/// No settings file is larger.
const MOST: u64 = 1 << 20;

/// The checks of all areas, and those that belong to none.
pub fn docs() -> Vec<&'static Doc> {
    let mut docs = areas::docs();
    docs.extend(verdict::DOCS);
    docs
}

/// The settings in force.
///
/// # Errors
/// When a file that was named, or found, cannot be read or holds a mistake: never half of it.
pub fn read(shared: &Shared) -> Result<Settings> {
    let mut settings = of_file(shared)?;
    settings.cluster = shared.cluster();
    settings.way_in = shared.way_in();
    Ok(settings)
}

fn of_file(shared: &Shared) -> Result<Settings> {
    if let Some(path) = &shared.config {
        return parse(path).with_context(|| format!("{}: cannot be used as settings", path.display()));
    }
    for path in ["./paramedic.toml", "/etc/paramedic.toml"] {
        match parse(Path::new(path)) {
            Err(e) if e.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::NotFound) => {
            }
            other => return other.with_context(|| format!("{path}: cannot be used as settings")),
        }
    }
    Ok(Settings::default())
}

fn parse(path: &Path) -> Result<Settings> {
    let mut text = String::new();
    File::open(path)?.take(MOST).read_to_string(&mut text)?;
    Settings::parse(&text, &path.display().to_string(), &docs())
}
