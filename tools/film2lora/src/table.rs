//! The tools that there are.

use std::fmt::Write as _;

use strsim::normalized_damerau_levenshtein;

/// One tool.
#[derive(Debug)]
pub(crate) struct Tool {
    /// What it is for: a stage of a run.
    pub(crate) stage: &'static str,
    /// What it is called by.
    pub(crate) name: &'static str,
    /// What it does, without a full stop.
    pub(crate) description: &'static str,
}

/// All tools, by stage and name; `build.rs` collects them.
pub(crate) const TOOLS: &[Tool] = &include!(concat!(env!("OUT_DIR"), "/tools.rs"));

/// Names are near that need this share of their letters changed, left out, added or swapped, or less.
const NEAR: f64 = 0.4;

/// The tools whose names, or one word of them, are nearest to `name`, if any are near.
pub(crate) fn near(name: &str) -> Vec<&'static str> {
    let likeness = |tool: &Tool| {
        let words = tool.name.split('-').chain([tool.name]);
        let each = words.map(|word| normalized_damerau_levenshtein(word, name));
        each.fold(0.0, f64::max)
    };
    let most = TOOLS.iter().map(likeness).fold(1.0 - NEAR, f64::max);
    let nearest = TOOLS.iter().filter(|tool| likeness(tool) >= most);
    nearest.map(|tool| tool.name).collect()
}

/// The tools with their descriptions, grouped by stage.
pub(crate) fn listed() -> String {
    // Writing to a string cannot fail.
    let mut text = String::new();
    let mut stage = "";
    for tool in TOOLS {
        if tool.stage != stage {
            stage = tool.stage;
            let (first, rest) = stage.split_at(1);
            let _ = write!(text, "\n{}{rest}:\n", first.to_uppercase());
        }
        let _ = writeln!(text, "  {:<17} {}", tool.name, tool.description);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_tool() {
        for (typed, meant) in [
            ("blur-fitler", "blur-filter"),
            ("frame_dedup", "frame-dedup"),
            ("dedup", "frame-dedup"),
            ("reprot", "report"),
            ("wy", "why"),
        ] {
            assert!(near(typed).contains(&meant), "{typed}: {:?}", near(typed));
        }
        assert!(near("qqqqqq").is_empty());
    }

    #[test]
    fn every_tool_is_listed_once_under_its_stage() {
        let listed = listed();
        for tool in TOOLS {
            let line = format!("\n  {:<17} {}\n", tool.name, tool.description);
            assert_eq!(listed.matches(&line).count(), 1, "{}", tool.name);
        }
        assert!(listed.starts_with("\nFrames:\n  blur-filter "), "{listed}");
        assert_eq!(listed.matches("\nPoses and faces:\n").count(), 1);
    }
}
