//! Beam search as `transformers` 5 has it, with `early_stopping` and a length penalty of 1.
//!
//! Reference: `GenerationMixin._beam_search` of transformers 5.23.

use anyhow::{Result, ensure};

use super::generate::{Finish, Rules, Step, Written, log_softmax, never};

/// A text that is being written, and its score: the sum of its log probabilities while it runs,
/// the mean of them once it is whole.
#[derive(Debug, Clone)]
struct Beam {
    text: Vec<i64>,
    score: f32,
    whole: bool,
}

/// What is being written for one row.
#[derive(Debug)]
struct Search {
    running: Vec<Beam>,
    finished: Vec<Beam>,
    /// The running beams of the last step that these go on with.
    from: Vec<usize>,
    done: bool,
}

/// One way to go on.
struct Choice {
    from: usize,
    beam: Beam,
}

/// Writes on for each of `rows` rows with `rules.beams` beams.
pub(super) fn search(
    rows: usize,
    start: &[i64],
    logits: &[f32],
    rules: &Rules,
    network: &mut impl Step,
) -> Result<Vec<Written>> {
    let beams = rules.beams;
    let width = logits.len() / rows;
    ensure!(
        width >= 2 * beams,
        "{beams} beams are too many for {width} tokens"
    );
    let mut searches: Vec<Search> = (0..rows).map(|_| Search::new(start, beams)).collect();
    // Before the first step all beams of a row are the same.
    let mut logits: Vec<f32> = logits
        .chunks(width)
        .flat_map(|row| row.repeat(beams))
        .collect();
    let mut first = true;
    while searches.iter().any(|search| !search.done) {
        if !first {
            let next = searches.iter().flat_map(|search| &search.running);
            let next: Vec<i64> = next.map(|beam| beam.text[beam.text.len() - 1]).collect();
            let from: Vec<usize> = searches
                .iter()
                .enumerate()
                .flat_map(|(row, search)| search.order(row, beams))
                .collect();
            logits = network.step(&next, &from)?;
        }
        ensure!(
            logits.len() == rows * beams * width,
            "logits of {} numbers for {} rows",
            logits.len(),
            rows * beams
        );
        for (search, own) in searches.iter_mut().zip(logits.chunks_mut(beams * width)) {
            if search.done {
                search.from = (0..beams).collect();
            } else {
                search.advance(own, start.len(), rules);
            }
        }
        first = false;
    }
    Ok(searches
        .iter()
        .map(|search| search.written(start.len(), rules))
        .collect())
}

impl Search {
    fn new(start: &[i64], beams: usize) -> Self {
        let running = (0..beams).map(|beam| Beam {
            text: start.to_vec(),
            // Only the first is gone on with: all are the same.
            score: if beam == 0 { 0.0 } else { never() },
            whole: false,
        });
        Self {
            running: running.collect(),
            finished: Vec::new(),
            from: (0..beams).collect(),
            done: false,
        }
    }

    /// The rows of the last step that these beams go on with.
    fn order(&self, row: usize, beams: usize) -> impl Iterator<Item = usize> {
        self.from.iter().map(move |from| row * beams + from)
    }

    /// Goes on by one token.
    fn advance(&mut self, logits: &mut [f32], start: usize, rules: &Rules) {
        let beams = rules.beams;
        let choices = self.choices(logits, start, rules);
        if choices.len() < beams {
            // Logits that are not numbers leave nothing to choose from.
            self.done = true;
            return;
        }
        let length = self.running[0].text.len() + 1 - start;
        let full = self.finished.len() == beams && self.finished.iter().all(|beam| beam.whole);
        for choice in choices
            .iter()
            .take(beams)
            .filter(|choice| choice.beam.whole && !full)
        {
            let mut beam = choice.beam.clone();
            beam.score /= length as f32;
            self.finished.push(beam);
        }
        // A stable sort keeps the older of equals, as the reference does.
        self.finished.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.finished.truncate(beams);
        let ended = choices.iter().all(|choice| choice.beam.whole);
        let (mut going, whole): (Vec<Choice>, Vec<Choice>) =
            choices.into_iter().partition(|choice| !choice.beam.whole);
        going.extend(whole.into_iter().map(|mut choice| {
            choice.beam.score += never();
            choice
        }));
        going.truncate(beams);
        self.from = going.iter().map(|choice| choice.from).collect();
        self.running = going.into_iter().map(|choice| choice.beam).collect();
        let all = self.finished.len() == beams;
        let worst = if all {
            self.finished[beams - 1].score
        } else {
            never()
        };
        let hope = self.running[0].score / length as f32 > worst;
        self.done = ended || all || !hope;
    }

    /// The best ways to go on, twice as many as there are beams, the best first.
    fn choices(&self, logits: &mut [f32], start: usize, rules: &Rules) -> Vec<Choice> {
        let width = logits.len() / self.running.len();
        let mut scored = Vec::new();
        for (from, (beam, row)) in self
            .running
            .iter()
            .zip(logits.chunks_mut(width))
            .enumerate()
        {
            log_softmax(row);
            rules.bend(row, &beam.text, start);
            let ways = row
                .iter()
                .enumerate()
                .map(|(token, log)| (beam.score + log, from, token));
            scored.extend(ways.filter(|(score, ..)| *score > f32::NEG_INFINITY));
        }
        let most = (2 * rules.beams).min(scored.len());
        let better = |a: &(f32, usize, usize), b: &(f32, usize, usize)| {
            b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2)))
        };
        if most < scored.len() {
            scored.select_nth_unstable_by(most, better);
            scored.truncate(most);
        }
        scored.sort_by(better);
        let choice = |(score, from, token): (f32, usize, usize)| {
            let mut text = self.running[from].text.clone();
            let token = i64::from(token as u32);
            text.push(token);
            let written = &text[start..];
            let whole = rules.ends.contains(&token) || written.len() >= rules.most;
            Choice {
                from,
                beam: Beam { text, score, whole },
            }
        };
        scored.into_iter().map(choice).collect()
    }

    fn written(&self, start: usize, rules: &Rules) -> Written {
        let best = self.finished.first().unwrap_or(&self.running[0]);
        let ids = best.text[start..].to_vec();
        let ended = ids.last().is_some_and(|last| rules.ends.contains(last)) && !rules.cut(&ids);
        let finish = if ended { Finish::Eos } else { Finish::Length };
        Written { ids, finish }
    }
}
