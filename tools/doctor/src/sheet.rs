//! What was found, row by row, and what is wrong.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};
use stage::{Result, printable};

/// Columns of a row's name.
const NAME: usize = 14;

/// All that is to be shown.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Sheet {
    /// What was looked at.
    pub(crate) found: Vec<Row>,
    /// What the pipelines lack.
    pub(crate) faults: Vec<Fault>,
    /// What would be better otherwise, though the pipelines run without.
    pub(crate) hints: Vec<Fault>,
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    /// What it is.
    pub(crate) name: String,
    /// What it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) part_of: Option<&'static str>,
    /// What was found of it, as it is shown to a person.
    #[serde(skip)]
    pub(crate) is: Vec<String>,
    /// The same for a program: one value each, sizes in bytes.
    #[serde(flatten)]
    pub(crate) facts: Map<String, Value>,
}

/// Something that is missing or wrong.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// What is wrong.
    pub(crate) what: String,
    /// The command that mends it, or what else does.
    pub(crate) mend: String,
}

impl Sheet {
    /// Adds what was found of one thing.
    pub(crate) fn row(&mut self, name: &str, is: impl Into<String>) {
        self.found.push(Row {
            name: name.to_owned(),
            part_of: None,
            is: vec![is.into()],
            facts: Map::new(),
        });
    }

    /// Adds values to the last thing, for programs that read the sheet.
    pub(crate) fn facts<const N: usize>(&mut self, facts: [(&str, Value); N]) {
        if let Some(row) = self.found.last_mut() {
            let facts = facts.map(|(name, value)| (name.to_owned(), value));
            row.facts.extend(facts);
        }
    }

    /// Adds what was found of a part of something.
    pub(crate) fn part(&mut self, whole: &'static str, name: &str, is: impl Into<String>) {
        self.row(name, is);
        if let Some(row) = self.found.last_mut() {
            row.part_of = Some(whole);
        }
    }

    /// Adds what else was found of the last thing.
    pub(crate) fn more(&mut self, is: impl Into<String>) {
        if let Some(row) = self.found.last_mut() {
            row.is.push(is.into());
        }
    }

    /// Adds what the pipelines lack.
    pub(crate) fn fault(&mut self, what: impl Into<String>, mend: impl Into<String>) {
        let (what, mend) = (what.into(), mend.into());
        self.faults.push(Fault { what, mend });
    }

    /// Adds what would be better otherwise.
    pub(crate) fn hint(&mut self, what: impl Into<String>, mend: impl Into<String>) {
        let (what, mend) = (what.into(), mend.into());
        self.hints.push(Fault { what, mend });
    }

    /// The sheet as it is shown to a person. Names in it may come from anywhere, and do not speak to the terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for Row {
            name, part_of, is, ..
        } in &self.found
        {
            let mut name = match part_of {
                Some(_) => format!("  {name}"),
                None => name.clone(),
            };
            for line in is {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "{name:<NAME$}  {}", printable(line));
                name.clear();
            }
        }
        let said = match self.faults.len() {
            0 => "All that the pipelines need is there.".to_owned(),
            1 => "1 fault:".to_owned(),
            several => format!("{several} faults:"),
        };
        let _ = writeln!(text, "\n{said}");
        for Fault { what, mend } in &self.faults {
            let _ = writeln!(text, "  {}\n    {mend}", printable(what));
        }
        for Fault { what, mend } in &self.hints {
            let _ = writeln!(
                text,
                "Not needed, but better: {}\n    {mend}",
                printable(what)
            );
        }
        text
    }

    /// The sheet as one JSON object on one line.
    pub(crate) fn json(&self) -> Result<String> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_remedy_below_it() {
        let mut sheet = Sheet::default();
        sheet.row("ffmpeg", "not found");
        assert!(
            sheet
                .text()
                .ends_with("\nAll that the pipelines need is there.\n")
        );
        sheet.fault("ffmpeg: not found", "make setup");
        let text = "ffmpeg          not found\n\n1 fault:\n  ffmpeg: not found\n    make setup\n";
        assert_eq!(sheet.text(), text);
        sheet.fault("disk\u{1b}[2J", "free some");
        assert!(sheet.text().contains("2 faults:") && !sheet.text().contains('\u{1b}'));
    }
}
