//! OWLv2 by example: the class head of the network asked for what an image shows, and not for words.
//!
//! The reference is `Owlv2ForObjectDetection.image_guided_detection` of transformers. The graph does not offer
//! this: what it gives of each patch (`image_embeds`) goes through the three linear layers of its class head, whose
//! constants are read from its file. The reference asks for the patch that the network takes most for an object. A graph
//! does not give that, so that the patch is chosen as in scenic's `owl_vit/notebooks/inference.py`: of those whose box is
//! nearest to the example, the one that is least like all patches, because training assigns only one of several boxes
//! to an object.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use indexmap::IndexMap;
use onnx::Outputs;
use vision::Rect;

use super::initializers::{Constants, Linear};
use super::{corners, sigmoid};
use crate::detect::Detection;
use crate::embed::{mean_direction, unit};
use crate::nms::{Area, nms};

/// The share of the best overlap with the example, intersection over union, from which a patch's box may be it.
const NEAR: f32 = 0.8;

/// Of two boxes that overlap by more, the surer counts: the default of `post_process_image_guided_detection`.
const OVERLAP: f32 = 0.3;

/// The class head of a network.
#[derive(Debug)]
pub(super) struct Head {
    class: Linear,
    shift: Linear,
    scale: Linear,
}

/// Examples that a network was shown, and what is found by them.
#[derive(Debug)]
pub(super) struct Guide {
    head: Head,
    /// By label, the classes of the examples, of unit length.
    shown: IndexMap<String, Vec<Vec<f32>>>,
}

impl Guide {
    /// A guide by the class head in the file of a graph, without an example.
    pub(super) fn read(path: &Path) -> Result<Self> {
        Ok(Self {
            head: Head::read(path)?,
            shown: IndexMap::new(),
        })
    }

    /// Adds an example: what `area` of an image with these patches shows.
    pub(super) fn add(&mut self, label: &str, patches: &Patches, area: Rect<f32>) -> Result<()> {
        let class = self.head.query(patches, area)?;
        self.shown.entry(label.to_owned()).or_default().push(class);
        Ok(())
    }

    /// The examples, by label.
    pub(super) fn shown(&self) -> &IndexMap<String, Vec<Vec<f32>>> {
        &self.shown
    }

    /// What is like the examples, by descending score, in pixels of an image of `size` and within it.
    pub(super) fn found(
        &self,
        patches: &Patches,
        threshold: f32,
        [width, height]: [f32; 2],
    ) -> Result<Vec<Detection>> {
        let queries = self.shown.values().map(|classes| mean_direction(classes));
        let queries: Vec<_> = queries.collect::<Result<_>>()?;
        let mut found = Vec::new();
        for (rect, scores) in patches
            .boxes
            .iter()
            .zip(self.head.scores(patches, &queries)?)
        {
            let best = { scores.into_iter().zip(self.shown.keys()) }
                .max_by(|(a, _), (b, _)| a.total_cmp(b));
            let rect = rect.clip(width, height);
            if let Some((score, label)) = best
                && score >= threshold
                && rect.is_sound()
                && !rect.is_empty()
            {
                found.push(Detection {
                    rect,
                    score,
                    label: label.clone(),
                    second: None,
                });
            }
        }
        let boxes: Vec<_> = found.iter().map(|found| found.rect).collect();
        let scores: Vec<_> = found.iter().map(|found| found.score).collect();
        let kept = nms(&boxes, &scores, OVERLAP, Area::Plain).into_iter();
        Ok(kept.map(|place| found[place].clone()).collect())
    }
}

/// What a network gives of each patch.
#[derive(Debug)]
pub(super) struct Patches {
    /// `[patches, numbers]`.
    features: Vec<Vec<f32>>,
    /// In pixels of the image; may reach beyond it.
    boxes: Vec<Rect<f32>>,
}

impl Head {
    /// Reads the class head in the file of a graph.
    ///
    /// # Errors
    /// A graph without one, or with numbers of another width than 32 bits.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let named = || path.display().to_string();
        let bytes = fs::read(path).with_context(named)?;
        let constants = Constants::read(&bytes).with_context(named)?;
        let layer = |name: &str| constants.linear(name).with_context(named);
        let head = Self {
            class: layer("class_head.dense0")?,
            shift: layer("class_head.logit_shift")?,
            scale: layer("class_head.logit_scale")?,
        };
        ensure!(
            head.shift.bias.len() == 1 && head.scale.bias.len() == 1,
            "{}: its class head gives {} and {} numbers for shift and scale instead of one each",
            named(),
            head.shift.bias.len(),
            head.scale.bias.len()
        );
        Ok(head)
    }

    /// What is asked of other images: the class of the patch that shows the example best, of unit length. The example is
    /// what `area` of its image shows.
    pub(super) fn query(&self, patches: &Patches, area: Rect<f32>) -> Result<Vec<f32>> {
        let class = |features: &Vec<f32>| unit(&self.class.of(features)?);
        let classes: Vec<_> = { patches.features.iter().map(class) }.collect::<Result<_>>()?;
        let overlaps: Vec<f32> = patches.boxes.iter().map(|rect| rect.iou(area)).collect();
        let best = overlaps.iter().copied().fold(0.0, f32::max);
        let mean = mean_direction(&classes)?;
        let near = classes
            .into_iter()
            .zip(overlaps)
            .filter(|(_, overlap)| *overlap >= NEAR * best);
        let odd = near.min_by(|(a, _), (b, _)| dot(a, &mean).total_cmp(&dot(b, &mean)));
        let (class, _) = odd.context("the network has no patches")?;
        Ok(class)
    }

    /// How well each patch fits what is asked, 0 to 1: logit `(cosine + shift) (ELU(scale) + 1)`.
    pub(super) fn scores(&self, patches: &Patches, queries: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        let mut all = Vec::new();
        for features in &patches.features {
            let class = unit(&self.class.of(features)?)?;
            let one = |layer: &Linear| {
                let only = layer.of(features)?.first().copied();
                only.context("the class head gives no shift or scale")
            };
            let (shift, scale) = (one(&self.shift)?, one(&self.scale)?);
            let scale = if scale > 0.0 { scale } else { scale.exp_m1() } + 1.0;
            let logit = |query: &Vec<f32>| (dot(&class, query) + shift) * scale;
            all.push(queries.iter().map(|query| sigmoid(logit(query))).collect());
        }
        Ok(all)
    }
}

impl Patches {
    /// Those of a run.
    pub(super) fn of(outputs: &Outputs, span: [f32; 2]) -> Result<Self> {
        let (features, boxes) = (outputs.get("image_embeds")?, outputs.get("pred_boxes")?);
        let numbers = features.shape().last().copied().unwrap_or_default();
        let (features, boxes) = (features.as_floats()?, boxes.as_floats()?);
        let (boxes, _) = boxes.as_chunks::<4>();
        ensure!(
            numbers > 0 && features.len() == numbers * boxes.len(),
            "{} numbers of patches do not match {} boxes",
            features.len(),
            boxes.len()
        );
        Ok(Self {
            features: features
                .chunks_exact(numbers)
                .map(<[f32]>::to_vec)
                .collect(),
            boxes: boxes.iter().map(|area| corners(*area, span)).collect(),
        })
    }
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn head() -> Head {
        let layer = |weights: &[f32], bias: &[f32]| Linear {
            weights: weights.to_vec(),
            bias: bias.to_vec(),
        };
        Head {
            class: layer(&[1.0, 0.0, 0.0, 1.0], &[0.0, 0.0]),
            shift: layer(&[0.0, 0.0], &[-0.5]),
            scale: layer(&[0.0, 0.0], &[3.0]),
        }
    }

    fn patches(all: &[([f32; 2], [f32; 4])]) -> Patches {
        Patches {
            features: all.iter().map(|(features, _)| features.to_vec()).collect(),
            boxes: all.iter().map(|(_, edges)| (*edges).into()).collect(),
        }
    }

    #[test]
    fn of_the_patches_near_the_example_the_odd_one_is_asked_for() {
        let whole = [0.0, 0.0, 10.0, 10.0];
        let shown = patches(&[
            ([1.0, 0.0], whole),
            ([1.0, 0.1], whole),
            ([1.0, 0.05], whole),
            ([0.0, 2.0], [0.0, 0.0, 10.0, 8.5]),
            ([-1.0, 0.0], [0.0, 0.0, 3.0, 3.0]),
        ]);
        assert_eq!(head().query(&shown, whole.into()).unwrap(), [0.0, 1.0]);
        let small = head().query(&shown, [0.0, 0.0, 4.0, 3.0].into()).unwrap();
        assert_eq!(small, [-1.0, 0.0], "9 of 12, the others 12 of 85 and more");
    }

    #[test]
    fn patches_of_other_numbers_are_an_error() {
        for features in [vec![1.0], vec![1.0, 0.0, 0.0]] {
            let patches = Patches {
                features: vec![features],
                boxes: vec![[0.0; 4].into()],
            };
            assert!(head().query(&patches, [0.0; 4].into()).is_err());
            assert!(head().scores(&patches, &[vec![1.0, 0.0]]).is_err());
        }
    }

    #[test]
    fn what_is_like_the_example_has_a_high_score() {
        let shown = patches(&[([5.0, 0.0], [0.0; 4]), ([0.0, 5.0], [0.0; 4])]);
        let scores = head().scores(&shown, &[vec![1.0, 0.0]]).unwrap();
        // (1 - 0.5) * 4 and (0 - 0.5) * 4.
        assert!((scores[0][0] - 0.880_797).abs() < 1e-6);
        assert!((scores[1][0] - 0.119_203).abs() < 1e-6);
    }
}
