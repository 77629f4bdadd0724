//! A network of one's own: Florence-2 or `SmolVLM`.

use clap::{Args, ValueEnum};
use nets::florence::{self, Florence};
use nets::generate::{Rules, Written};
use nets::smolvlm::{self, Marks, SmolVlm, Tiles};
use nets::words::Words;
use onnx::{Model, Provenance, Runtime, halving};
use serde::Serialize;
use stage::{Result, bail};
use vision::decode;

use crate::answer::Answer;

const NETWORK: &str = "Network";

/// Tokens that an answer may have by default: of Florence-2 by the task, of `SmolVLM`.
const TASK_TOKENS: [usize; 3] = [40, 128, 256];
const CHAT_TOKENS: usize = 128;

/// What Florence-2 is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
pub(crate) enum Task {
    /// One short sentence
    Caption,
    /// A few sentences
    Detailed,
    /// A paragraph
    MoreDetailed,
}

/// How a network is asked.
#[derive(Debug, Clone, Args)]
pub(crate) struct NetworkFlags {
    /// What Florence-2 is asked; it understands no prompt
    #[arg(long, value_enum, value_name = "TASK", default_value = "detailed", help_heading = NETWORK)]
    task: Task,

    /// Texts that Florence-2 follows at a time; 1 is greedy, 3 its reference
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16), help_heading = NETWORK)]
    beams: u8,

    /// Show `SmolVLM` large pictures in tiles too, at ten times the work
    #[arg(long, help_heading = NETWORK)]
    split: bool,

    /// Images that go through the network at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..), help_heading = NETWORK)]
    pub(crate) batch: u16,
}

/// What an answer depends on, beside picture and question.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Settings {
    rules: (usize, usize),
    split: bool,
}

/// One picture and what is asked of it.
pub(crate) struct Asked {
    picture: Picture,
    question: String,
}

enum Picture {
    Whole(Vec<f32>),
    Tiles(Tiles),
}

/// How pictures are made ready; it is shared by threads.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    tiles: bool,
    split: bool,
    side: u32,
}

enum Kind {
    Florence(Box<Florence>, Rules),
    SmolVlm(Box<SmolVlm>, Marks, Rules),
}

/// A network that describes pictures.
pub(crate) struct Network {
    kind: Kind,
    words: Words,
    model: Model,
    batch: usize,
    question: Option<&'static str>,
    pub(crate) settings: Settings,
    /// Tokens written.
    pub(crate) tokens: u64,
    /// Answers.
    pub(crate) answers: u64,
}

impl Network {
    pub(crate) fn open(
        model: Model,
        runtime: &Runtime,
        flags: &NetworkFlags,
        max_tokens: Option<u64>,
    ) -> Result<Self> {
        let words = Words::open(model.path("tokenizer")?)?;
        let given = max_tokens.map(|tokens| tokens as usize);
        let is_florence = match model.family() {
            Some("florence") => true,
            Some("smolvlm") => false,
            Some(other) => bail!(
                "{}: is of the family {other}, which writes no captions",
                model.name()
            ),
            None => model.has("encoder_model"),
        };
        let (kind, question, most) = if is_florence {
            let most = given.unwrap_or(TASK_TOKENS[flags.task as usize]);
            let (_, question) = florence::TASKS[flags.task as usize];
            let rules = florence::rules(most, flags.beams.into());
            let florence = Box::new(Florence::open(&model, runtime)?);
            (Kind::Florence(florence, rules), Some(question), most)
        } else {
            let most = given.unwrap_or(CHAT_TOKENS);
            let marks = Marks::of(&words)?;
            let smolvlm = Box::new(SmolVlm::open(&model, runtime)?);
            (Kind::SmolVlm(smolvlm, marks, marks.rules(most)), None, most)
        };
        Ok(Self {
            kind,
            words,
            model,
            batch: flags.batch.into(),
            question,
            settings: Settings {
                rules: (most, flags.beams.into()),
                split: flags.split,
            },
            tokens: 0,
            answers: 0,
        })
    }

    /// Which model it is.
    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    /// Which network answers.
    pub(crate) fn provenance(&self) -> &Provenance {
        match &self.kind {
            Kind::Florence(florence, _) => florence.net().provenance(),
            Kind::SmolVlm(smolvlm, ..) => smolvlm.net().provenance(),
        }
    }

    /// The question that stands for the task, whatever the prompt says.
    pub(crate) fn question(&self) -> Option<&'static str> {
        self.question
    }

    /// How pictures are made ready for it.
    pub(crate) fn ready(&self) -> Ready {
        let (tiles, side) = match &self.kind {
            Kind::Florence(florence, _) => (false, florence.side()),
            Kind::SmolVlm(smolvlm, ..) => (true, smolvlm.side()),
        };
        Ready {
            tiles,
            side,
            split: self.settings.split,
        }
    }

    /// Describes pictures.
    pub(crate) fn describe(&mut self, asked: &[Asked]) -> Result<Vec<Answer>> {
        let mut batch = self.batch;
        let answers = halving(asked, &mut batch, |asked| self.answers_to(asked))?;
        self.batch = batch;
        self.answers += answers.len() as u64;
        self.tokens += answers
            .iter()
            .filter_map(|answer| answer.tokens)
            .sum::<u64>();
        Ok(answers)
    }

    fn answers_to(&mut self, asked: &[Asked]) -> Result<Vec<Answer>> {
        let words = &self.words;
        let written = match &mut self.kind {
            Kind::Florence(florence, rules) => florence_writes(florence, rules, words, asked)?,
            Kind::SmolVlm(smolvlm, marks, rules) => {
                smolvlm_writes(smolvlm, *marks, rules, words, asked)?
            }
        };
        written
            .iter()
            .map(|written| answer(words, written))
            .collect()
    }
}

impl Ready {
    /// The picture in `bytes`, ready for the network.
    pub(crate) fn prepare(&self, bytes: &[u8], question: String) -> Result<Asked> {
        let image = decode::rgb_from_bytes(bytes)?;
        let picture = if self.tiles {
            Picture::Tiles(smolvlm::prepare(&image, self.side, self.split)?)
        } else {
            Picture::Whole(florence::prepare(&image, self.side)?)
        };
        Ok(Asked { picture, question })
    }
}

fn florence_writes(
    florence: &mut Florence,
    rules: &Rules,
    words: &Words,
    asked: &[Asked],
) -> Result<Vec<Written>> {
    let pictures = asked.iter().filter_map(|asked| match &asked.picture {
        Picture::Whole(picture) => Some(picture.clone()),
        Picture::Tiles(_) => None,
    });
    let pictures: Vec<_> = pictures.collect();
    // All are asked the same: the question of the task.
    let question = asked
        .first()
        .map(|asked| asked.question.as_str())
        .unwrap_or_default();
    let ids = words.ids(question, true)?;
    florence.write(&pictures, &ids, rules)
}

/// Pictures whose prompts are the same go through together.
fn smolvlm_writes(
    smolvlm: &mut SmolVlm,
    marks: Marks,
    rules: &Rules,
    words: &Words,
    asked: &[Asked],
) -> Result<Vec<Written>> {
    let mut prompts = Vec::with_capacity(asked.len());
    for asked in asked {
        let Picture::Tiles(tiles) = &asked.picture else {
            continue;
        };
        let features = smolvlm.features(&tiles.tiles)?;
        let tokens = features.shape().get(1).copied().unwrap_or_default();
        let prompt = smolvlm::prompt(&asked.question, tiles.grid, tokens);
        prompts.push((words.ids(&prompt, false)?, features));
    }
    let mut written = Vec::with_capacity(prompts.len());
    let mut rest = prompts;
    while !rest.is_empty() {
        let same = rest.iter().take_while(|(ids, _)| *ids == rest[0].0).count();
        let after = rest.split_off(same);
        let (mut ids, features): (Vec<_>, Vec<_>) = rest.into_iter().unzip();
        written.extend(smolvlm.write(&features, &ids.swap_remove(0), marks, rules)?);
        rest = after;
    }
    Ok(written)
}

fn answer(words: &Words, written: &Written) -> Result<Answer> {
    Ok(Answer {
        raw: words.text(&written.ids)?,
        finish: written.finish.name().to_owned(),
        tokens: Some(written.ids.len() as u64),
    })
}
