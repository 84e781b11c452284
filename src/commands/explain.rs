//! `explain [CODE]`: what a check sees, why it matters, how to confirm, how to fix.

use super::{output::Out, settings};
use crate::{cli::Shared, model::glob, render};
use anyhow::{Result, bail};

/// One check, the checks that a glob names, or the list of all.
///
/// # Errors
/// When no check is named so; the nearest names are given.
pub fn explain(code: Option<&str>, shared: &Shared, out: &Out) -> Result<u8> {
    let settings = settings::read(shared)?;
    let docs = settings::docs();
    let Some(code) = code else {
        let width = docs.iter().map(|d| d.code.len()).max().unwrap_or(0);
        let lines: String = docs.iter().map(|d| format!("{:width$}  {}\n", d.code, d.summary)).collect();
        return out.plain(&lines).map(|()| 0);
    };
    let found: Vec<_> = docs.iter().filter(|d| glob(code, d.code)).collect();
    if found.is_empty() {
        let word = code.rsplit('/').next().unwrap_or(code);
        let near: Vec<_> =
            docs.iter().map(|d| d.code).filter(|c| !word.is_empty() && c.contains(word)).collect();
        match near[..] {
            [] => bail!("there is no check `{code}`; `paramedic explain` lists them"),
            _ => bail!("there is no check `{code}`; did you mean {}?", near.join(", ")),
        }
    }
    let pages: Vec<String> = found.iter().map(|d| render::explain(d, &settings, out.style())).collect();
    out.plain(&pages.join("\n")).map(|()| 0)
}
