//! The layer rule of `src/lib.rs`, held against every path and use-tree of the sources: who may name what.

#[path = "layers/names.rs"]
mod names;
#[path = "layers/planted.rs"]
mod planted;

use names::{Crate, Named, Path};
use std::{collections::BTreeMap, fs, path::Path as File};

/// Each layer and those that it may name beside itself. `main.rs` and `lib.rs` are judged apart.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("source", &["model"]),
    ("history", &["model"]),
    ("settings", &["model"]),
    ("stats", &["model"]),
    ("areas", &["model", "settings", "source", "stats"]),
    ("verdict", &["model", "settings", "stats"]),
    ("run", &["areas", "history", "model", "source", "verdict"]),
    ("render", &["model"]),
    ("cli", &["areas", "model", "source", "verdict"]),
    ("generate", &["cli", "render"]),
    (
        "commands",
        &[
            "areas", "cli", "generate", "history", "model", "render", "run", "settings", "source", "stats",
            "verdict",
        ],
    ),
];
/// Layers that may name clap; of the areas only `area.rs`, `request.rs` and each `args.rs`.
const CLAP: &[&str] = &["cli", "commands", "generate", "settings", "verdict"];
/// Layers that take what they need as arguments: no file, no clock, no environment.
const PURE: &[&str] = &["model", "settings", "stats", "verdict"];
/// What reads the world, or changes it. An address is a value: of `std::net` only what opens a socket or asks a resolver.
const WORLD: &[&str] = &[
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::process",
    "std::env",
    "std::os",
    "std::path",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::io::BufRead",
    "std::io::BufReader",
    "std::io::Read",
    "std::io::Seek",
    "std::io::Stdin",
    "std::io::StdinLock",
    "std::io::copy",
    "std::io::prelude",
    "std::io::read_to_string",
    "std::io::stdin",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "libc",
    "rustix",
    "tempfile",
];

/// What breaks the rule and is borne with for now: files, what they name, and why. One that nothing needs any more fails.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "src/areas/fds/",
        "crate::source::proc::Kind",
        "the kinds of descriptors are vocabulary, held by facts: they belong into model, as TcpState does",
    ),
    (
        "src/areas/fds/probe/",
        "crate::areas::fds::blocks",
        "--all prints the cells of the table: they belong beside the facts that they are made of",
    ),
];

/// What a file is to the rule.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// `main.rs`.
    Main,
    /// `lib.rs`.
    Root,
    /// A file of a layer that is not `areas`.
    Layer(String),
    /// `areas/mod.rs`.
    Registry,
    /// `areas/area.rs`, and flags that several areas have.
    Trait,
    /// A part of an area: `facts`, `checks` …; `mod` is its `mod.rs`.
    Part(String, String),
}

fn place(of: &Path, known: &Crate) -> Place {
    let at = |n: usize| of.get(n).map(String::as_str);
    match (at(1), at(2), at(3)) {
        (None, ..) => Place::Root,
        (Some("main"), ..) => Place::Main,
        (Some("areas"), None, _) => Place::Registry,
        (Some("areas"), Some("area" | "request"), _) => Place::Trait,
        (Some("areas"), Some(area), part) if known.is_module(&of[..3]) => {
            Place::Part(area.into(), part.unwrap_or("mod").into())
        }
        (Some(layer), ..) => Place::Layer(layer.into()),
    }
}

/// Whether a path is this one or below it.
fn below(path: &Path, of: &str) -> bool {
    of.split("::").enumerate().all(|(i, s)| path.get(i).is_some_and(|p| p == s))
}

/// Everything that breaks the rule, with file and line.
fn violations(known: &Crate, excepted: &[(&str, &str, &str)]) -> Vec<String> {
    let mut out = Vec::new();
    for layer in known.layers().filter(|l| *l != "main" && !LAYERS.iter().any(|(name, _)| name == l)) {
        out.push(format!("src/lib.rs:1: the layer `{layer}` is unknown: give it a line in tests/layers.rs"));
    }
    for (file, line, of) in &known.unsafes {
        if of.get(1).map(String::as_str) != Some("source") {
            out.push(format!("{file}:{line}: `unsafe` stands in src/source/ only"));
        }
    }
    for n in known.named() {
        let place = place(&n.of, known);
        let borne = excepted
            .iter()
            .any(|(file, path, _)| n.file.starts_with(file) && n.forms.iter().any(|p| below(p, path)));
        if borne {
            continue;
        }
        let broken = n.forms.iter().find_map(|p| Some((p, broken(&place, &n, p, known)?)));
        if let Some((path, rule)) = broken {
            let written = n.forms[0].join("::");
            let star = if n.glob { "::*" } else { "" };
            let path = path.join("::");
            let through = if path == written { String::new() } else { format!(", written {written}{star}") };
            out.push(format!("{}:{}: {rule}: `{path}{star}`{through}", n.file, n.line));
        }
    }
    out.sort();
    out.dedup();
    out
}

/// The rule that the path breaks in this place, if any.
fn broken(place: &Place, n: &Named, path: &[String], known: &Crate) -> Option<String> {
    match path.first().map(String::as_str) {
        Some("crate") => inside(place, n, path, known),
        Some(other) if other.starts_with("clap") => clap(place),
        _ => world(place, n, path),
    }
}

fn clap(place: &Place) -> Option<String> {
    let may = match place {
        Place::Layer(l) => CLAP.contains(&l.as_str()),
        Place::Part(_, part) => part == "args",
        Place::Trait => true,
        Place::Main | Place::Root | Place::Registry => false,
    };
    (!may).then(|| format!("{} may not name clap", name(place)))
}

fn world(place: &Place, n: &Named, path: &[String]) -> Option<String> {
    let pure = match place {
        Place::Layer(l) => PURE.contains(&l.as_str()),
        Place::Part(_, part) => !matches!(part.as_str(), "mod" | "probe"),
        Place::Registry | Place::Trait => true,
        Place::Main | Place::Root => false,
    };
    let hit = WORLD.iter().filter(|_| pure).any(|forbidden| {
        let forbidden: Vec<&str> = forbidden.split("::").collect();
        let common = forbidden.iter().zip(path).take_while(|(a, b)| a == b).count();
        // Who names the module under a name of his own, or all of it, has all that is in it.
        let whole = n.glob || path == ["std", "net"];
        common == forbidden.len() || whole && common == path.len()
    });
    hit.then(|| format!("{} may name no reader, clock or environment", name(place)))
}

fn inside(place: &Place, n: &Named, path: &[String], known: &Crate) -> Option<String> {
    let Some(layer) = path.get(1) else {
        let all = n.glob && *place != Place::Root;
        return all.then(|| format!("{} may not name every layer at once", name(place)));
    };
    let allowed: &[&str] = match place {
        Place::Root => return None,
        Place::Main => &["commands", "main"],
        Place::Layer(own) if own == layer => return None,
        Place::Layer(own) => LAYERS.iter().find(|(l, _)| l == own).map_or(&[], |(_, may)| may),
        _ if layer == "areas" => return area(place, n, path, known),
        Place::Part(_, part) if !matches!(part.as_str(), "mod" | "probe") => &["model", "stats"],
        _ => LAYERS.iter().find(|(l, _)| *l == "areas").map_or(&[], |(_, may)| may),
    };
    // What is no module is a macro or another item of the root, which stands for what another form says.
    let module = known.is_module(&path[..2]);
    (module && !allowed.contains(&layer.as_str())).then(|| format!("{} may not name {layer}", name(place)))
}

/// Who may name what below `areas`.
fn area(place: &Place, n: &Named, path: &[String], known: &Crate) -> Option<String> {
    let shared = |a: &String| matches!(a.as_str(), "area" | "request");
    let area_of = |p: &[String]| p.get(2).filter(|a| !shared(a) && known.is_module(&p[..3])).cloned();
    let complain = |what: String| Some(format!("{} may not name {what}", name(place)));
    let Place::Part(own, part) = place else {
        let named = area_of(path).filter(|_| *place == Place::Trait);
        return named.and_then(|a| complain(format!("the area {a}")));
    };
    if part == "mod" {
        return area_of(path).filter(|a| a != own).and_then(|a| complain(format!("the area {a}")));
    }
    match area_of(path) {
        Some(a) if a != *own => complain(format!("the area {a}")),
        None if part == "args" && path.get(2).is_some_and(|m| m == "request") => None,
        None => complain("what all areas share".into()),
        Some(_) => {
            let sibling = path.get(3).filter(|_| path.len() > 3 && known.is_module(&path[..4]));
            match sibling {
                Some(s) if s == part || n.test || siblings(part, s) => None,
                Some(s) => complain(format!("{s} of its area")),
                // An import of mod.rs is judged by what it stands for; its own items are above all parts.
                None if path.len() == 3 && !n.glob || n.forms.len() > 1 && path.len() > 3 => None,
                None => complain("the mod.rs of its area".into()),
            }
        }
    }
}

fn siblings(part: &str, named: &str) -> bool {
    match part {
        "facts" | "args" => false,
        "checks" => named == "facts",
        "blocks" => matches!(named, "facts" | "args"),
        // The probe, and what it is made of when that has files of its own.
        _ => !matches!(named, "blocks" | "checks") && (part == "probe" || named != "probe"),
    }
}

fn name(place: &Place) -> String {
    match place {
        Place::Main => "main.rs".into(),
        Place::Root => "lib.rs".into(),
        Place::Layer(l) => l.clone(),
        Place::Registry => "areas/mod.rs".into(),
        Place::Trait => "areas/area.rs".into(),
        Place::Part(area, part) => format!("{part} of {area}"),
    }
}

fn read(folder: &File, into: &mut BTreeMap<String, String>) {
    let root = File::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(folder).expect("src can be listed") {
        let path = entry.expect("src can be listed").path();
        if path.is_dir() {
            read(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root).expect("below the root").to_str().expect("UTF-8");
            into.insert(name.into(), fs::read_to_string(&path).expect("a source can be read"));
        }
    }
}

#[test]
fn the_sources_keep_the_layers() {
    let mut files = BTreeMap::new();
    read(&File::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let known = Crate::parse(&files);
    let broken = violations(&known, EXCEPTIONS);
    assert!(broken.is_empty(), "{} break the layer rule of src/lib.rs:\n{}", broken.len(), broken.join("\n"));
    let all = violations(&known, &[]);
    for (file, path, why) in EXCEPTIONS {
        let needed = all.iter().any(|v| v.starts_with(file) && v.contains(path));
        assert!(needed, "nothing in {file} names {path} any more ({why}): delete the exception");
    }
    // What is known to be there was seen: the rule was not held against nothing.
    let named = known.named();
    let sees = |file: &str, path: &str| {
        named.iter().any(|n| n.file == file && n.forms.iter().any(|p| p.join("::") == path))
    };
    assert!(sees("src/areas/sockets/mod.rs", "crate::source::Moment"));
    assert!(sees("src/areas/sockets/probe/place.rs", "std::time::Instant"));
    assert!(sees("src/areas/sockets/args.rs", "clap::Args"));
    assert!(sees("src/areas/sockets/checks/orphans.rs", "crate::model::check::check"));
    assert!(sees("src/main.rs", "crate::commands::main"));
    assert!(known.unsafes.iter().any(|u| u.0.starts_with("src/source/")));
}
