//! The data set configuration of sd-scripts: `library/config_util.py`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use toml::Table;

use super::keys::{
    DATASET, DREAM_BOOTH, DREAM_BOOTH_SUBSET, DROPOUT, FINE_TUNING_SUBSET, MASKED, MASKED_SUBSET,
    SUBSET,
};
use super::{BucketSettings, CONFIGURED, ROWS, boxed, last_name, repeats};
use crate::Finding;
use crate::configuration::Configuration;
use crate::configuration::schema::{Keys, Values, check, general, tables};
use crate::metadata::listed;
use crate::set::Set;
use crate::view::Side;

/// What kind of data set it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Images with caption files.
    DreamBooth,
    /// A metadata file.
    FineTuning,
    /// Images with masks.
    Masked,
}

/// Reads a configuration as sd-scripts does.
pub(super) fn read(config: &Table, configuration: &mut Configuration<'_>) {
    let levels: [Keys; 4] = [DATASET, SUBSET, DREAM_BOOTH, DROPOUT];
    let general = general(config, &levels, configuration);
    let datasets = tables(config, "datasets");
    if datasets.is_empty() {
        configuration.error("config-missing", "datasets", "there is no data set");
    }
    for (number, dataset) in datasets.into_iter().enumerate() {
        let place = format!("datasets[{number}]");
        read_dataset(dataset, &general, &place, configuration);
    }
}

fn read_dataset(
    dataset: &Table,
    general: &Table,
    place: &str,
    configuration: &mut Configuration<'_>,
) {
    let subsets = tables(dataset, "subsets");
    let kind = match kind(&subsets) {
        Ok(kind) => kind,
        Err((code, text)) => return configuration.error(code, place, text),
    };
    if kind == Kind::Masked && !configuration.settings.masked_loss {
        let text = "`conditioning_data_dir` needs --masked_loss: without it the trainer refuses the whole file";
        configuration.warning("config-masked-loss", place, text);
    }
    let (outer, inner): (Keys, Keys) = match kind {
        Kind::DreamBooth => (DREAM_BOOTH, DREAM_BOOTH_SUBSET),
        Kind::FineTuning => (&[], FINE_TUNING_SUBSET),
        Kind::Masked => (MASKED, MASKED_SUBSET),
    };
    let allowed = [DATASET, SUBSET, outer, DROPOUT];
    check(dataset, place, &allowed, &["subsets"], configuration);
    let mut seen = BTreeSet::new();
    for (number, subset) in subsets.into_iter().enumerate() {
        let place = format!("{place}.subsets[{number}]");
        let allowed = [SUBSET, inner, outer, DROPOUT];
        check(subset, &place, &allowed, &[], configuration);
        let values = Values(vec![subset, dataset, general]);
        missing(&values, kind, &place, configuration);
        let folder = values.text("metadata_file").or(values.text("image_dir"));
        if seen.insert(folder) {
            add(&values, kind, configuration);
        } else {
            let text = "the same folder is already listed above: this one is left out";
            configuration.warning("config-twice", &place, text);
        }
    }
}

/// The kind that all subsets are of.
fn kind(subsets: &[&Table]) -> Result<Kind, (&'static str, &'static str)> {
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
        return Err(("config-masked-loss", text));
    }
    match metadata {
        0 => Ok(Kind::DreamBooth),
        some if some == all => Ok(Kind::FineTuning),
        _ => {
            let text = "folders with captions and metadata files cannot be mixed in one data set";
            Err(("config-mixed", text))
        }
    }
}

/// The buckets that a data set asks for; `None` without a resolution.
fn buckets(values: &Values<'_>) -> Option<BucketSettings> {
    Some(BucketSettings {
        resolution: values.size("resolution")?,
        enable_bucket: values.flag("enable_bucket"),
        min_bucket_reso: values.number("min_bucket_reso", 256),
        max_bucket_reso: values.number("max_bucket_reso", 1024),
        bucket_reso_steps: values.number("bucket_reso_steps", 64),
        bucket_no_upscale: values.flag("bucket_no_upscale"),
    })
}

/// Says what must be there and is not, or cannot be.
fn missing(values: &Values<'_>, kind: Kind, place: &str, configuration: &mut Configuration<'_>) {
    if kind != Kind::FineTuning && values.text("image_dir").is_none() {
        configuration.error("config-missing", place, "`image_dir` is missing");
    }
    match buckets(values) {
        None => configuration.error("config-missing", place, "`resolution` is missing"),
        Some(buckets) => {
            if let Some(text) = buckets.refused() {
                configuration.error("config-buckets", place, text);
            }
        }
    }
    if values.number("num_repeats", 1) < 1 {
        let text = "`num_repeats` is under 1: the folder is left out";
        configuration.warning("config-repeats", place, text);
    }
}

/// Adds a folder or metadata file, with the defaults of the outer levels.
fn add(values: &Values<'_>, kind: Kind, configuration: &mut Configuration<'_>) {
    let folder = PathBuf::from(values.text("image_dir").unwrap_or_default());
    let number = values.number("num_repeats", 1);
    let class_tokens = values.text("class_tokens");
    // Beside masks, images of the class are a data set that is told by its class tokens alone.
    let trigger = configuration.settings.trigger.as_deref();
    let of_others = class_tokens
        .as_deref()
        .zip(trigger)
        .is_some_and(|(class, trigger)| {
            !trigger.split_whitespace().any(|word| class.contains(word))
        });
    let mut set = Set {
        extension: values
            .text("caption_extension")
            .unwrap_or_else(|| ".caption".to_owned()),
        every_line: values.flag("enable_wildcard"),
        class_tokens: class_tokens.filter(|_| kind == Kind::DreamBooth),
        repeats: number.into(),
        masks: values.text("conditioning_data_dir").map(PathBuf::from),
        alpha_mask: values.flag("alpha_mask"),
        side: Side::trained(values.flag("is_reg") || of_others),
        fitting: buckets(values).and_then(boxed),
        ..Set::folder(&CONFIGURED, &folder, configuration.settings)
    };
    if let Some(file) = values.text("metadata_file") {
        let file = PathBuf::from(file);
        let settings = configuration.settings;
        set.rows = Some(listed(ROWS, &file, &folder, settings, configuration.opened));
        set.path = file;
    } else if let Some((said, _)) = repeats(last_name(&folder)).filter(|(said, _)| *said != number)
    {
        let text = format!(
            "the folder's name says {said} repeats, which is ignored with a configuration: it says {number}"
        );
        let finding = Finding::warning("repeats-in-name", text);
        configuration.opened.say(&folder, finding);
    }
    configuration.add(set);
}
