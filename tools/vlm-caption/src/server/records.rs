//! Captions from a server: as many requests in flight as it is said to bear.
//!
//! What is remembered is captions. A refusal, an empty answer and whatever else is none is asked
//! for again by the next run, as the server may be well again or another by then.

use answers::ImageFile;
use stage::{Cache, Flow, Record, Result, bail};

use crate::TOOL;
use crate::answer::Answer;
use crate::prompt::Prompt;
use crate::server::flags::ServerFlags;
use crate::server::jpeg;
use crate::server::{Server, Told};

/// Captions every record; how many answers the server gave, and of how many tokens.
///
/// Every request has a thread of its own, and an answer is remembered as soon as it is there, so
/// that one slow answer keeps neither the others waiting nor them from being kept.
pub(crate) fn caption(
    flags: &ServerFlags,
    server: &Server,
    prompt: &Prompt,
    cache: Option<&Cache>,
    flow: &mut Flow,
) -> Result<(u64, u64)> {
    flow.work_with(flags.concurrency.into())?;
    // A failure goes through the batch of one as well: so it is written at once, and in its place.
    let ask = |record: Record| {
        let told = told(flags.long_side, server, prompt, cache, &record);
        Ok((record, told))
    };
    flow.batches(1, ask, |batch| {
        let finish = |(record, told): (Record, Result<Told>)| match told {
            Ok(Told::Answer(answer)) => {
                Ok(answer.finish(record, &server.manner().model, server.schema()))
            }
            Ok(Told::Stop(why)) => bail!(why),
            Err(error) => Ok(Err(error)),
        };
        batch.into_iter().map(finish).collect()
    })?;
    Ok(server.written())
}

/// What the server says of one record, or said before.
fn told(
    size: u32,
    server: &Server,
    prompt: &Prompt,
    cache: Option<&Cache>,
    record: &Record,
) -> Result<Told> {
    let file = ImageFile::of(record)?;
    let prompt = prompt.of(record)?;
    let prompt = match server.schema() {
        Some(schema) => schema.asked(&prompt),
        None => prompt,
    };
    let answers = TOOL.answers().with(&(server.manner(), size))?;
    let key = answers.key(file.bytes()).part(prompt.as_bytes());
    // Earlier versions remembered failures too.
    let known = cache.and_then(|cache| cache.recall::<Answer>(&key));
    if let Some(answer) = known.filter(|answer| answer.is_caption(server.schema())) {
        return Ok(Told::Answer(answer));
    }
    let jpeg = file.named(|bytes| jpeg::encoded(bytes, size))?;
    let told = file.named(|_| server.describe(&prompt, &jpeg))?;
    if let (Some(cache), Told::Answer(answer)) = (cache, &told)
        && answer.is_caption(server.schema())
    {
        cache.keep(&key, answer)?;
    }
    Ok(told)
}
