//! The JSON document of one run, and the sentences that cases say about it.

use std::fmt::Write;
use std::ops::RangeBounds;

use serde_json::Value;

use super::patient::Patient;
use super::run::Ended;
use super::schema;

/// What one run of the binary printed.
pub struct Report {
    /// The exit code.
    pub exit: i32,
    /// The document.
    pub json: Value,
    /// The command line, for messages.
    line: String,
}

/// One finding of a report, with the report around it for messages.
#[derive(Clone, Copy)]
pub struct Finding<'a> {
    report: &'a Report,
    json: &'a Value,
}

impl Report {
    /// Reads the document and holds it against the exit code of the process.
    pub(super) fn read(args: &[&str], ended: Ended) -> Self {
        let line = format!("paramedic {}", args.join(" "));
        let Ended { status, stdout, stderr } = ended;
        let exit = status.code().unwrap_or_else(|| panic!("{line} ended by {status}: {stderr}"));
        let json: Value = serde_json::from_slice(&stdout).unwrap_or_else(|error| {
            let text = String::from_utf8_lossy(&stdout);
            panic!("{line} printed no JSON ({error}), exit {exit}\nstdout: {text}\nstderr: {stderr}")
        });
        assert_eq!(json["schema"], "paramedic/1", "{line}");
        schema::must_hold(&json, &line);
        assert_eq!(json["exit_code"], exit, "{line}: the document and the process disagree");
        Self { exit, json, line }
    }

    /// All findings, in the order in which they are ranked.
    pub fn findings(&self) -> impl Iterator<Item = Finding<'_>> {
        let list = self.json["findings"].as_array();
        let list = list.unwrap_or_else(|| panic!("{} has no list of findings", self.line));
        list.iter().map(|json| Finding { report: self, json })
    }

    /// All findings of one code, in the order in which they are ranked.
    pub fn all(&self, code: &str) -> Vec<Finding<'_>> {
        self.findings().filter(|finding| finding.code() == code).collect()
    }

    /// The first finding of `code`; panics with the whole list when there is none.
    pub fn must_find(&self, code: &str) -> Finding<'_> {
        let first = self.all(code).first().copied();
        first.unwrap_or_else(|| panic!("no {code} among:\n{self}\n{}", self.checks(code)))
    }

    /// Panics when there is a finding of `code`.
    pub fn must_not_find(&self, code: &str) {
        assert!(self.all(code).is_empty(), "{code} should not be among:\n{self}");
    }

    /// No warning, nothing critical, exit 0. Notices are allowed: they are settings, not faults.
    pub fn must_be_silent(&self) {
        let loud = self.findings().any(|finding| finding.severity() != "notice");
        assert!(!loud && self.exit == 0, "a healthy machine was accused:\n{self}");
    }

    /// What became of a check: `found`, `clear`, `unknown` or `skipped`.
    pub fn outcome(&self, code: &str) -> &str {
        let outcome = self.check(code).and_then(|check| check["outcome"].as_str());
        outcome.unwrap_or_else(|| panic!("{code} is not among the checks of:\n{self}"))
    }

    /// The exit code is the one that this severity has, when no gap raises it.
    pub fn must_exit(&self, code: i32) {
        assert_eq!(self.exit, code, "exit code of:\n{self}");
    }

    /// All gaps of all sections.
    pub fn gaps(&self) -> Vec<&Value> {
        let sections = self.json["sections"].as_array().into_iter().flatten();
        sections.flat_map(|section| section["gaps"].as_array().into_iter().flatten()).collect()
    }

    fn check(&self, code: &str) -> Option<&Value> {
        let sections = self.json["sections"].as_array()?.iter();
        sections
            .flat_map(|section| section["checks"].as_array().into_iter().flatten())
            .find(|check| check["code"] == code)
    }

    fn checks(&self, code: &str) -> String {
        let check = self.check(code);
        check.map_or_else(|| format!("{code} was not even looked at"), Value::to_string)
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "{} → exit {}, status {}", self.line, self.exit, self.json["status"])?;
        let mut list = String::new();
        for finding in self.findings() {
            let of = &finding.json;
            writeln!(list, "  {} {}: {}", finding.severity(), finding.code(), of["title"])?;
            writeln!(list, "    subject {} evidence {}", of["subject"], of["evidence"])?;
        }
        if list.is_empty() {
            list.push_str("  no finding at all\n");
        }
        out.write_str(&list)?;
        self.gaps().iter().try_for_each(|gap| writeln!(out, "  gap {gap}"))
    }
}

impl<'a> Finding<'a> {
    /// Its code.
    pub fn code(&self) -> &'a str {
        self.text(&self.json["code"], "code")
    }

    /// `notice`, `warning` or `critical`.
    pub fn severity(&self) -> &'a str {
        self.text(&self.json["severity"], "severity")
    }

    /// Its one sentence.
    pub fn title(&self) -> &'a str {
        self.text(&self.json["title"], "title")
    }

    /// The reasoning behind it, sentence by sentence.
    pub fn because(&self) -> String {
        self.json["because"].to_string()
    }

    /// The name of the process that is blamed.
    pub fn subject_name(&self) -> &'a str {
        self.text(&self.json["subject"]["name"], "subject.name")
    }

    /// Its subject.
    pub fn subject(&self) -> &'a Value {
        &self.json["subject"]
    }

    /// The findings that cause it, by their place in the list.
    pub fn caused_by(&self) -> Vec<usize> {
        let places = self.json["caused_by"].as_array().into_iter().flatten();
        places.filter_map(|place| usize::try_from(place.as_u64()?).ok()).collect()
    }

    /// The address of the first peer or listener that it is about.
    pub fn about(&self, kind: &str) -> &'a str {
        let about = self.json["about"].as_array().into_iter().flatten();
        let mut addresses = about.filter(|thing| thing["kind"] == kind);
        let thing = addresses.next().unwrap_or(&Value::Null);
        self.text(&thing["address"], &format!("about a {kind}"))
    }

    /// All that it is about beside its subject.
    pub fn about_things(&self) -> &'a [Value] {
        self.json["about"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The pid of the first process that it is about beside its subject.
    pub fn about_pid(&self) -> Option<u64> {
        self.about_things().iter().find(|thing| thing["kind"] == "process")?["pid"].as_u64()
    }

    /// It blames this process: kind, pid as seen inside, and name.
    pub fn must_blame(self, patient: &Patient) -> Self {
        let subject = self.subject();
        let right = subject["kind"] == "process"
            && subject["pid"] == patient.pid()
            && subject["name"] == patient.name();
        let (name, pid) = (patient.name(), patient.pid());
        assert!(right, "{} should blame {name} ({pid}) in:\n{}", self.code(), self.report);
        self
    }

    /// It is about this mount.
    pub fn must_blame_mount(self, path: &str) -> Self {
        let subject = self.subject();
        let right = subject["kind"] == "mount" && subject["path"] == path;
        assert!(right, "{} should blame the mount {path} in:\n{}", self.code(), self.report);
        self
    }

    /// The path of the first mount that it is tied to.
    pub fn about_mount(&self) -> &'a str {
        let about = self.json["about"].as_array().into_iter().flatten();
        let mount = about.into_iter().find(|thing| thing["kind"] == "mount").unwrap_or(&Value::Null);
        self.text(&mount["path"], "about a mount")
    }

    /// It is of this severity.
    pub fn must_be(self, severity: &str) -> Self {
        assert_eq!(self.severity(), severity, "severity of {} in:\n{}", self.code(), self.report);
        self
    }

    /// A value of its evidence is exactly this.
    pub fn must_say(self, key: &str, value: impl Into<Value>) -> Self {
        let said = &self.json["evidence"][key];
        assert_eq!(said, &value.into(), "evidence {key} of {} in:\n{}", self.code(), self.report);
        self
    }

    /// A number of its evidence lies in this range.
    pub fn must_measure(self, key: &str, range: impl RangeBounds<f64> + std::fmt::Debug) -> Self {
        let said = self.number(key);
        let code = self.code();
        assert!(range.contains(&said), "{code}: {key} {said} not in {range:?}:\n{}", self.report);
        self
    }

    /// Whether its evidence has this key.
    pub fn has(&self, key: &str) -> bool {
        !self.json["evidence"][key].is_null()
    }

    /// A text of its evidence.
    pub fn said(&self, key: &str) -> &'a str {
        self.text(&self.json["evidence"][key], &format!("text {key}"))
    }

    /// A number of its evidence.
    pub fn number(&self, key: &str) -> f64 {
        let value = self.json["evidence"][key].as_f64();
        value.unwrap_or_else(|| panic!("{} has no number {key} in:\n{}", self.code(), self.report))
    }

    fn text(&self, value: &'a Value, what: &str) -> &'a str {
        value.as_str().unwrap_or_else(|| panic!("no {what} in finding {}", self.json))
    }
}
