//! Captions from a network of one's own.

pub(crate) mod network;

use answers::ImageFile;
use nets::caption::{Captioner, Description};
use stage::{Cache, Flow, Inference, Record, Result};

use crate::TOOL;
use crate::answer::Answer;
use crate::local::network::NetworkFlags;
use crate::prompt::Prompt;

/// Captions every record; how many answers the network gave, and of how many tokens.
pub(crate) fn caption(
    flags: &NetworkFlags,
    mut network: Captioner,
    prompt: &Prompt,
    cache: Option<&Cache>,
    flow: &mut Flow,
) -> Result<(u64, u64)> {
    let (provenance, plan, rules) = (network.provenance(), network.plan(), network.rules());
    let answers = TOOL.answers().by(&provenance);
    let answers = answers.with(&(rules.most, rules.beams, flags.split))?;
    let (mut batch, mut count, mut tokens) = (flow.batch(flags.batch.into())?, 0, 0);
    let together = batch;
    let work = Inference {
        look: |record: &Record| {
            let file = ImageFile::of(record)?;
            let question = match plan.question() {
                Some(question) => question.to_owned(),
                None => prompt.of(record)?,
            };
            let key = answers.key(file.bytes()).part(question.as_bytes());
            Ok((key, (file, question)))
        },
        prepare: |_: &Record, (file, question): (ImageFile, String)| {
            let image = file.rgb()?;
            file.named(|_| plan.prepare(&image, question))
        },
        infer: |asked: Vec<_>| {
            let described = network.describe(&asked, &mut batch)?;
            count += described.len() as u64;
            let answers = described.into_iter().map(answer);
            Ok(answers
                .inspect(|answer| tokens += answer.tokens.unwrap_or(0))
                .map(Ok)
                .collect())
        },
        finish: |mut record: Record, answer: Answer| {
            answers.sign(&mut record)?;
            answer.finish(record, &provenance.model, None)
        },
    };
    flow.infer(together, cache, work)?;
    Ok((count, tokens))
}

fn answer(description: Description) -> Answer {
    Answer {
        raw: description.text,
        finish: description.finish.name().to_owned(),
        tokens: Some(description.tokens as u64),
        from_reasoning: false,
    }
}
