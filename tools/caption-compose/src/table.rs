//! What is to be fixed, as a table for people.

use std::io::Write;
use std::path::Path;

use captions::audit::{Level, Report};
use stage::Result;

use crate::check::replaced;

/// Writes one line a finding, with tabs: level, kind, captions, share, what, advice, examples.
pub(crate) fn write(file: &Path, report: &Report) -> Result<()> {
    let mut text = "level\tkind\tcaptions\tshare\tthe caption\twhat to do\texamples\n".to_owned();
    for finding in &report.findings {
        let level = if finding.level == Level::Error {
            "error"
        } else {
            "warning"
        };
        let kind = serde_json::to_string(&finding.kind)?;
        let cells = [
            level,
            kind.trim_matches('"'),
            &finding.captions.to_string(),
            &format!("{:.3}", finding.share),
            &finding.what,
            finding.kind.advice(),
            &finding.examples.join(" "),
        ];
        let cells = cells.map(|cell| cell.replace(['\t', '\n', '\r'], " "));
        text += &cells.join("\t");
        text.push('\n');
    }
    replaced(file, |beside| Ok(beside.write_all(text.as_bytes())?))
}
