//! The rule bites: violations planted into a small crate that keeps it.

use super::{names::Crate, violations};
use std::collections::BTreeMap;

/// A small crate that keeps the rule, with one file more or replaced.
fn with(file: &str, text: &str) -> Vec<String> {
    let mut files: BTreeMap<String, String> = [
        ("src/lib.rs", "pub mod areas; pub mod cli; pub mod commands; pub mod model; pub mod render; pub mod run; pub mod settings; pub mod source; pub mod verdict;"),
        ("src/main.rs", "fn main() { paramedic::commands::main() }"),
        ("src/model/mod.rs", "mod check; pub struct Finding;"),
        ("src/model/check.rs", "#[macro_export] macro_rules! check { () => { $crate::model::Finding } }"),
        ("src/source/mod.rs", "use crate::model::Finding; pub struct Moment; pub mod net; fn f() { unsafe { g() } }"),
        ("src/source/net.rs", "pub use crate::model::Finding as Found; use std::{fs as disk};"),
        ("src/areas/mod.rs", "mod area; mod fds; mod sockets; pub use area::Area; static A: u8 = sockets::Sockets::N;"),
        ("src/areas/area.rs", "use crate::{settings::Settings, source::Moment}; use clap::ArgMatches; pub trait Area {}"),
        ("src/areas/fds/mod.rs", "pub mod facts;"),
        ("src/areas/fds/facts.rs", "pub struct Facts;"),
        (
            "src/areas/sockets/mod.rs",
            "mod args; mod blocks; mod checks; mod facts; mod probe; use crate::{areas::Area, source::Moment}; use facts::Facts; pub struct Sockets;",
        ),
        ("src/areas/sockets/args.rs", "use std::net::IpAddr; #[derive(clap::Args)] pub struct Args { ip: IpAddr }"),
        ("src/areas/sockets/facts.rs", "use crate::model::Finding; use std::{fmt, net::{IpAddr, SocketAddr}}; pub struct Facts;"),
        ("src/areas/sockets/blocks.rs", "use super::{args::Args, facts::Facts};"),
        ("src/areas/sockets/probe/mod.rs", "mod place; use super::facts::Facts; use crate::source::{self, Moment}; use std::time::Instant;"),
        ("src/areas/sockets/probe/place.rs", "use super::*; fn f(m: Moment) { source::net::x(); std::fs::read(Instant::now()) }"),
        ("src/areas/sockets/checks/mod.rs", "mod one; #[cfg(test)] mod sample; use super::facts::Facts;"),
        (
            "src/areas/sockets/checks/one.rs",
            "use crate::{areas::sockets::facts::Facts, check, model::Finding}; use std::{collections::HashMap, io}; check! {} #[cfg(test)] mod tests { use super::{*, super::sample::*}; }",
        ),
        ("src/areas/sockets/checks/sample.rs", "use crate::areas::sockets::{args::Args, facts::Facts};"),
        ("src/settings/mod.rs", "use crate::model::Finding;"),
        ("src/verdict/mod.rs", "use crate::{model, settings::glob}; use clap::ValueEnum;"),
        ("src/run/mod.rs", "use crate::{areas::Area, source::Moment, verdict};"),
        ("src/render/mod.rs", "use crate::model::Finding; use std::fs::File;"),
        ("src/cli.rs", "use crate::{areas::AREAS, source::Netns, verdict::FailOn}; use clap::Command;"),
        ("src/commands/mod.rs", "use crate::{areas, cli, model, render, run, settings, source, verdict};"),
    ]
    .map(|(f, t)| (f.to_string(), t.to_string()))
    .into();
    files.insert(file.into(), text.into());
    violations(&Crate::parse(&files), &[])
}

const CHECK: &str = "src/areas/sockets/checks/one.rs";

/// Exactly one line is complained of, and the complaint says so.
#[track_caller]
fn bites(file: &str, text: &str, line: usize, says: &str) {
    let found = with(file, text);
    let at = format!("{file}:{line}: ");
    assert!(!found.is_empty(), "not seen: {text}");
    assert!(found.iter().all(|f| f.starts_with(&at)), "{text}\n{found:#?}");
    assert!(found.iter().any(|f| f.contains(says)), "{text}\n{found:#?}");
}

#[test]
fn the_crate_that_keeps_the_rule_is_silent() {
    assert_eq!(with(CHECK, "use crate::model::Finding;"), Vec::<String>::new());
    let harmless =
        "use std::io; fn f(w: &mut dyn io::Write) -> io::Result<()> { let fs = 1; fs.min(fs); env!(\"X\"); }";
    assert_eq!(with(CHECK, harmless), Vec::<String>::new());
}

#[test]
fn a_reader_is_seen_whatever_it_is_called() {
    let says = "checks of sockets may name no reader, clock or environment";
    for text in [
        "use std::{fs as disk};",
        "use std as s; fn f() { s::fs::read(1) }",
        "extern crate std as s; fn f() { s::fs::read(1) }",
        "use ::std::fs;",
        "use std::*; fn f() { fs::read(1) }",
        "use std::io::prelude::*;",
        "use std::io; fn f() { io::stdin() }",
        "fn f() { use std::time; time::Instant::now() }",
        "fn f() -> Option<std::time::SystemTime> { None }",
        "fn f() { assert!(std::env::var(\"X\").is_ok()) }",
        "fn f() { vec![format!(\"{}\", ::std::process::id())] }",
        "macro_rules! m { () => { use std::{net as n, io}; } }",
        "macro_rules! m { ($m:ident) => { std::$m::read(1) } }",
        "fn f() { <std::fs::File as Drop>::drop(1) }",
        "mod a { pub use std as s; } use a::s; fn f() { s::fs::read(1) }",
        "#[cfg(test)] mod tests { use std::path::Path; }",
        "fn f() { jiff::Timestamp::now() }",
    ] {
        bites(CHECK, text, 1, says);
    }
    bites(
        "src/areas/sockets/blocks.rs",
        "\n\nuse std::{\n    fmt,\n    env,\n};",
        5,
        "blocks of sockets may name no",
    );
    bites("src/model/check.rs", "use std::fs;", 1, "model may name no reader");
    bites("src/areas/sockets/args.rs", "use std::net::TcpStream;", 1, "args of sockets may name no");
    bites("src/areas/sockets/checks/orphans.rs", "use std::net::*;", 1, "may name no reader");
}

#[test]
fn source_is_seen_through_renames_globs_and_re_exports() {
    let says = "checks of sockets may not name source";
    for text in [
        "use crate::source::Moment;",
        "use crate::{model::Finding, source as world};",
        "use crate as root; fn f(m: root::source::Moment) {}",
        "use super::super::Moment;",
        "use super::super as up; fn f(m: up::Moment) {}",
        "use super::super::super::super::source;",
        "fn f() { println!(\"{}\", crate::source::net::x()) }",
    ] {
        bites(CHECK, text, 1, says);
    }
    bites(CHECK, "use super::super::*; fn f(m: Moment) {}", 1, "checks of sockets may not name");
    bites(CHECK, "use crate::*;", 1, "may not name every layer");
    // What a source merely passes on is the source's all the same.
    bites(
        "src/areas/sockets/facts.rs",
        "use crate::source::net::Found;",
        1,
        "facts of sockets may not name source",
    );
}

#[test]
fn parts_of_an_area_name_only_what_is_below_them() {
    let sockets = |part: &str| format!("src/areas/sockets/{part}.rs");
    bites(CHECK, "use super::super::probe::X;", 1, "checks of sockets may not name probe");
    bites(CHECK, "use crate::areas::sockets::args::Args;", 1, "may not name args of its area");
    bites(CHECK, "use super::super::Sockets;", 1, "may not name the mod.rs of its area");
    bites(CHECK, "use crate::areas::Area;", 1, "may not name what all areas share");
    bites(CHECK, "use crate::areas::fds::facts::Facts;", 1, "may not name the area fds");
    bites(CHECK, "use crate::settings::Settings;", 1, "checks of sockets may not name settings");
    bites(CHECK, "#[derive(clap::Args)] struct A;", 1, "checks of sockets may not name clap");
    bites(&sockets("facts"), "use super::checks::one;", 1, "facts of sockets may not name checks");
    bites(&sockets("blocks"), "use super::probe;", 1, "blocks of sockets may not name probe");
    bites(&sockets("blocks"), "use clap::ValueEnum as V;", 1, "blocks of sockets may not name clap");
    bites(&sockets("probe/place"), "use super::super::blocks;", 1, "probe of sockets may not name blocks");
    bites("src/areas/area.rs", "use super::sockets::Sockets;", 1, "may not name the area sockets");
    bites(
        "src/areas/fds/mod.rs",
        "use super::sockets::facts;\npub mod facts;",
        1,
        "may not name the area sockets",
    );
}

#[test]
fn layers_name_only_what_is_below_them() {
    bites("src/model/check.rs", "use crate::source::Moment;", 1, "model may not name source");
    bites("src/source/net.rs", "use crate::areas::AREAS;", 1, "source may not name areas");
    bites("src/settings/mod.rs", "use crate::verdict::FailOn;", 1, "settings may not name verdict");
    bites("src/verdict/mod.rs", "use super::run::Session;", 1, "verdict may not name run");
    bites("src/render/mod.rs", "use crate::{model, areas::AREAS};", 1, "render may not name areas");
    bites("src/run/mod.rs", "use crate::commands::look;", 1, "run may not name commands");
    bites("src/render/mod.rs", "use clap::ValueEnum;", 1, "render may not name clap");
    bites("src/main.rs", "use paramedic::source; fn main() {}", 1, "main.rs may not name source");
    let lib = "pub mod model; pub mod tools;";
    assert!(with("src/lib.rs", lib).is_empty(), "what has no file is no layer");
    let unknown = with("src/tools.rs", "");
    assert!(unknown.iter().any(|f| f.contains("the layer `tools` is unknown")), "{unknown:?}");
}

#[test]
fn a_file_taken_from_elsewhere_is_judged_where_it_is_used() {
    let text = "#[path = \"../../../source/net.rs\"] mod net;";
    let found = with(CHECK, text);
    assert!(found.iter().any(|f| f.contains("checks of sockets may name no reader")), "{found:?}");
}

#[test]
fn unsafe_stands_in_source_only() {
    bites(CHECK, "\nfn f() { unsafe { g() } }", 2, "`unsafe` stands in src/source/ only");
    bites(CHECK, "#![allow(unsafe_code)]", 1, "`unsafe` stands in src/source/ only");
    bites(CHECK, "fn f() { dbg!(unsafe { g() }) }", 1, "`unsafe` stands in src/source/ only");
}
