//! Kubernetes objects out of files, directories and standard input: YAML or JSON, as `kubectl apply -f` takes them.

use super::yaml;
use crate::model::Arrange;
use serde_json::{Deserializer, Value};
use std::{
    fmt,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// No file of manifests that we read is larger, in bytes.
const MOST: u64 = 32 << 20;
/// Values of one file, those repeated by aliases counted each time.
const VALUES: usize = 2_000_000;
/// Files of one run.
const FILES: usize = 10_000;
/// Directories within directories.
const DEPTH: usize = 16;
/// Endings of the files that are taken out of a directory.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Why a file cannot be used.
#[derive(Debug)]
pub struct Unusable {
    /// Its path.
    pub path: String,
    /// The kind of mistake: `InvalidData` for what is no YAML.
    pub kind: io::ErrorKind,
    /// What is wrong, with the line where there is one.
    pub what: String,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

impl Unusable {
    fn new(path: &Path, kind: io::ErrorKind, what: impl fmt::Display) -> Self {
        Self { path: path.display().to_string(), kind, what: what.to_string() }
    }
    fn of(path: &Path, e: &io::Error) -> Self {
        Self::new(path, e.kind(), e)
    }
}

/// The files that these paths name, those of a directory in the order of their names; `-` is standard input.
///
/// # Errors
/// What cannot be listed, and more files than are taken: never half of them.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Unusable> {
    let mut out = Vec::new();
    for path in paths {
        if path.as_os_str() != "-" && fs::metadata(path).map_err(|e| Unusable::of(path, &e))?.is_dir() {
            listed(path, DEPTH, &mut out)?;
        } else {
            out.push(path.clone());
        }
    }
    Ok(out)
}

fn listed(folder: &Path, deep: usize, out: &mut Vec<PathBuf>) -> Result<(), Unusable> {
    let unusable = |e: io::Error| Unusable::of(folder, &e);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(unusable)? {
        let entry = entry.map_err(unusable)?;
        // A link may lead round in a circle: of those only files are taken.
        let (path, kind) = (entry.path(), entry.file_type().map_err(unusable)?);
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden {
            entries.push((path, kind));
        }
        if entries.len() > FILES {
            return Err(Unusable::new(folder, io::ErrorKind::OutOfMemory, "more files than are taken"));
        }
    }
    entries.arrange_by(|a, b| a.0.cmp(&b.0));
    for (path, kind) in entries {
        let ours = path.extension().and_then(|e| e.to_str()).is_some_and(|e| ENDINGS.contains(&e));
        if kind.is_dir() {
            if deep == 0 {
                return Err(Unusable::new(
                    &path,
                    io::ErrorKind::OutOfMemory,
                    "it lies deeper than is looked",
                ));
            }
            listed(&path, deep - 1, out)?;
        } else if ours && (kind.is_file() || kind.is_symlink() && path.is_file()) {
            out.push(path);
        }
        if out.len() > FILES {
            return Err(Unusable::new(folder, io::ErrorKind::OutOfMemory, "more files than are taken"));
        }
    }
    Ok(())
}

/// The documents of one file.
///
/// # Errors
/// What cannot be read, is too large or is neither YAML nor JSON: never half of it.
pub fn read(path: &Path) -> Result<Vec<Value>, Unusable> {
    let mut bytes = Vec::new();
    let unusable = |e: io::Error| Unusable::of(path, &e);
    let got = if path.as_os_str() == "-" {
        io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes)
    } else {
        let file = File::open(path).map_err(unusable)?;
        // A file without an end, or a large one, is not read to find that out.
        let told = file.metadata().map_err(unusable)?;
        if told.is_file() && told.len() > MOST {
            return Err(too_large(path));
        }
        file.take(MOST + 1).read_to_end(&mut bytes)
    };
    got.map_err(unusable)?;
    if bytes.len() as u64 > MOST {
        return Err(too_large(path));
    }
    let text = std::str::from_utf8(&bytes).map_err(|e| {
        let line = bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        Unusable::new(path, io::ErrorKind::InvalidData, format!("line {line}: it is not UTF-8"))
    })?;
    parse(text).map_err(|what| Unusable::new(path, io::ErrorKind::InvalidData, what))
}

fn too_large(path: &Path) -> Unusable {
    Unusable::new(path, io::ErrorKind::OutOfMemory, format!("larger than {} MiB", MOST >> 20))
}

fn parse(text: &str) -> Result<Vec<Value>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // JSON may be indented by tabs, which YAML may not.
    if text.trim_start().starts_with('{')
        && let Ok(all) = Deserializer::from_str(text).into_iter().collect()
    {
        return Ok(all);
    }
    yaml::parse(text, VALUES).map_err(|e| {
        let line = text.lines().nth(e.line.saturating_sub(1)).unwrap_or_default();
        match line.contains("{{") {
            true => format!("{e}; it is a template: give what `helm template` makes of it"),
            false if line.starts_with([' ', '\t']) && line.trim_start_matches(' ').starts_with('\t') => {
                format!("{e}; the line is indented by a tab")
            }
            false => e.to_string(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_and_yaml_are_told_apart_by_what_they_say() {
        assert_eq!(
            parse("\u{feff}{\n\t\"a\": 1\n}\n{\"b\": 2}").unwrap(),
            [json!({"a": 1}), json!({"b": 2})]
        );
        assert_eq!(parse("{a: 1}").unwrap(), [json!({"a": 1})]);
        assert!(parse("a: {{ .x }}").unwrap_err().contains("helm template"));
        assert!(parse("a:\n\t- 1\n").unwrap_err().contains("tab"));
    }

    #[test]
    fn a_directory_is_its_manifests_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        for name in ["b.yaml", "a.yml", "sub/c.json", ".hidden.yaml", "README.md"] {
            fs::write(at(name), "{}").unwrap();
        }
        std::os::unix::fs::symlink(dir.path(), at("round.yaml")).unwrap();
        let found = files(&[dir.path().into(), "-".into()]).unwrap();
        assert_eq!(found, [at("a.yml"), at("b.yaml"), at("sub/c.json"), "-".into()]);
        assert_eq!(files(&[at("none")]).unwrap_err().kind, io::ErrorKind::NotFound);
    }

    #[test]
    fn what_is_too_large_or_no_text_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let (large, binary) = (dir.path().join("large"), dir.path().join("binary"));
        File::create(&large).unwrap().set_len(100 << 20).unwrap();
        fs::write(&binary, b"a: 1\nb: \xff\n").unwrap();
        assert!(read(&large).unwrap_err().what.contains("larger"));
        assert!(read(&binary).unwrap_err().to_string().ends_with("binary: line 2: it is not UTF-8"));
    }
}
