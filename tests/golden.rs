//! Recorded machines and the screens and documents that they must give: what an engineer sees does not change unnoticed.
//!
//! Each folder of `tests/fixtures/golden` holds a `snapshot.json` of a real machine (`made.md` says how it was made), the
//! screen at 80 columns, and the report. A new rendering is looked at, then taken over with
//! `PARAMEDIC_REGENERATE=1 cargo test --test golden`.

use paramedic::{
    areas::Chosen,
    model::Section,
    render::{self, Style},
    run::read_snapshot,
    settings::Settings,
    verdict::{self, Asked, FailOn, Taken},
};
use std::{fs, path::Path};

#[test]
fn recorded_machines_give_the_recorded_reports() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden");
    let write = std::env::var_os("PARAMEDIC_REGENERATE").is_some();
    let mut scenarios: Vec<_> = fs::read_dir(&top).unwrap().map(|e| e.unwrap().path()).collect();
    scenarios.retain(|p| p.is_dir());
    scenarios.sort();
    assert!(scenarios.len() >= 3, "the recorded machines are there");
    let mut differs = Vec::new();
    for dir in scenarios {
        assert!(dir.join("made.md").exists(), "{}: how was it made?", dir.display());
        let snapshot = read_snapshot(&dir.join("snapshot.json")).unwrap();
        let settings = Settings::default();
        let sections: Vec<Section> =
            snapshot.records.iter().map(|(_, r)| r.examine(&settings, &Chosen::default())).collect();
        let asked = Asked { command: "check".into(), named: vec![], fail_on: FailOn::Warning, strict: false };
        let taken = Taken { at: snapshot.taken_at, duration_ms: snapshot.duration_ms, host: snapshot.host };
        let report = verdict::assemble(sections, &settings, &asked, taken);
        let style = Style { width: Some(80), risks: true, ..Style::default() };
        let screen = render::text(&report, &style);
        let document = serde_json::to_string_pretty(&report).unwrap() + "\n";
        for (name, now) in [("screen.txt", screen), ("report.json", document)] {
            let file = dir.join(name);
            if write {
                fs::write(&file, now).unwrap();
            } else if fs::read_to_string(&file).unwrap_or_default() != now {
                differs.push(format!("{}\n--- now:\n{now}", file.display()));
            }
        }
    }
    assert!(
        differs.is_empty(),
        "{}\nlook at it, then: PARAMEDIC_REGENERATE=1 cargo test --test golden",
        differs.join("\n")
    );
}
