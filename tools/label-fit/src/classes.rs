//! Classes: what labels teach of words.

use stage::log::warn;
use stage::{Flow, Outcome, Record, Result, ensure, tell};
use teach::{DROP, Film, Key, Labels, Reading, Sight, learn};

use crate::{Args, ask, labels, summary, write};

/// Learns from the labels for `key`.
pub(crate) fn run(args: &Args, key: &Key, flow: &mut Flow) -> Result<()> {
    let labels = labels(args, key)?;
    let reading = Reading {
        key: key.clone(),
        on: args.on.clone(),
        prior: args.prior.clone(),
        together: args.together.clone(),
        drops: args.drop_class,
    };
    flow.whole(
        |record| sight(args, &reading, &labels, record),
        |flow, all| {
            labels.unheard().iter().for_each(|line| warn!("{line}"));
            let all = of_one_form(&reading, flow, all)?;
            fit(args, &reading, flow, all)
        },
    )
}

fn sight(
    args: &Args,
    reading: &Reading,
    labels: &Labels,
    record: Record,
) -> Result<(Record, Sight)> {
    let mut sight = reading.sight(&record, labels)?;
    if let (None, Some(key)) = (&sight.label, &args.labels_at) {
        sight.label = key.read(&record)?.filter(|label| label != teach::UNKNOWN);
        ensure!(
            !args.drop_class || sight.label.as_deref() != Some(DROP),
            "key `{key}`: with --drop-class `{DROP}` is the class of images that are dropped: use another word"
        );
        // A label is no answer that a tool gave before.
        sight.before.take_if(|_| *key == reading.key);
    }
    Ok((record, sight))
}

/// Fails the records whose vectors and numbers are not as those of most are.
fn of_one_form(
    reading: &Reading,
    flow: &mut Flow,
    all: Vec<(Record, Sight)>,
) -> Result<Vec<(Record, Sight)>> {
    let mut misfits = reading.misfits(all.iter().map(|(_, sight)| sight));
    let mut fitting = Vec::with_capacity(all.len());
    for (at, (record, sight)) in all.into_iter().enumerate() {
        match misfits.remove(&at) {
            Some(error) => flow.fail(record, error.context(sight.id))?,
            None => fitting.push((record, sight)),
        }
    }
    Ok(fitting)
}

fn fit(
    args: &Args,
    reading: &Reading,
    flow: &mut Flow,
    all: Vec<(Record, Sight)>,
) -> Result<Vec<Outcome>> {
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let (records, sights): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    let film = Film::measured(reading, sights)?;
    flow.on_all_cores(|| {
        let model = learn(reading, &film, args.precision)?;
        if let Some(path) = &args.output {
            write(path, &model.to_json()?)?;
        }
        for line in summary::lines(&model, &film) {
            tell(&line);
        }
        match args.ask {
            Some(count) => ask::outcomes(&film, &model, count.get(), records),
            None => Ok(records.into_iter().map(Outcome::pass).collect()),
        }
    })
}
