//! Which masks stay, and how they are written.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};
use stage::manifest::MaskShape;
use stage::{Context, Record, Result};
use vision::mask::{Mask, Rle};
use vision::{Rect, write};

use crate::answer::{Answer, Found};
use crate::prompt::Wanted;

/// The least score of what words name: that of Meta's processor (`confidence_threshold`).
const WORDS: f64 = 0.5;

/// Which masks stay, and how they are written.
#[derive(Debug, Args)]
pub(crate) struct Choice {
    /// Folder for the masks; created if missing
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    /// Write each mask as a PNG, instead of as run lengths in the record
    #[arg(long)]
    png: bool,

    /// Keep masks with at least this predicted quality, 0 to 1 [default: 0; with --words 0.5; with
    /// --auto 0.8, or 0.88 for SAM 1]
    #[arg(long, value_name = "SCORE", value_parser = stage::share::<f64>)]
    pub(crate) threshold: Option<f64>,

    /// Where two masks overlap by more than this intersection over union, keep the mask of the
    /// better box, or the better mask if the boxes score the same; not with --auto
    #[arg(long, value_name = "IOU", default_value_t = 0.8, value_parser = stage::share::<f64>)]
    overlap: f64,

    /// Keep at most this many masks of an image, the ones of the best quality [default: all]
    #[arg(long, value_name = "N")]
    max_masks: Option<usize>,
}

impl Choice {
    /// Makes the folder for the masks.
    pub(crate) fn make_folder(&self) -> Result<()> {
        let named = || self.out_dir.display().to_string();
        std::fs::create_dir_all(&self.out_dir).with_context(named)
    }

    /// The least score of what words name, where the phrase has none of its own.
    pub(crate) fn least_of_words(&self) -> f64 {
        self.threshold.unwrap_or(WORDS)
    }

    /// Writes the masks that stay into the record, and their union beside it.
    pub(crate) fn finish(
        &self,
        record: &mut Record,
        wanted: &[Wanted],
        answer: Answer,
    ) -> Result<()> {
        let id = record.id()?;
        let (width, height) = (answer.width, answer.height);
        let mut union = Mask::new(width, height)?;
        let mut entries = Vec::new();
        for (found, runs) in self.chosen(wanted, answer)? {
            let mask = runs.decode()?;
            let Some(rect) = mask.bounding_box() else {
                continue;
            };
            let shape = if self.png {
                let path = self.out_dir.join(format!("{id}.m{}.png", entries.len()));
                write::png_luma(&mask.to_luma(), &path)
                    .with_context(|| path.display().to_string())?;
                MaskShape::File(path)
            } else {
                MaskShape::Runs((&runs).into())
            };
            entries.push(entry(&shape, &found, rect, runs.area(), wanted));
            union = union.union(&mask)?;
        }
        // What an earlier run said of the image does not hold any more.
        record.remove("mask");
        record.put_rounded("masks", &entries, 4)?;
        if !entries.is_empty() {
            let path = self.out_dir.join(format!("{id}.mask.png"));
            write::png_luma(&union.to_luma(), &path).with_context(|| path.display().to_string())?;
            record.put("mask", &path)?;
        }
        Ok(())
    }

    /// The masks that stay, in their order.
    fn chosen(&self, wanted: &[Wanted], answer: Answer) -> Result<Vec<(Found, Rle)>> {
        let mut masks = Vec::new();
        for found in answer.masks {
            let runs = Rle::from_coco_string(answer.width, answer.height, &found.counts)?;
            let own = wanted.get(found.prompt).and_then(|own| own.least);
            let least = own.or(self.threshold).unwrap_or(0.0);
            if f64::from(found.score) >= least && runs.area() > 0 {
                masks.push((found, runs));
            }
        }
        let sure = |at: usize| wanted.get(masks[at].0.prompt).map_or(0.0, |own| own.score);
        let mut best: Vec<usize> = (0..masks.len()).collect();
        best.sort_by(|a, b| {
            let by_box = sure(*b).total_cmp(&sure(*a));
            by_box.then(masks[*b].0.score.total_cmp(&masks[*a].0.score))
        });
        let mut kept: Vec<usize> = Vec::new();
        for at in best {
            let same = |better: &usize| {
                let iou = masks[*better].1.iou(&masks[at].1);
                iou.is_ok_and(|iou| iou > self.overlap)
            };
            // What the automatic generator kept may lie in one another.
            if wanted.is_empty() || !kept.iter().any(same) {
                kept.push(at);
            }
        }
        kept.sort_by(|a, b| {
            masks[*b]
                .0
                .score
                .total_cmp(&masks[*a].0.score)
                .then(a.cmp(b))
        });
        kept.truncate(self.max_masks.unwrap_or(usize::MAX));
        kept.sort_unstable();
        let mut masks: Vec<Option<_>> = masks.into_iter().map(Some).collect();
        Ok(kept.into_iter().filter_map(|at| masks[at].take()).collect())
    }
}

/// A mask's entry in the record.
fn entry(
    shape: &MaskShape,
    found: &Found,
    rect: Rect,
    area: u64,
    wanted: &[Wanted],
) -> Map<String, Value> {
    let mut entry = Map::new();
    let mut put = |name: &str, value: Value| {
        entry.entry(name).or_insert(value);
    };
    put("mask", json!(shape));
    put("box", json!(rect));
    put("area", json!(area));
    put("score", json!(f64::from(found.score)));
    if let Some(stability) = found.stability {
        put("stability", json!(stability));
    }
    if let Some((point, crop)) = &found.place {
        put("point", json!(point));
        put("crop", json!(crop));
    }
    for (name, value) in wanted.get(found.prompt).iter().flat_map(|own| &own.about) {
        put(name, value.clone());
    }
    entry
}
