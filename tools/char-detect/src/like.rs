//! Characters that are found by examples, where no word says what they are.

use std::fs;
use std::path::{Path, PathBuf};

use answers::{Answers, ImageFile};
use nets::detect::{Detection, Second};
use nets::embed::{Crops, Embedder, mean_direction};
use nets::grounding::{Detector, Found};
use onnx::Runtime;
use serde::Serialize;
use stage::{Context, Result, ensure};
use vision::{Rect, RgbImage, crop};

/// What may be like an example where no words say what: anything that lives.
pub(crate) const ANYTHING: &str = "creature. animal. person.";

/// Flags for characters that are found by examples.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "By example")]
pub(crate) struct LikeFlags {
    /// Also find what looks like the images in this folder, under the folder's name: of the boxes that words
    /// find (without --words: of creatures, animals and persons) those whose embedding is near to that of an
    /// image, or of the largest such box in it (may be repeated). OWLv2 is asked for what the images show
    #[arg(long, value_name = "DIR")]
    like: Vec<PathBuf>,

    /// Lowest cosine between the embeddings of such a box and of the nearest image, -1 to 1
    #[arg(long, value_name = "COSINE", value_parser = cosine, default_value_t = 0.75, allow_hyphen_values = true)]
    like_cosine: f32,

    /// Lowest score of a box by example where OWLv2 finds it, 0 to 1; what is only similar may
    /// reach 0.9 as well
    #[arg(long, value_name = "SCORE", value_parser = stage::share::<f32>, default_value_t = 0.9)]
    like_score: f32,

    /// Network that compares embeddings: a name in the registry, or a path [default: the registry's of
    /// clip-embed]
    #[arg(long, value_name = "NAME|PATH")]
    like_model: Option<String>,
}

impl LikeFlags {
    /// Whether there are examples.
    pub(crate) fn any(&self) -> bool {
        !self.like.is_empty()
    }
}

fn cosine(text: &str) -> Result<f32, String> {
    let number = text.parse().ok();
    let number = number.filter(|number: &f32| (-1.0..=1.0).contains(number));
    number.ok_or_else(|| "not a number from -1 to 1".to_owned())
}

/// One image of a character.
#[derive(Debug, Serialize)]
struct Example {
    /// The name of its folder.
    label: String,
    /// Of unit length.
    vector: Vec<f32>,
}

/// Whether a file beside others may be an example: words and captions are none, nor is what is hidden.
fn may_be_image(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.is_file()
        && !name.starts_with('.')
        && path.extension().is_none_or(|ending| ending != "txt")
}

/// What finds by examples.
pub(crate) struct Likeness {
    way: Way,
    /// Whether a box that is like no example counts, because words asked for it.
    keeps_others: bool,
}

/// How.
enum Way {
    /// The detector itself, with at least this score.
    Detector(f32),
    /// By comparing what it finds.
    Comparison(Box<Comparison>),
}

/// A network that compares boxes with examples.
struct Comparison {
    embedder: Embedder,
    examples: Vec<Example>,
    threshold: f32,
}

impl Likeness {
    /// Shows the examples to `detector`, or to a network that compares what it finds with them.
    pub(crate) fn open(
        flags: &LikeFlags,
        detector: &mut Detector,
        keeps_others: bool,
        runtime: &Runtime,
    ) -> Result<Self> {
        let mut way = if flags.like_model.is_none() && detector.takes_examples() {
            Way::Detector(flags.like_score)
        } else {
            let model = runtime.model("embed", flags.like_model.as_deref())?;
            Way::Comparison(Box::new(Comparison {
                embedder: Embedder::open(&model, None, None, 1, runtime)?,
                examples: Vec::new(),
                threshold: flags.like_cosine,
            }))
        };
        for folder in &flags.like {
            learn(&mut way, folder, detector)?;
        }
        Ok(Self { way, keeps_others })
    }

    /// Whether it looks at images beside the detector.
    pub(crate) fn compares(&self) -> bool {
        matches!(self.way, Way::Comparison(_))
    }

    /// The score from which the detector itself finds by example.
    pub(crate) fn score(&self) -> f32 {
        match self.way {
            Way::Detector(score) => score,
            Way::Comparison(_) => 1.0,
        }
    }

    /// Answers in which it has a part.
    pub(crate) fn part(&self, answers: Answers, detector: &Detector) -> Result<Answers> {
        match &self.way {
            Way::Detector(score) => answers.with(&(detector.examples(), score, self.keeps_others)),
            Way::Comparison(own) => {
                let answers = answers.and_by(" like", own.embedder.net().provenance());
                answers.with(&(&own.examples, own.threshold, self.keeps_others))
            }
        }
    }

    /// Of what a detector found, what is like an example, under its name, and the others as far as they count.
    pub(crate) fn judge(
        &mut self,
        image: Option<&RgbImage>,
        found: Found,
    ) -> Result<Vec<Detection>> {
        let Found {
            by_words,
            mut by_example,
        } = found;
        let mut others = Vec::new();
        for mut found in by_words {
            let nearest = match (&mut self.way, image) {
                (Way::Comparison(own), Some(image)) => own.nearest(image, found.rect)?,
                _ => None,
            };
            if let Some((label, cosine)) = nearest {
                let score = std::mem::replace(&mut found.score, cosine.clamp(0.0, 1.0));
                let label = std::mem::replace(&mut found.label, label);
                found.second = Some(Second { label, score });
                by_example.push(found);
            } else if self.keeps_others {
                others.push(found);
            }
        }
        let mut all = by_example;
        all.extend(others);
        all.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(all)
    }
}

/// Shows the images of a folder, as examples under its name.
fn learn(way: &mut Way, folder: &Path, detector: &mut Detector) -> Result<()> {
    let named = || folder.display().to_string();
    let whole = fs::canonicalize(folder).with_context(named)?;
    let label = whole.file_name().unwrap_or_default().to_string_lossy();
    let mut paths = Vec::new();
    for entry in fs::read_dir(&whole).with_context(named)? {
        paths.push(entry.with_context(named)?.path());
    }
    paths.retain(|path| may_be_image(path));
    paths.sort();
    ensure!(!paths.is_empty(), "{}: there are no images", named());
    for path in paths {
        let file = ImageFile::read(path)?;
        let image = file.rgb()?;
        file.named(|_| {
            let prepared = detector.plan().prepare(&image)?;
            match way {
                Way::Detector(_) => detector.learn(&label, &prepared, None),
                Way::Comparison(own) => own.learn(&label, &image, &detector.detect(&prepared)?),
            }
        })?;
    }
    Ok(())
}

impl Comparison {
    /// Adds an example: what the largest of these boxes shows, or all of the image where there is none.
    fn learn(&mut self, label: &str, image: &RgbImage, found: &[Detection]) -> Result<()> {
        let (width, height) = image.dimensions();
        let boxes = found.iter().map(|found| found.rect);
        let largest = boxes.max_by(|a, b| a.area().total_cmp(&b.area()));
        let rect = largest.unwrap_or(Rect::whole(width as f32, height as f32));
        let vector = self.vector(image, rect)?;
        let label = label.to_owned();
        self.examples.push(Example { label, vector });
        Ok(())
    }

    /// The example that is nearest to what a box shows, if it is near enough, and its cosine.
    fn nearest(&mut self, image: &RgbImage, rect: Rect<f32>) -> Result<Option<(String, f32)>> {
        let vector = self.vector(image, rect)?;
        let cosine = |example: &Example| -> f32 {
            example.vector.iter().zip(&vector).map(|(a, b)| a * b).sum()
        };
        let all = self
            .examples
            .iter()
            .map(|example| (example, cosine(example)));
        let nearest = all.max_by(|(_, a), (_, b)| a.total_cmp(b));
        let nearest = nearest.filter(|(_, cosine)| *cosine >= self.threshold);
        Ok(nearest.map(|(example, cosine)| (example.label.clone(), cosine)))
    }

    /// The embedding of what a box shows, of unit length.
    fn vector(&mut self, image: &RgbImage, rect: Rect<f32>) -> Result<Vec<f32>> {
        let (width, height) = image.dimensions();
        let part = crop::rgb(image, rect.touched(width, height))?;
        // All of a character that is longer than wide, and not only its middle.
        let views = self.embedder.processing().prepare(&part, Crops::Wide)?;
        mean_direction(&self.embedder.embed(&views)?)
    }
}
