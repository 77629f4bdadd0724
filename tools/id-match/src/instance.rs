//! One instance crop: whom it looks like, and where in the film it is.

use cast::{Kind, label};
use stage::manifest::MaskShape;
use stage::{Context, Record, Result, ensure};
use vision::Rect;
use vision::mask::Rle;

use crate::By;
use crate::outline::Outline;
use crate::references::Cast;

/// Where an instance's box is looked for, pixels of the frame.
const BOXES: [&str; 3] = ["/instance/box", "/box", "/face/box"];

/// Where its run lengths are looked for, of the frame's size.
const MASK: &str = "/instance/mask";

/// The number of its track in the shot, where mask-track has followed it.
const TRACK: &str = "/instance/track";

/// What its detector called it.
const LABEL: &str = "/instance/label";

/// What is held of one instance crop, whose record waits elsewhere.
pub(crate) struct Instance {
    /// With references the cosine of each character; without, a vote for a cluster.
    pub(crate) looks: Looks,
    /// What the detector says that it is.
    pub(crate) kind: Option<Kind>,
    /// Where it is, if the record says.
    pub(crate) place: Option<Place>,
}

/// What its own image says.
pub(crate) enum Looks {
    /// Of each character, in the order of the cast: its cosine, and whether one of its references is near enough.
    Scores { cosines: Vec<f64>, like: Vec<bool> },
    /// The character that its owner says it is, in the key `character`.
    Decided(String),
    /// Its cluster, if it is in one.
    Cluster(Option<u64>),
}

/// Where in the film an instance is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) film: Box<str>,
    pub(crate) shot: u64,
    pub(crate) frame: u64,
    /// Seconds.
    pub(crate) time: f64,
    outline: Held,
    /// The number of its track in the shot, if it was followed.
    pub(crate) track: Option<usize>,
}

/// What is held of an outline: run lengths are as long as the rest of a record, and are wanted of one frame at a time.
#[derive(Debug, Clone, Copy)]
enum Held {
    Box(Rect<f64>),
    /// It is in the record.
    Mask,
}

impl Place {
    /// The outline; `record` reads the record again, where it is there alone.
    pub(crate) fn outline(&self, record: impl FnOnce() -> Result<Record>) -> Result<Outline> {
        match self.outline {
            Held::Box(rect) => Ok(Outline::Box(rect)),
            Held::Mask => mask(&record()?)?.context("a mask is not there any more"),
        }
    }
}

impl Instance {
    /// Reads what is wanted of a record.
    pub(crate) fn read(record: &Record, cast: Option<&Cast>, by: By) -> Result<Self> {
        let looks = if let Some(name) = record.at::<String>("/character")? {
            ensure!(!name.trim().is_empty(), "key `character`: is empty");
            Looks::Decided(name)
        } else if let Some(cast) = cast {
            let embedding = record.embedding()?;
            let embedding =
                embedding.context("key `embedding` is missing: run clip-embed first")?;
            let (cosines, like) = cast.scores(embedding, by)?;
            Looks::Scores { cosines, like }
        } else {
            let cluster = record.cluster()?;
            let cluster = cluster
                .context("key `cluster` is missing: give references, or run cluster first")?;
            Looks::Cluster(u64::try_from(cluster.id).ok())
        };
        Ok(Self {
            place: place(record)?,
            kind: kind(record)?,
            looks,
        })
    }
}

/// What the detector says that an instance is.
pub(crate) fn kind(record: &Record) -> Result<Option<Kind>> {
    let label: Option<String> = record.at(LABEL)?;
    Ok(label.and_then(|label| label::kind(&label)))
}

fn place(record: &Record) -> Result<Option<Place>> {
    let Some(source) = record.source()? else {
        return Ok(None);
    };
    let Some(outline) = held(record)? else {
        return Ok(None);
    };
    Ok(Some(Place {
        film: source.film.into(),
        shot: source.shot,
        frame: source.frame,
        time: source.time,
        outline,
        track: record.at(TRACK)?,
    }))
}

fn held(record: &Record) -> Result<Option<Held>> {
    if mask(record)?.is_some() {
        return Ok(Some(Held::Mask));
    }
    for pointer in BOXES {
        if let Some(rect) = record.at(pointer)? {
            return Ok(Some(Held::Box(rect)));
        }
    }
    Ok(None)
}

/// The run lengths of a record.
fn mask(record: &Record) -> Result<Option<Outline>> {
    // A path is a mask of the crop itself, and says nothing of the frame.
    let Ok(Some(MaskShape::Runs(runs))) = record.at(MASK) else {
        return Ok(None);
    };
    let runs = Rle::try_from(&runs).context("key `instance`: mask")?;
    Ok(Some(Outline::Mask(runs)))
}
