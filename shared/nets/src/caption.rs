//! Networks that describe images, whatever their family.

mod beams;
mod cache;
mod family;
pub mod florence;
pub mod generate;
mod seen;
pub mod smolvlm;
pub mod words;

use anyhow::{Context, Result};
use onnx::{Model, Provenance, Runtime, halving};
use vision::RgbImage;

use crate::family::{Family, Role};
use generate::{Finish, Rules, Written};
use words::Words;

pub use family::{Asked, Settings, Task, Tiles, Writer, Writes};

/// The families of captioners.
pub const ROLE: Role<dyn Writes> = Role {
    what: "captioner",
    signs: "",
    families: &[
        Family::new("florence", florence::ANSWER, &florence::Florence2),
        Family::new("smolvlm", smolvlm::ANSWER, &smolvlm::Chat),
    ],
};

/// How images are made ready, and what is asked of them; for use on any thread.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    family: &'static Family<dyn Writes>,
    settings: Settings,
    side: u32,
}

impl Plan {
    /// The question that is asked whatever the prompt says.
    pub fn question(&self) -> Option<&'static str> {
        self.family.question(&self.settings)
    }

    /// An image and its question as the network takes them.
    pub fn prepare(&self, image: &RgbImage, question: String) -> Result<Asked> {
        let image = self.family.prepare(image, self.side, self.settings.split)?;
        Ok(Asked { image, question })
    }
}

/// What a network said of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its words.
    pub text: String,
    /// Why they end.
    pub finish: Finish,
    /// The tokens that they took.
    pub tokens: usize,
}

/// A network that describes images, ready to run.
pub struct Captioner {
    writer: Box<dyn Writer>,
    words: Words,
    rules: Rules,
    plan: Plan,
}

impl Captioner {
    /// Opens a model of the role `caption`: its graphs, and the file for `tokenizer`.
    pub fn open(model: &Model, settings: Settings, runtime: &Runtime) -> Result<Self> {
        let words = Words::open(model.path("tokenizer")?)?;
        let named = || model.name().to_owned();
        let mut families = ROLE.families.iter();
        let family = match model.family() {
            Some(name) => ROLE.named(name).with_context(named)?,
            None => families
                .find(|family| family.has_files(model))
                .with_context(|| {
                    format!(
                        "{}: its files are not those of a known captioner",
                        model.name()
                    )
                })?,
        };
        let writer = family.open(model, runtime)?;
        Ok(Self {
            rules: family.rules(&settings, &words)?,
            plan: Plan {
                family,
                settings,
                side: writer.side(),
            },
            words,
            writer,
        })
    }

    /// How images are made ready for it.
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// How it chooses tokens.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Which network it is.
    pub fn provenance(&self) -> Provenance {
        Provenance {
            family: self.plan.family.name,
            answer: self.plan.family.answer,
            ..self.writer.decoder().provenance().clone()
        }
    }

    /// Describes images, `batch` at a time; it is halved where memory runs out.
    pub fn describe(&mut self, asked: &[Asked], batch: &mut usize) -> Result<Vec<Description>> {
        let written = halving(asked, batch, |asked| {
            self.writer.write(asked, &self.words, &self.rules)
        })?;
        let description = |written: Written| {
            Ok(Description {
                text: self.words.text(&written.ids)?,
                finish: written.finish,
                tokens: written.ids.len(),
            })
        };
        written.into_iter().map(description).collect()
    }
}
