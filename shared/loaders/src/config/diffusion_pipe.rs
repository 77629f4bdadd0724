//! diffusion-pipe: `dataset.toml`. Keys that it does not know are ignored.

use toml::{Table, Value};

use super::Problem;
use super::schema::{Values, tables};
use crate::Trainer;
use crate::bases::steps;
use crate::fit::DiffusionPipe;

/// One folder, with the defaults of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Directory {
    /// Where it stands in the configuration.
    pub place: String,
    /// `path`.
    pub path: Option<String>,
    /// `mask_path`.
    pub mask_path: Option<String>,
    /// `num_repeats`, which may be a fraction.
    pub num_repeats: f64,
    /// `skip_empty_caption`: pictures without a caption are left out.
    pub skip_empty_caption: bool,
    /// The buckets, at the largest of `resolutions`, with the steps that most base models have.
    pub buckets: DiffusionPipe,
}

/// Reads `dataset.toml`.
pub fn read(config: &Table) -> (Vec<Directory>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut directories = Vec::new();
    for (number, table) in tables(config, "directory").into_iter().enumerate() {
        let place = format!("directory[{number}]");
        let values = Values(vec![table, config]);
        let Some(buckets) = buckets(&[table, config]) else {
            let text = "`resolutions` is missing, or with `enable_ar_bucket` the aspects";
            problems.push(Problem::fatal("config-missing", &place, text));
            continue;
        };
        let path = table.get("path").and_then(Value::as_str).map(str::to_owned);
        if path.is_none() {
            problems.push(Problem::fatal(
                "config-missing",
                &place,
                "`path` is missing",
            ));
        }
        let all = [table, config];
        directories.push(Directory {
            path,
            mask_path: values.text("mask_path"),
            num_repeats: number_of(&all, "num_repeats").unwrap_or(1.0),
            skip_empty_caption: all
                .iter()
                .find_map(|table| table.get("skip_empty_caption")?.as_bool())
                .unwrap_or(true),
            buckets,
            place,
        });
    }
    if directories.is_empty() && problems.is_empty() {
        let text = "there is no `[[directory]]`";
        problems.push(Problem::fatal("config-missing", "directory", text));
    }
    (directories, problems)
}

fn buckets(tables: &[&Table]) -> Option<DiffusionPipe> {
    let resolutions = tables
        .iter()
        .find_map(|table| table.get("resolutions")?.as_array())?;
    let resolution = resolutions.iter().filter_map(side).fold(0.0, f64::max);
    let flag = |key: &str| tables.iter().find_map(|table| table.get(key)?.as_bool());
    let enable_ar_bucket = flag("enable_ar_bucket").unwrap_or(false);
    let given = tables
        .iter()
        .find_map(|table| table.get("ar_buckets")?.as_array());
    let aspects = match given {
        Some(all) => all.iter().filter_map(aspect).collect(),
        None if !enable_ar_bucket => Vec::new(),
        None => DiffusionPipe::aspects(
            number_of(tables, "min_ar")?,
            number_of(tables, "max_ar")?,
            number_of(tables, "num_ar_buckets")? as u32,
        ),
    };
    let sound = resolution > 0.0 && aspects.iter().all(|aspect| *aspect > 0.0);
    sound.then_some(DiffusionPipe {
        resolution,
        enable_ar_bucket: enable_ar_bucket && !aspects.is_empty(),
        aspects,
        steps: steps(Trainer::DiffusionPipe, None).unwrap_or(1),
    })
}

fn number_of(tables: &[&Table], key: &str) -> Option<f64> {
    tables.iter().find_map(|table| number(table.get(key)?))
}

fn number(value: &Value) -> Option<f64> {
    value
        .as_float()
        .or_else(|| value.as_integer().map(|value| value as f64))
}

/// A side, or the side of the square of as many pixels.
fn side(value: &Value) -> Option<f64> {
    match value.as_array().map(Vec::as_slice) {
        Some([width, height]) => Some((number(width)? * number(height)?).sqrt()),
        _ => number(value),
    }
}

/// An aspect, or width and height.
fn aspect(value: &Value) -> Option<f64> {
    match value.as_array().map(Vec::as_slice) {
        Some([width, height]) => Some(number(width)? / number(height)?),
        _ => number(value),
    }
}
