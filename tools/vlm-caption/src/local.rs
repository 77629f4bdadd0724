//! Captions from a network of one's own.

use stage::{Cache, Context, Flow, Inference, Key, Record, Result};
use vision::decode;

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
    let provenance = network.provenance().clone();
    let (question, settings) = (network.question(), network.settings.clone());
    let sha256 = network.model().sha256().to_owned();
    let named = |record: &Record| {
        record
            .image()
            .map(|path| path.display().to_string())
            .unwrap_or_default()
    };
    let look = |record: &Record| {
        let bytes = decode::read(&record.image()?).with_context(|| named(record))?;
        let question = match question {
            Some(question) => question.to_owned(),
            None => prompt.of(record)?,
        };
        let key = Key::new("vlm-caption", env!("CARGO_PKG_VERSION"))
            .part(&bytes)
            .part(question.as_bytes())
            .part(sha256.as_bytes())
            .settings(&settings)?;
        Ok((key, (bytes, question)))
    };
    let work = Inference {
        look,
        prepare: |record: &Record, (bytes, question): (Vec<u8>, String)| {
            ready
                .prepare(&bytes, question)
                .with_context(|| named(record))
        },
        infer: |asked: Vec<_>| Ok(network.describe(&asked)?.into_iter().map(Ok).collect()),
        finish: |mut record: Record, answer: crate::answer::Answer| {
            record.put_member("models", "vlm-caption", &provenance)?;
            answer.finish(record, &name, None)
        },
    };
    flow.infer(batch, cache, work)?;
    Ok((network.answers, network.tokens))
}
