//! The poses of a record, in pixels of the image that is drawn.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use stage::manifest::Skeleton;
use stage::manifest::shapes::Pose;
use stage::{Context, Record, Result, bail, ensure};
use vision::{Rect, decode};

use crate::Args;
use crate::colours::Place;
use crate::place;

/// So much may width and height be scaled differently in an image that was exported whole, by rounding.
const ROUNDED: f64 = 0.02;

/// The most pixels of an image that is drawn: no record may ask for more memory than this.
const MOST: u64 = 100_000_000;

/// What is drawn of a record.
#[derive(Debug)]
pub(crate) struct Skeletons {
    /// What the file is called, without its ending.
    pub(crate) name: String,
    /// Width and height of the image, in pixels.
    pub(crate) size: [u32; 2],
    /// Of each pose its kind, and the joints that are seen, in pixels of the record's own image.
    pub(crate) joints: Vec<(Skeleton, Vec<Option<Place>>)>,
    /// What of that the drawn image shows begins here.
    pub(crate) origin: Place,
    /// By how much the drawn image is larger than that, in either direction.
    pub(crate) scale: [f64; 2],
}

/// What becomes of a record.
#[derive(Debug)]
pub(crate) enum Found {
    /// It has no pose.
    None,
    /// It cannot be drawn, and why.
    Unfit(String),
    /// This is to be drawn.
    Some(Skeletons),
}

impl Skeletons {
    /// Those of a record.
    pub(crate) fn of(args: &Args, record: &Record) -> Result<Found> {
        let mut poses: Vec<Pose> = record.pose()?.into_iter().collect();
        if poses.is_empty() {
            let boxes = record.boxes()?.unwrap_or_default();
            poses.extend(boxes.into_iter().filter_map(|one| one.pose));
        }
        if poses.is_empty() {
            return Ok(Found::None);
        }
        let own = [record.get::<u32>("width")?, record.get("height")?];
        ensure!(own.iter().all(|side| *side > 0), "width or height is 0");
        let joints = { poses.iter() }.map(|pose| (pose.skeleton, seen(pose, args.joint_threshold)));
        let mut skeletons = Self {
            name: record.id()?,
            size: own,
            joints: joints.collect(),
            origin: [0.0; 2],
            scale: [1.0; 2],
        };
        if args.exported {
            let Some(exported) = Exported::of(record)? else {
                bail!("key `dataset` is missing: --exported needs what dataset-write writes");
            };
            if !skeletons.fit(record, &exported)? {
                let why = "no part of the image looks like what was exported";
                return Ok(Found::Unfit(why.to_owned()));
            }
        }
        let pixels = skeletons
            .size
            .iter()
            .map(|side| u64::from(*side))
            .product::<u64>();
        ensure!(
            pixels <= MOST,
            "{pixels} pixels: at most {MOST} can be drawn"
        );
        Ok(Found::Some(skeletons))
    }

    /// Makes them those of the exported image, which shows all of `crop` or a part of it; or says that they
    /// are not its.
    fn fit(&mut self, record: &Record, exported: &Exported) -> Result<bool> {
        let [wide, high] = self.size.map(f64::from);
        let crop: Option<Rect<f64>> = record.find("crop")?;
        let shown = crop.unwrap_or_else(|| Rect::whole(wide, high));
        let mut shown = shown.clip(wide, high).map(f64::round);
        ensure!(!shown.is_empty(), "key `crop`: has no pixel of the image");
        let scales = |shown: Rect<f64>| {
            let [columns, rows] = exported.size.map(f64::from);
            [columns / shown.width(), rows / shown.height()]
        };
        let [across, down] = scales(shown);
        if (across / down - 1.0).abs() > ROUNDED {
            let read = |path: &Path| decode::rgb(path).with_context(|| path.display().to_string());
            let (own, part) = (read(&record.image()?)?, read(&exported.file)?);
            let Some(found) = place::found(&own, shown, &part) else {
                return Ok(false);
            };
            shown = found;
        }
        self.name.clone_from(&exported.name);
        (self.size, self.scale) = (exported.size, scales(shown));
        self.origin = [shown.left, shown.top];
        Ok(true)
    }
}

/// The image that dataset-write made of a record.
#[derive(Debug)]
struct Exported {
    name: String,
    file: PathBuf,
    size: [u32; 2],
}

impl Exported {
    fn of(record: &Record) -> Result<Option<Self>> {
        let Some(file) = record.at::<PathBuf>("/dataset/file")? else {
            return Ok(None);
        };
        // An image in a shard has no file of its own.
        let ending = file.extension().map(OsStr::to_ascii_lowercase);
        let alone = ending.is_some_and(|ending| {
            ["png", "jpg", "jpeg", "webp"]
                .iter()
                .any(|one| ending == *one)
        });
        let stem = file.file_stem().filter(|_| alone);
        let name = stem.map_or_else(
            || record.id(),
            |stem| Ok(stem.to_string_lossy().into_owned()),
        )?;
        let side = |pointer| {
            record
                .at::<u32>(pointer)?
                .context("key `dataset` has no size")
        };
        Ok(Some(Self {
            name,
            file,
            size: [side("/dataset/width")?, side("/dataset/height")?],
        }))
    }
}

/// The joints of a pose that are seen, each in its place.
fn seen(pose: &Pose, least: f64) -> Vec<Option<Place>> {
    let place = |point: &[f64; 3]| {
        let whole = point.iter().all(|number| number.is_finite());
        (whole && point[2] >= least && point[2] > 0.0).then_some([point[0], point[1]])
    };
    pose.keypoints.iter().map(place).collect()
}
