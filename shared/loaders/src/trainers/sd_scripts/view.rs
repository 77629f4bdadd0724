//! A data set for sd-scripts: one folder that both its TOML and its folder mode read.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{BucketSettings, CONFIGURED, SdScripts, boxed};
use crate::fit::{Fitting, Size};
use crate::training::{Plan, Run};
use crate::view::{DataSet, Form, Group, Layout, Notes, Part, Side, View, quoted};

/// The file for `--dataset_config`, which both configurations of a view are. sd-scripts refuses any
/// key that it does not know.
fn dataset_config(set: &DataSet<'_>, masks: Option<&str>) -> String {
    // Without it only the first line of a caption is read.
    let wildcard = if set.has_several() {
        "enable_wildcard = true\n"
    } else {
        ""
    };
    let keep_tokens = u32::from(set.trigger.is_some());
    let groups = set.training();
    // Beside masks a data set takes no subset of these.
    let groups = groups.chain(set.regularization().filter(|_| masks.is_none()));
    let subsets: Vec<_> = groups.map(|group| subset(set, group, masks)).collect();
    let regularization = set.regularization().filter(|_| masks.is_some());
    let regularization = regularization.map(|_| beside_masks(set));
    let validation = set.has_validation().then(|| validation(set));
    format!(
        "[general]
caption_extension = \".txt\"
{wildcard}shuffle_caption = false
keep_tokens = {keep_tokens}

{}{}{}{}",
        dataset(set),
        subsets.concat(),
        regularization.unwrap_or_default(),
        validation.unwrap_or_default()
    )
}

/// A data set without its folders.
fn dataset(set: &DataSet<'_>) -> String {
    let BucketSettings {
        min_bucket_reso,
        max_bucket_reso,
        bucket_reso_steps,
        ..
    } = view_buckets(set.resolution);
    format!(
        "[[datasets]]
resolution = {}
batch_size = 1
enable_bucket = true
bucket_no_upscale = true
min_bucket_reso = {min_bucket_reso}
max_bucket_reso = {max_bucket_reso}
bucket_reso_steps = {bucket_reso_steps}
",
        set.resolution
    )
}

/// The folder of a group of training images.
fn subset(set: &DataSet<'_>, group: Group, masks: Option<&str>) -> String {
    let image_dir = quoted(&set.seen(CONFIGURED.folder(set, group)));
    let repeats = match group {
        Group::Train(repeats) => repeats,
        Group::Validation | Group::Regularization => 1,
    };
    let regularization = if group == Group::Regularization {
        "is_reg = true\n"
    } else {
        ""
    };
    let class_tokens = set
        .trigger
        .filter(|_| masks.is_none() && regularization.is_empty());
    let class_tokens = class_tokens.map(|class| format!("class_tokens = {}\n", quoted(class)));
    let masks = masks.map(|folder| format!("conditioning_data_dir = {}\n", quoted(folder)));
    format!(
        "
[[datasets.subsets]]
image_dir = {image_dir}
{regularization}{}num_repeats = {repeats}
{}",
        masks.unwrap_or_default(),
        class_tokens.unwrap_or_default()
    )
}

/// The regularization images beside data sets with masks: as a data set of their own that is trained on whole,
/// as often as the images of the subject. One with `is_reg` takes as many as it has of the subject, which is none.
fn beside_masks(set: &DataSet<'_>) -> String {
    let repeats = set.regularly().ceil();
    let image_dir = quoted(&set.seen(CONFIGURED.folder(set, Group::Regularization)));
    format!(
        "\n{}\n[[datasets.subsets]]\nimage_dir = {image_dir}\nclass_tokens = \"class\"\nnum_repeats = {repeats}\n",
        dataset(set)
    )
}

/// The images for validation, as a data set of their own of which all is split off: the key is one of
/// data sets, though `docs/validation.md` shows it with a subset.
fn validation(set: &DataSet<'_>) -> String {
    let subset = subset(set, Group::Validation, None);
    format!("\n{}validation_split = 1.0\n{subset}", dataset(set))
}

/// The buckets that the configurations ask for.
fn view_buckets(resolution: u32) -> BucketSettings {
    let steps = 64;
    BucketSettings {
        enable_bucket: true,
        bucket_no_upscale: true,
        min_bucket_reso: resolution / 2 / steps * steps,
        max_bucket_reso: (resolution * 3 / 2).next_multiple_of(steps),
        bucket_reso_steps: steps,
        ..BucketSettings::new(Size::square(resolution))
    }
}

impl View for SdScripts {
    fn word(&self) -> &'static str {
        "kohya"
    }

    fn about(&self) -> &'static str {
        "kohya sd-scripts, its GUI, FluxGym: TOML and numbered folders"
    }

    fn form(&self) -> Form {
        Form::Tags
    }

    fn part(&self) -> Part {
        Part::Bucket
    }

    fn buckets(&self, resolution: u32) -> Option<Box<dyn Fitting>> {
        boxed(view_buckets(resolution))
    }

    fn notes(&self, _title: &str) -> Notes {
        Notes {
            give: "`--dataset_config kohya/dataset.toml`, or `--train_data_dir kohya/train`"
                .to_owned(),
            validation: Some("a data set of the configuration, all of which is split off"),
            masks: Some("`--dataset_config kohya/masked.toml --masked_loss`"),
            regularization: Some("subsets with `is_reg`, or `--reg_data_dir kohya/regularization`"),
        }
    }

    /// Folders that both the configuration and the folder mode read: a name gives the repeats and the
    /// caption of what has none, and `--train_data_dir` names the folder above them.
    fn folder(&self, set: &DataSet<'_>, group: Group) -> PathBuf {
        match group {
            Group::Validation => PathBuf::from("kohya/validation"),
            Group::Regularization => PathBuf::from("kohya/regularization/1_class"),
            Group::Train(repeats) => {
                Path::new("kohya/train").join(format!("{repeats}_{}", set.slug))
            }
        }
    }

    fn training(&self, set: &DataSet<'_>, plan: &Plan) -> Result<Option<Run>> {
        Ok(super::training::run(set, plan))
    }

    /// One configuration with masks is refused as a whole unless `--masked_loss` is given, so there
    /// are two.
    fn layout(&self, set: &DataSet<'_>, to: &mut Layout<'_>) -> Result<()> {
        to.images(self, set)?;
        to.captions(self, set)?;
        to.text("kohya/dataset.toml", dataset_config(set, None))?;
        if !to.masks(self, set)? {
            return Ok(());
        }
        // A missing mask stops the trainer: what has none is trained on whole.
        for (example, one) in set.side(Side::Training).filter(|(_, one)| !one.masked) {
            to.mask(format!("kohya/mask/{}.png", one.name), example)?;
        }
        let masks = set.seen("kohya/mask");
        to.text("kohya/masked.toml", dataset_config(set, Some(&masks)))
    }
}
