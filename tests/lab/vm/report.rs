//! Reads a `paramedic/1` document of a shot and says in a sentence what is wrong with it.

use crate::room;
use serde_json::Value;

/// The document of one run of `paramedic --json`.
pub struct Report {
    name: String,
    /// Exit status of the process.
    pub exit: i32,
    document: Value,
}

impl Report {
    /// The report of a shot.
    ///
    /// # Panics
    /// When stdout is not one `paramedic/1` document, or its exit code is not that of the process.
    pub fn of(row: &str, shot: &str) -> Self {
        let record = room::shot(row, shot);
        let name = format!("{row}/{shot}");
        let document: Value = serde_json::from_str(&record.stdout).unwrap_or_else(|error| {
            panic!("{name}: no JSON ({error}), exit {}: {}{}", record.exit, record.stdout, record.stderr)
        });
        assert_eq!(document["schema"], "paramedic/1", "{name}: {}", record.stdout);
        assert_eq!(document["exit_code"], record.exit, "{name}: the document says another exit code");
        assert!(!record.stderr.contains("panicked"), "{name}: {}", record.stderr);
        Self { name, exit: record.exit, document }
    }

    /// The whole document, for what has no accessor.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The finding of `code`.
    ///
    /// # Panics
    /// When there is none.
    pub fn finding(&self, code: &str) -> &Value {
        self.found(code).unwrap_or_else(|| panic!("{}: no {code} among {:#}", self.name, self.brief()))
    }

    /// The finding of `code` about the process `pid`.
    ///
    /// # Panics
    /// When there is none.
    pub fn finding_about(&self, code: &str, pid: u64) -> &Value {
        let mut findings = self.findings().filter(|f| f["code"] == code);
        let found = findings.find(|f| f["subject"]["kind"] == "process" && f["subject"]["pid"] == pid);
        found.unwrap_or_else(|| panic!("{}: no {code} of pid {pid} among {:#}", self.name, self.brief()))
    }

    /// Asserts that nothing of severity warning or critical was found, and that the exit status is 0.
    pub fn assert_silent(&self) {
        let loud: Vec<&Value> = self.findings().filter(|f| f["severity"] != "notice").collect();
        assert!(loud.is_empty(), "{}: a healthy machine is called sick: {loud:#?}", self.name);
        assert_eq!(self.exit, 0, "{}: {:#}", self.name, self.brief());
    }

    /// The outcome of a check, as the document has it: `outcome`, `looked`, `unseen`, `why`, `detail`.
    ///
    /// # Panics
    /// When the check is not in any section.
    pub fn check(&self, code: &str) -> &Value {
        let mut checks = self.sections().flat_map(|s| s["checks"].as_array().into_iter().flatten());
        checks.find(|c| c["code"] == code).unwrap_or_else(|| panic!("{}: no check {code}", self.name))
    }

    /// Asserts that a check does not call everything clear: it is undecided, or says that there are things it did not see.
    ///
    /// # Panics
    /// When it is clear with nothing unseen, or not in any section.
    pub fn assert_not_all_clear(&self, code: &str) {
        let check = self.check(code);
        let clear = check["outcome"] == "clear" && check["unseen"] == 0;
        assert!(!clear, "{}: what was not seen is called clear: {check}", self.name);
    }

    /// What an area says it could not see.
    pub fn gaps(&self, area: &str) -> Vec<&Value> {
        self.sections()
            .filter(|s| s["area"] == area)
            .flat_map(|s| s["gaps"].as_array().into_iter().flatten())
            .collect()
    }

    /// What could not be seen, of any area and of the machine itself.
    pub fn all_gaps(&self) -> Vec<&Value> {
        self.sections().flat_map(|s| s["gaps"].as_array().into_iter().flatten()).collect()
    }

    /// The cells `column` of the rows that have `value` in the column `key`, in whichever table of `area` has both columns.
    ///
    /// # Panics
    /// When there is no such table.
    pub fn cells(&self, area: &str, key: (&str, &Value), column: &str) -> Vec<&Value> {
        let at =
            |table: &Value, name: &str| table["columns"].as_array()?.iter().position(|c| c["key"] == name);
        let mut tables = self.tables(area).filter_map(|t| Some((t, at(t, key.0)?, at(t, column)?)));
        let Some((table, k, c)) = tables.next() else {
            panic!("{}: no table of {area} with {} and {column}", self.name, key.0)
        };
        let rows = table["rows"].as_array().into_iter().flatten();
        rows.filter(|row| &row[k] == key.1).map(|row| &row[c]).collect()
    }

    /// The first of [`cells`](Self::cells).
    ///
    /// # Panics
    /// As it does.
    pub fn cell(&self, area: &str, key: (&str, &Value), column: &str) -> Option<&Value> {
        self.cells(area, key, column).into_iter().next()
    }

    fn tables(&self, area: &str) -> impl Iterator<Item = &Value> {
        self.sections()
            .filter(move |s| s["area"] == area)
            .flat_map(|s| s["blocks"].as_array().into_iter().flatten())
            .filter(|b| b["block"] == "table")
    }

    fn found(&self, code: &str) -> Option<&Value> {
        self.findings().find(|f| f["code"] == code)
    }

    fn findings(&self) -> impl Iterator<Item = &Value> {
        self.document["findings"].as_array().into_iter().flatten()
    }

    fn sections(&self) -> impl Iterator<Item = &Value> {
        self.document["sections"].as_array().into_iter().flatten()
    }

    /// Findings, outcomes and gaps without the tables: what one wants to read when a test fails.
    fn brief(&self) -> Value {
        let mut brief = self.document.clone();
        for section in brief["sections"].as_array_mut().into_iter().flatten() {
            section["blocks"] = Value::Null;
        }
        brief
    }
}
