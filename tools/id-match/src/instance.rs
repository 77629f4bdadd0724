//! One cut-out: whom it looks like, and where in the film it is.

use serde::Deserialize;
use stage::{Context, Record, Result};
use vision::mask::Rle;

use crate::By;
use crate::overlap::Area;
use crate::references::{Cast, Embedding};

/// Where a cut-out's box is looked for, pixels of the frame.
const BOXES: [&str; 3] = ["/instance/box", "/box", "/face/box"];

/// Where its run lengths are looked for, of the frame's size.
const MASK: &str = "/instance/mask";

/// One cut-out.
pub(crate) struct Instance {
    pub(crate) record: Record,
    /// With references the cosine of each character; without, a vote for a cluster.
    pub(crate) looks: Looks,
    /// Where it is, if the record says.
    pub(crate) place: Option<Place>,
}

/// What its own picture says.
pub(crate) enum Looks {
    /// Cosine with each character, in the order of the cast.
    Scores(Vec<f64>),
    /// Its cluster, if it is in one.
    Cluster(Option<u64>),
}

/// Where in the film a cut-out is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) film: String,
    pub(crate) shot: u64,
    pub(crate) frame: u64,
    /// Seconds.
    pub(crate) time: f64,
    pub(crate) area: Area,
}

/// Run lengths as COCO writes them.
#[derive(Debug, Deserialize)]
struct Coco {
    size: [u32; 2],
    counts: Counts,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Counts {
    Compressed(String),
    Plain(Vec<u32>),
}

impl Instance {
    /// Reads what is wanted of a record.
    pub(crate) fn read(record: Record, cast: Option<&Cast>, by: By) -> Result<Self> {
        let looks = if let Some(cast) = cast {
            let embedding: Embedding = record.get("embedding")?;
            Looks::Scores(cast.scores(&embedding, by)?)
        } else {
            let cluster: Option<i64> = record.at("/cluster/id")?;
            let cluster =
                cluster.context("no key `cluster`: give references, or run cluster first")?;
            Looks::Cluster(u64::try_from(cluster).ok())
        };
        Ok(Self {
            place: place(&record)?,
            looks,
            record,
        })
    }
}

fn place(record: &Record) -> Result<Option<Place>> {
    let Some(source) = record.source()? else {
        return Ok(None);
    };
    let Some(area) = area(record)? else {
        return Ok(None);
    };
    Ok(Some(Place {
        film: source.film,
        shot: source.shot,
        frame: source.frame,
        time: source.time,
        area,
    }))
}

fn area(record: &Record) -> Result<Option<Area>> {
    // A path is a mask of the cut-out itself, and says nothing of the frame.
    if let Ok(Some(coco)) = record.at::<Coco>(MASK) {
        let [height, width] = coco.size;
        let runs = match coco.counts {
            Counts::Compressed(text) => Rle::from_coco_string(width, height, &text),
            Counts::Plain(counts) => Rle::from_counts(width, height, counts),
        };
        return Ok(Some(Area::Mask(runs.context("key `instance`: mask")?)));
    }
    for pointer in BOXES {
        if let Some(corners) = record.at::<[f64; 4]>(pointer)? {
            return Ok(Some(Area::Box(corners)));
        }
    }
    Ok(None)
}
