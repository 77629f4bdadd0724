//! What is to be fixed, as a table for people.

use std::path::Path;

use captions::audit::{Level, Report};
use stage::{Result, machine};

/// Writes one line a finding, with tabs: level, kind, captions, share, what, advice, examples, and
/// whether it is of the captions or of the sentences beside them.
pub(crate) fn write(file: &Path, reports: &[(&str, &Report)]) -> Result<()> {
    let mut text =
        "level\tkind\tcaptions\tshare\tthe caption\twhat to do\texamples\tof\n".to_owned();
    let findings = reports
        .iter()
        .flat_map(|(name, report)| report.findings.iter().map(move |finding| (name, finding)));
    for (name, finding) in findings {
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
            name,
        ];
        let cells = cells.map(|cell| cell.replace(['\t', '\n', '\r'], " "));
        text += &cells.join("\t");
        text.push('\n');
    }
    Ok(machine::file::write(file, text.as_bytes())?)
}
