//! The registry as a whole: every check is registered, well named, documented, and named rightly where others name it.

use paramedic::{areas, model::Doc, verdict};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syn::visit::Visit;

/// Codes that there were once. A code that returns with another meaning would be ignored by the settings of those who
/// ignored the old one.
const RETIRED: &[&str] = &[];
/// What each doc comment is made of, in this order.
const HEADINGS: [&str; 4] = ["What it sees", "Why it matters", "Confirm", "Fix"];
/// A word in what a limit is, and how the key of such a limit ends.
const UNITS: [(&str, &str); 3] = [("%", "pct"), ("second", "s"), ("byte", "bytes")];

/// Every check with the area it belongs to; those of the settings belong to none.
fn registered() -> Vec<(&'static str, &'static Doc)> {
    let areas = areas::AREAS.iter().flat_map(|a| (a.docs)().into_iter().map(move |d| (a.name, d)));
    areas.chain(verdict::DOCS.iter().map(|d| ("settings", *d))).collect()
}

/// What is wrong with these checks taken together.
fn complaints(checks: &[(&str, &Doc)], retired: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    let mut codes = BTreeSet::new();
    let mut summaries = BTreeSet::new();
    for (area, doc) in checks {
        let mut say = |what: String| out.push(format!("{}: {what}", doc.code));
        if !codes.insert(doc.code) {
            say("there are two of this code".into());
        }
        if retired.contains(&doc.code) {
            say("a retired code came back".into());
        }
        if !doc.code.split_once('/').is_some_and(|(a, defect)| is_name(a) && is_name(defect)) {
            say("a code is `area/defect` in lower case, words joined by hyphens".into());
        }
        if doc.code.split('/').next() != Some(*area) {
            say(format!("it belongs to the area {area}, and its prefix says otherwise"));
        }
        if doc.summary.trim().is_empty() || doc.summary.ends_with('.') || !summaries.insert(doc.summary) {
            say("the summary is a few words of its own, without a full stop".into());
        }
        headings(doc.body).into_iter().for_each(&mut say);
        limits(doc).into_iter().for_each(&mut say);
    }
    out
}

fn is_name(text: &str) -> bool {
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(word)
}

fn headings(body: &str) -> Vec<String> {
    let mut found: Vec<(&str, usize)> = Vec::new();
    for line in body.lines().map(str::trim) {
        match (line.strip_prefix("## "), found.last_mut()) {
            (Some(heading), _) => found.push((heading, 0)),
            (None, Some((_, text))) => *text += line.len(),
            (None, None) => {}
        }
    }
    let mut out = Vec::new();
    if found.iter().map(|f| f.0).ne(HEADINGS) {
        let found: Vec<_> = found.iter().map(|f| f.0).collect();
        out.push(format!("its headings are {found:?} and not {HEADINGS:?}"));
    }
    out.extend(found.iter().filter(|f| f.1 == 0).map(|f| format!("nothing stands under `{}`", f.0)));
    out
}

fn limits(doc: &Doc) -> Vec<String> {
    let mut out = Vec::new();
    let mut keys = BTreeSet::new();
    for limit in doc.limits {
        let key = limit.key;
        let mut say = |what: String| out.push(format!("limit `{key}`: {what}"));
        if !keys.insert(key) {
            say("there are two of this key".into());
        }
        if !is_name(&key.replace('_', "-")) {
            say("a key is in lower case, words joined by underscores".into());
        }
        if limit.what.trim().is_empty() {
            say("what is compared is not said".into());
        }
        for (word, unit) in UNITS {
            let ends = key == unit || key.ends_with(&format!("_{unit}"));
            if limit.what.contains(word) != ends {
                say(format!("`{word}` in what it is and `_{unit}` at the end of the key go together"));
            }
        }
        let level = limit.default;
        let rises = level.warning <= level.critical || limit.what.contains("fewer are worse");
        if !rises || !level.warning.is_finite() || !level.critical.is_finite() || level.warning < 0.0 {
            say(format!("{level:?} are no levels; where fewer are worse, say so"));
        }
    }
    out
}

fn source(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
fn parsed(path: &str) -> syn::File {
    let text = fs::read_to_string(source(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    syn::parse_file(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}
fn listed(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(source(folder)).unwrap_or_else(|e| panic!("{folder}: {e}"));
    entries
        .map(|e| e.expect("a folder of src can be listed").file_name().into_string().expect("UTF-8"))
        .collect()
}
/// The areas there are folders of; what `snapshot` alone records has neither command nor checks.
fn folders() -> Vec<String> {
    let all = listed("src/areas").into_iter().filter(|f| f != areas::ATTRIBUTES.name);
    all.filter(|f| source("src/areas").join(f).is_dir()).collect()
}
/// How many checks a file declares.
fn declares(file: &syn::File) -> usize {
    let check = |i: &&syn::Item| matches!(i, syn::Item::Macro(m) if m.mac.path.segments.last().is_some_and(|s| s.ident == "check"));
    file.items.iter().filter(check).count()
}

#[test]
fn the_registry_has_nothing_to_complain_of() {
    let checks = registered();
    let found = complaints(&checks, RETIRED);
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(areas::docs().len() + verdict::DOCS.len(), checks.len());
}

#[test]
fn every_area_is_one_folder_and_one_line() {
    let mut names: Vec<&str> = areas::AREAS.iter().map(|a| a.name).collect();
    names.sort_unstable();
    let mut folders = folders();
    folders.sort_unstable();
    assert_eq!(names, folders);
    assert!(
        (areas::ATTRIBUTES.docs)().is_empty() && source("src/areas").join(areas::ATTRIBUTES.name).is_dir()
    );
    for a in areas::AREAS {
        assert!(is_name(a.name) && !a.about.is_empty() && !(a.docs)().is_empty(), "{}", a.name);
    }
}

#[test]
fn every_file_of_checks_is_registered_and_named_for_its_code() {
    let docs: BTreeMap<&str, &Doc> = areas::docs().into_iter().map(|d| (d.file, d)).collect();
    let mut seen = BTreeSet::new();
    for folder in folders().iter().map(|a| format!("src/areas/{a}/checks")) {
        for name in listed(&folder).into_iter().filter(|f| f.ends_with(".rs")) {
            let file = format!("{folder}/{name}");
            match (declares(&parsed(&file)), docs.get(file.as_str())) {
                (0, None) => {}
                (1, Some(doc)) => {
                    let stem = doc.code.split('/').next_back().unwrap_or_default().replace('-', "_");
                    assert_eq!(format!("{stem}.rs"), name, "{file} holds {}", doc.code);
                    seen.insert(doc.file);
                }
                (1, None) => {
                    panic!("{file}: its check is not registered: give it two lines in {folder}/mod.rs")
                }
                (n, _) => panic!("{file} declares {n} checks: one file, one check"),
            }
        }
    }
    let elsewhere: Vec<_> = docs.keys().filter(|f| !seen.contains(*f)).collect();
    assert!(elsewhere.is_empty(), "checks declared outside of checks/: {elsewhere:?}");
    assert_eq!(seen.len(), areas::docs().len());
}

/// The texts in the table of links.
#[derive(Default)]
struct Links(Vec<String>);
impl<'ast> Visit<'ast> for Links {
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        if item.ident == "LINKS" {
            syn::visit::visit_item_const(self, item);
        }
    }
    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.0.push(text.value());
    }
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

#[test]
fn links_name_codes_that_there_are() {
    let codes: BTreeSet<&str> = registered().iter().map(|c| c.1.code).collect();
    let mut links = Links::default();
    parsed("src/verdict/links.rs")
        .items
        .iter()
        .filter(|i| matches!(i, syn::Item::Const(_)))
        .for_each(|i| links.visit_item(i));
    assert!(links.0.len() >= 2 && links.0.len().is_multiple_of(2), "cause and effect: {:?}", links.0);
    let unknown: Vec<_> = links.0.iter().filter(|c| !codes.contains(c.as_str())).collect();
    assert!(unknown.is_empty(), "src/verdict/links.rs names checks that there are not: {unknown:?}");
    let own: Vec<_> = links.0.chunks(2).filter(|l| l[0] == l[1]).collect();
    assert!(own.is_empty(), "a check is not its own cause: {own:?}");
}

mod planted {
    use super::*;
    use paramedic::model::{Level, Limit};

    const BODY: &str = " ## What it sees\n\n a\n ## Why it matters\n b\n ## Confirm\n c\n ## Fix\n d\n";
    const GOOD: Doc =
        Doc { code: "fds/near-limit", summary: "few are left", body: BODY, file: "", limits: &[] };

    #[track_caller]
    fn bites(doc: Doc, says: &str) {
        let found = complaints(&[("fds", &doc)], &["fds/retired"]);
        assert!(found.len() == 1 && found[0].contains(says), "{says}: {found:?}");
    }
    #[track_caller]
    fn limited(key: &'static str, what: &'static str, warning: f64, critical: f64, says: &str) {
        let default = Level { warning, critical };
        let limits = Box::leak(Box::new([Limit { key, what, default, single: false }]));
        let found = complaints(&[("fds", &Doc { limits, ..GOOD })], &[]);
        match says {
            "" => assert!(found.is_empty(), "{found:?}"),
            _ => assert!(found.len() == 1 && found[0].contains(says), "{says}: {found:?}"),
        }
    }

    #[test]
    fn a_check_as_it_should_be_is_left_alone() {
        assert_eq!(complaints(&[("fds", &GOOD)], &["fds/other"]), Vec::<String>::new());
    }

    #[test]
    fn every_fault_of_a_check_is_said() {
        bites(Doc { code: "fds/retired", ..GOOD }, "a retired code came back");
        for code in ["fds/Near", "fds/near_limit", "fds/", "fds", "fds/near--limit", "fds/near-limit/x"] {
            bites(Doc { code, ..GOOD }, "lower case");
        }
        bites(Doc { code: "sockets/near-limit", ..GOOD }, "its prefix says otherwise");
        bites(Doc { summary: "", ..GOOD }, "summary");
        bites(Doc { summary: "few are left.", ..GOOD }, "summary");
        bites(
            Doc { body: " ## What it sees\n a\n ## Why it matters\n b\n ## Fix\n d", ..GOOD },
            "its headings",
        );
        bites(Doc { body: "", ..GOOD }, "its headings");
        let empty = " ## What it sees\n a\n ## Why it matters\n\n ## Confirm\n c\n ## Fix\n d";
        bites(Doc { body: empty, ..GOOD }, "nothing stands under `Why it matters`");
        let twice = complaints(&[("fds", &GOOD), ("fds", &Doc { summary: "other", ..GOOD })], &[]);
        assert_eq!(twice, ["fds/near-limit: there are two of this code"]);
    }

    #[test]
    fn every_fault_of_a_limit_is_said() {
        limited("used_pct", "open, % of the limit", 50.0, 80.0, "");
        limited("fast_per_s", "so many a second", 1.0, 1.0, "");
        limited("left_s", "seconds left; fewer are worse", 600.0, 60.0, "");
        limited("used", "open, % of the limit", 50.0, 80.0, "`_pct`");
        limited("age_pct", "of all", 50.0, 80.0, "`_pct`");
        limited("age", "seconds since then", 50.0, 80.0, "`_s`");
        limited("age_s", "time since then", 50.0, 80.0, "`_s`");
        limited("reply", "bytes of a reply", 50.0, 80.0, "`_bytes`");
        limited("usedPct", "of all", 50.0, 80.0, "lower case");
        limited("count", " ", 50.0, 80.0, "not said");
        limited("count", "sockets", 80.0, 50.0, "no levels");
        limited("count", "sockets", f64::NAN, 50.0, "no levels");
    }
}
