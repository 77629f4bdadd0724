//! Captions from a network of one's own.

use answers::ImageFile;
use stage::{Cache, Flow, Inference, Record, Result};

use crate::TOOL;
use crate::network::Network;
use crate::prompt::Prompt;

/// Captions every record, `batch` at a time; how many answers the network gave, and of how many
/// tokens.
pub(crate) fn caption(
    batch: usize,
    mut network: Network,
    prompt: &Prompt,
    cache: Option<&Cache>,
    flow: &mut Flow,
) -> Result<(u64, u64)> {
    let (name, ready) = (network.model().name().to_owned(), network.ready());
    let question = network.question();
    let answers = TOOL.answers().by(network.provenance());
    let answers = answers.with(&network.settings)?;
    let work = Inference {
        look: |record: &Record| {
            let file = ImageFile::of(record)?;
            let question = match question {
                Some(question) => question.to_owned(),
                None => prompt.of(record)?,
            };
            let key = answers.key(file.bytes()).part(question.as_bytes());
            Ok((key, (file, question)))
        },
        prepare: |_: &Record, (file, question): (ImageFile, String)| {
            file.named(|bytes| ready.prepare(bytes, question))
        },
        infer: |asked: Vec<_>| Ok(network.describe(&asked)?.into_iter().map(Ok).collect()),
        finish: |mut record: Record, answer: crate::answer::Answer| {
            answers.sign(&mut record)?;
            answer.finish(record, &name, None)
        },
    };
    flow.infer(batch, cache, work)?;
    Ok((network.answers, network.tokens))
}
