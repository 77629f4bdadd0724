//! sd-scripts: the data set configuration, `library/config_util.py`.

mod keys;

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Problem;
use super::schema::{Keys, Values, check, tables};
use crate::fit::SdScripts;
use keys::{
    DATASET, DREAM_BOOTH, DREAM_BOOTH_SUBSET, DROPOUT, FINE_TUNING_SUBSET, MASKED, MASKED_SUBSET,
    SUBSET,
};

/// What kind of data set it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Pictures with caption files.
    DreamBooth,
    /// A metadata file.
    FineTuning,
    /// Pictures with masks.
    Masked,
}

/// One folder or metadata file, with the defaults of the outer levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subset {
    /// Where it stands in the configuration.
    pub place: String,
    /// What kind it is of.
    pub kind: Kind,
    /// The data set's buckets; `None` without a resolution.
    pub buckets: Option<SdScripts>,
    /// `image_dir`.
    pub image_dir: Option<String>,
    /// `metadata_file`.
    pub metadata_file: Option<String>,
    /// `conditioning_data_dir`: the masks.
    pub conditioning_data_dir: Option<String>,
    /// `caption_extension`, with sd-scripts' own default.
    pub caption_extension: String,
    /// `class_tokens`: the caption of pictures that have none.
    pub class_tokens: Option<String>,
    /// `num_repeats`.
    pub num_repeats: u32,
    /// `alpha_mask`: transparency is the mask.
    pub alpha_mask: bool,
    /// `enable_wildcard`: every line of a caption counts.
    pub enable_wildcard: bool,
}

/// Reads a configuration as sd-scripts does; `masked_loss` says whether the
/// trainer is called with `--masked_loss`.
pub fn read(config: &Table, masked_loss: bool) -> (Vec<Subset>, Vec<Problem>) {
    let mut problems = Vec::new();
    let empty = Table::new();
    let general = config
        .get("general")
        .and_then(Value::as_table)
        .unwrap_or(&empty);
    for key in config
        .keys()
        .filter(|key| !["general", "datasets"].contains(&key.as_str()))
    {
        let text = "not a key that may stand here, at which the trainer stops";
        problems.push(Problem::fatal("config-key", key, text));
    }
    let levels: [Keys; 4] = [DATASET, SUBSET, DREAM_BOOTH, DROPOUT];
    check(general, "general", &levels, &[], &mut problems);
    let datasets = tables(config, "datasets");
    if datasets.is_empty() {
        let text = "there is no data set";
        problems.push(Problem::fatal("config-missing", "datasets", text));
    }
    let mut subsets = Vec::new();
    for (number, dataset) in datasets.into_iter().enumerate() {
        let place = format!("datasets[{number}]");
        read_dataset(
            dataset,
            general,
            &place,
            masked_loss,
            &mut subsets,
            &mut problems,
        );
    }
    twice(&mut subsets, &mut problems);
    (subsets, problems)
}

fn read_dataset(
    dataset: &Table,
    general: &Table,
    place: &str,
    masked_loss: bool,
    found: &mut Vec<Subset>,
    problems: &mut Vec<Problem>,
) {
    let subsets = tables(dataset, "subsets");
    let kind = match kind(&subsets, place) {
        Ok(kind) => kind,
        Err(problem) => return problems.push(problem),
    };
    if kind == Kind::Masked && !masked_loss {
        problems.push(Problem {
            code: "config-masked-loss",
            place: place.to_owned(),
            text: "`conditioning_data_dir` wants --masked_loss, without which the whole file is refused".to_owned(),
            fatal: false,
        });
    }
    let (outer, inner): (Keys, Keys) = match kind {
        Kind::DreamBooth => (DREAM_BOOTH, DREAM_BOOTH_SUBSET),
        Kind::FineTuning => (&[], FINE_TUNING_SUBSET),
        Kind::Masked => (MASKED, MASKED_SUBSET),
    };
    check(
        dataset,
        place,
        &[DATASET, SUBSET, outer, DROPOUT],
        &["subsets"],
        problems,
    );
    for (number, subset) in subsets.iter().enumerate() {
        let place = format!("{place}.subsets[{number}]");
        check(
            subset,
            &place,
            &[SUBSET, inner, outer, DROPOUT],
            &[],
            problems,
        );
        let subset = resolved(Values(vec![subset, dataset, general]), kind, place);
        problems.extend(missing(&subset));
        found.push(subset);
    }
}

/// The kind that all subsets are of.
fn kind(subsets: &[&Table], place: &str) -> Result<Kind, Problem> {
    let having = |key: &str| {
        let subsets = subsets.iter();
        subsets.filter(|subset| subset.contains_key(key)).count()
    };
    let (masks, metadata) = (having("conditioning_data_dir"), having("metadata_file"));
    let all = subsets.len().max(1);
    if masks == all {
        return Ok(Kind::Masked);
    }
    if masks > 0 {
        let text = "folders with and without masks cannot be mixed in one data set";
        return Err(Problem::fatal("config-masked-loss", place, text));
    }
    match metadata {
        0 => Ok(Kind::DreamBooth),
        some if some == all => Ok(Kind::FineTuning),
        _ => {
            let text = "folders with captions and metadata files cannot be mixed in one data set";
            Err(Problem::fatal("config-mixed", place, text))
        }
    }
}

fn resolved(values: Values<'_>, kind: Kind, place: String) -> Subset {
    let buckets = values.size("resolution").map(|resolution| SdScripts {
        resolution,
        enable_bucket: values.flag("enable_bucket"),
        min_bucket_reso: values.number("min_bucket_reso", 256),
        max_bucket_reso: values.number("max_bucket_reso", 1024),
        bucket_reso_steps: values.number("bucket_reso_steps", 64),
        bucket_no_upscale: values.flag("bucket_no_upscale"),
    });
    Subset {
        place,
        kind,
        buckets,
        image_dir: values.text("image_dir"),
        metadata_file: values.text("metadata_file"),
        conditioning_data_dir: values.text("conditioning_data_dir"),
        caption_extension: values
            .text("caption_extension")
            .unwrap_or(".caption".into()),
        class_tokens: values
            .text("class_tokens")
            .filter(|_| kind == Kind::DreamBooth),
        num_repeats: values.number("num_repeats", 1),
        alpha_mask: values.flag("alpha_mask"),
        enable_wildcard: values.flag("enable_wildcard"),
    }
}

/// What must be there and is not, or cannot be.
fn missing(subset: &Subset) -> Vec<Problem> {
    let place = &subset.place;
    let missing = |text: &str| Problem::fatal("config-missing", place, text);
    let mut problems = Vec::new();
    if subset.kind != Kind::FineTuning && subset.image_dir.is_none() {
        problems.push(missing("`image_dir` is missing"));
    }
    match &subset.buckets {
        None => problems.push(missing("`resolution` is missing")),
        Some(buckets) => problems.extend(
            buckets
                .refused()
                .map(|text| Problem::fatal("config-buckets", place, text)),
        ),
    }
    if subset.num_repeats < 1 {
        problems.push(Problem {
            code: "config-repeats",
            place: place.clone(),
            text: "`num_repeats` is under 1: the folder is left out".to_owned(),
            fatal: false,
        });
    }
    problems
}

/// Takes out folders that stand twice: the second is left out with a warning.
fn twice(subsets: &mut Vec<Subset>, problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    subsets.retain(|subset| {
        let data_set = subset.place.split(".subsets").next().unwrap_or_default();
        let folder = subset.metadata_file.as_ref().or(subset.image_dir.as_ref());
        let first = seen.insert((data_set.to_owned(), folder.cloned()));
        if !first {
            problems.push(Problem {
                code: "config-twice",
                place: subset.place.clone(),
                text: "the same folder stands above already: this one is left out".to_owned(),
                fatal: false,
            });
        }
        first
    });
}
