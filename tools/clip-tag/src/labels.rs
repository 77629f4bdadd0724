//! Label files: what is asked of an image, in words.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use stage::{Context, Result, ensure};

/// The place of a label's words in a template.
const PLACE: &str = "{}";

/// The most texts that a group may come to: labels' prompts times templates.
const MOST: usize = 20_000;

/// A group as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    #[expect(dead_code, reason = "it is for who reads the file")]
    about: String,
    #[serde(default = "plain")]
    templates: Vec<String>,
    score: Option<Score>,
    threshold: Option<Threshold>,
    margin: Option<f64>,
    top: Option<usize>,
    measure: Option<String>,
    labels: BTreeMap<String, Prompts>,
}

/// How cosines become scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Score {
    /// Shares of the labels, which add up to 1.
    Softmax,
    /// Of each label by itself.
    Sigmoid,
}

/// The least score, of both kinds or of each.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Threshold {
    Both(f64),
    Each {
        softmax: Option<f64>,
        sigmoid: Option<f64>,
    },
}

/// How a label is said.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Prompts {
    One(String),
    Several(Vec<String>),
}

/// A group of labels to choose from.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) score: Option<Score>,
    pub(crate) threshold: Option<Threshold>,
    pub(crate) margin: Option<f64>,
    pub(crate) top: Option<usize>,
    /// The label whose score alone is wanted, whatever it is.
    pub(crate) measure: Option<String>,
    /// Each label with all its texts, by name.
    pub(crate) labels: Vec<(String, Vec<String>)>,
}

fn plain() -> Vec<String> {
    vec![PLACE.to_owned()]
}

/// Reads the groups of files, and of the files of folders, by name.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<Group>> {
    let mut groups = BTreeMap::new();
    for path in paths {
        for file in files(path)? {
            let named = || file.display().to_string();
            for (name, written) in parse(&file).with_context(named)? {
                let group = group(&name, written).with_context(named)?;
                let twice = groups.insert(name, group);
                ensure!(
                    twice.is_none(),
                    "{}: an earlier file has this group too: {}",
                    file.display(),
                    twice.map(|group| group.name).unwrap_or_default()
                );
            }
        }
    }
    ensure!(!groups.is_empty(), "--labels: no groups in these files");
    Ok(groups.into_values().collect())
}

/// The file itself, or the label files of a folder by name.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).with_context(|| path.display().to_string())?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.with_context(|| path.display().to_string())?.path();
        let ending = file.extension().and_then(|ending| ending.to_str());
        if matches!(ending, Some("toml" | "json")) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn parse(file: &Path) -> Result<BTreeMap<String, Written>> {
    let text = fs::read_to_string(file)?;
    if file.extension().is_some_and(|ending| ending == "json") {
        return Ok(serde_json::from_str(&text)?);
    }
    Ok(toml::from_str(&text)?)
}

fn group(name: &str, written: Written) -> Result<Group> {
    check(name, &written)?;
    let mut labels = Vec::new();
    for (label, prompts) in written.labels {
        let prompts = match prompts {
            Prompts::One(prompt) => vec![prompt],
            Prompts::Several(prompts) => prompts,
        };
        let some = prompts.iter().all(|prompt| !prompt.trim().is_empty());
        ensure!(
            some && !prompts.is_empty() && !label.trim().is_empty(),
            "{name}: label `{label}` has no texts"
        );
        let said = |prompt: &String| {
            let filled = written.templates.iter();
            filled
                .map(|template| template.replace(PLACE, prompt))
                .collect::<Vec<_>>()
        };
        labels.push((label, prompts.iter().flat_map(said).collect::<Vec<_>>()));
    }
    let texts: usize = labels.iter().map(|(_, texts)| texts.len()).sum();
    ensure!(
        texts <= MOST,
        "{name}: {texts} texts, and at most {MOST} are allowed"
    );
    Ok(Group {
        name: name.to_owned(),
        score: written.score,
        threshold: written.threshold,
        margin: written.margin,
        top: written.top,
        measure: written.measure,
        labels,
    })
}

/// What can be wrong with a group besides its labels.
fn check(name: &str, written: &Written) -> Result<()> {
    ensure!(
        written.labels.len() > 1 || written.score == Some(Score::Sigmoid),
        "{name}: at least two labels are needed"
    );
    ensure!(
        written
            .templates
            .iter()
            .all(|template| template.contains(PLACE))
            && !written.templates.is_empty(),
        "{name}: a template has no {PLACE}, the place of the label's text"
    );
    let shares = [written.margin].into_iter().flatten();
    let shares = shares.chain(match written.threshold {
        Some(Threshold::Both(least)) => vec![least],
        Some(Threshold::Each { softmax, sigmoid }) => softmax.into_iter().chain(sigmoid).collect(),
        None => Vec::new(),
    });
    for share in shares {
        ensure!(
            (0.0..=1.0).contains(&share),
            "{name}: a threshold or margin must be from 0 to 1, not {share}"
        );
    }
    ensure!(written.top != Some(0), "{name}: top must be 1 or more");
    if let Some(measure) = &written.measure {
        ensure!(
            written.labels.contains_key(measure),
            "{name}: measure names `{measure}`, which is none of its labels"
        );
        let chooses =
            written.threshold.is_some() || written.margin.is_some() || written.top.is_some();
        ensure!(
            !chooses && written.score != Some(Score::Sigmoid),
            "{name}: a measure is a softmax, and has no threshold, margin or top"
        );
    }
    Ok(())
}
