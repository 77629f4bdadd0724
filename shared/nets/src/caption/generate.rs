//! Choosing token after token: greedily or with beams, as `transformers` does.
//!
//! The choice is pure: a [`Step`] runs the network, and everything here works on its logits. Equal
//! logits are decided for the lower token.

use anyhow::{Result, ensure};

/// A run of this many last tokens that is one repeated n-gram is a loop.
const LOOP: usize = 20;

/// The longest n-gram whose repetition is one.
const LOOP_GRAM: usize = 4;

/// The score of what must not be chosen, as `transformers` has it.
const NEVER: f32 = -1.0e9;

/// How tokens are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The most tokens that are written.
    pub most: usize,
    /// Tokens that end a text.
    pub ends: Vec<i64>,
    /// The first token that is written, whatever the network says.
    pub first: Option<i64>,
    /// The last one where the text is cut off.
    pub last: Option<i64>,
    /// No run of so many tokens comes twice; 0 allows it.
    pub no_repeat: usize,
    /// Beams; 1 is greedy.
    pub beams: usize,
}

/// Why a text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The network ended it.
    Eos,
    /// It is as long as it may be.
    Length,
    /// It went round in circles.
    Loop,
}

impl Finish {
    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eos => "eos",
            Self::Length => "length",
            Self::Loop => "loop",
        }
    }
}

/// What was written for one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The tokens, with the end mark where there is one, without what they began with.
    pub ids: Vec<i64>,
    /// Why they end.
    pub finish: Finish,
}

/// A network that is asked for the next token of several rows.
pub trait Step {
    /// The logits of the next token, row after row. `next` is the last token of each row, and
    /// `from` the row before this step that it goes on with: a cache has to be put in that order
    /// where it is not that already.
    fn step(&mut self, next: &[i64], from: &[usize]) -> Result<Vec<f32>>;
}

/// Writes on for each of `rows` rows. `start` are the tokens that count as written before the
/// first step, and `logits` those of the first token, one row for each.
pub fn generate(
    rows: usize,
    start: &[i64],
    logits: &[f32],
    rules: &Rules,
    network: &mut impl Step,
) -> Result<Vec<Written>> {
    ensure!(
        rows > 0 && !logits.is_empty() && logits.len().is_multiple_of(rows),
        "logits of {} numbers for {rows} rows",
        logits.len()
    );
    ensure!(
        rules.most > 0 && rules.beams > 0,
        "the limits allow no token"
    );
    if rules.beams == 1 {
        greedy(rows, start, logits, rules, network)
    } else {
        super::beams::search(rows, start, logits, rules, network)
    }
}

fn greedy(
    rows: usize,
    start: &[i64],
    logits: &[f32],
    rules: &Rules,
    network: &mut impl Step,
) -> Result<Vec<Written>> {
    let mut texts = vec![start.to_vec(); rows];
    let mut finished: Vec<Option<Finish>> = vec![None; rows];
    let same: Vec<usize> = (0..rows).collect();
    let mut logits = logits.to_vec();
    loop {
        let width = logits.len() / rows;
        for ((text, finish), row) in texts
            .iter_mut()
            .zip(&mut finished)
            .zip(logits.chunks_mut(width))
        {
            if finish.is_none() {
                rules.bend(row, text, start.len());
                text.push(best(row));
                *finish = rules.finish(&text[start.len()..]);
            }
        }
        if finished.iter().all(Option::is_some) {
            break;
        }
        // Rows that have ended go on with their last token, and nobody looks at what follows.
        let next: Vec<i64> = texts.iter().map(|text| text[text.len() - 1]).collect();
        logits = network.step(&next, &same)?;
        ensure!(
            logits.len().is_multiple_of(rows),
            "logits of {} numbers for {rows} rows",
            logits.len()
        );
    }
    let written = texts
        .into_iter()
        .zip(finished)
        .map(|(text, finish)| Written {
            ids: text[start.len()..].to_vec(),
            finish: finish.unwrap_or(Finish::Length),
        });
    Ok(written.collect())
}

impl Rules {
    /// Makes what must not be chosen after `text` impossible. The first `start` tokens of it were
    /// there at the beginning.
    pub(super) fn bend(&self, row: &mut [f32], text: &[i64], start: usize) {
        for token in banned(text, self.no_repeat) {
            set(row, token, f32::NEG_INFINITY);
        }
        let written = text.len() - start;
        let forced = self
            .first
            .filter(|_| written == 0)
            .or(self.last.filter(|_| written + 1 == self.most));
        if let Some(forced) = forced {
            row.fill(f32::NEG_INFINITY);
            set(row, forced, 0.0);
        }
    }

    /// Whether what was written is a whole text, and why.
    fn finish(&self, written: &[i64]) -> Option<Finish> {
        if written.last().is_some_and(|last| self.ends.contains(last)) && !self.cut(written) {
            return Some(Finish::Eos);
        }
        if written.len() >= self.most {
            return Some(Finish::Length);
        }
        loops(written).then_some(Finish::Loop)
    }

    /// Whether the text ends where it does because it may not be longer.
    pub(super) fn cut(&self, written: &[i64]) -> bool {
        self.last.is_some() && written.len() >= self.most
    }
}

fn set(row: &mut [f32], token: i64, value: f32) {
    if let Some(place) = usize::try_from(token)
        .ok()
        .and_then(|token| row.get_mut(token))
    {
        *place = value;
    }
}

/// Tokens that would complete a run of `size` tokens that stands in `text` already.
///
/// ```
/// // 1 2 was followed by 3 before.
/// assert_eq!(nets::caption::generate::banned(&[1, 2, 3, 1, 2], 3), [3]);
/// assert!(nets::caption::generate::banned(&[1, 2, 3, 1, 2], 0).is_empty());
/// ```
pub fn banned(text: &[i64], size: usize) -> Vec<i64> {
    if size == 0 || text.len() + 1 < size {
        return Vec::new();
    }
    let tail = &text[text.len() + 1 - size..];
    let runs = text.windows(size).filter(|run| run[..size - 1] == *tail);
    runs.map(|run| run[size - 1]).collect()
}

/// Whether the last tokens are one short run over and over.
///
/// ```
/// let song: Vec<i64> = [5, 6, 7].into_iter().cycle().take(21).collect();
/// assert!(nets::caption::generate::loops(&song));
/// assert!(!nets::caption::generate::loops(&song[..19]));
/// ```
pub fn loops(written: &[i64]) -> bool {
    let Some(start) = written.len().checked_sub(LOOP) else {
        return false;
    };
    let last = &written[start..];
    (1..=LOOP_GRAM).any(|gram| {
        last.iter()
            .zip(&last[gram..])
            .all(|(token, again)| token == again)
    })
}

/// The token with the highest logit, of equals the first.
fn best(row: &[f32]) -> i64 {
    let mut best = 0;
    for (token, logit) in row.iter().enumerate() {
        if *logit > row[best] {
            best = token;
        }
    }
    i64::from(best as u32)
}

/// The logarithms of the probabilities that logits stand for.
pub(super) fn log_softmax(row: &mut [f32]) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = row.iter().map(|logit| (logit - most).exp()).sum();
    let shift = most + sum.ln();
    for logit in row {
        *logit -= shift;
    }
}

/// The score of what must not be chosen.
pub(super) fn never() -> f32 {
    NEVER
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    /// A network whose next token is the last one plus one, of ten.
    struct Counts;

    impl Step for Counts {
        fn step(&mut self, next: &[i64], _: &[usize]) -> Result<Vec<f32>> {
            let mut logits = vec![0.0; 10 * next.len()];
            for (row, next) in logits.chunks_mut(10).zip(next) {
                row[(*next as usize + 1) % 10] = 1.0;
            }
            Ok(logits)
        }
    }

    fn rules() -> Rules {
        Rules {
            most: 8,
            ends: vec![9],
            first: None,
            last: None,
            no_repeat: 0,
            beams: 1,
        }
    }

    #[test]
    fn rows_end_each_for_itself() {
        let logits = Counts.step(&[6, 2], &[0, 1]).unwrap();
        let written = generate(2, &[], &logits, &rules(), &mut Counts).unwrap();
        assert_eq!(written[0].ids, [7, 8, 9]);
        assert_eq!(written[0].finish, Finish::Eos);
        assert_eq!(written[1].ids, [3, 4, 5, 6, 7, 8, 9]);
        let short = Rules {
            most: 3,
            last: Some(0),
            first: Some(4),
            ..rules()
        };
        let written = generate(2, &[], &logits, &short, &mut Counts).unwrap();
        assert_eq!(
            (written[0].ids.as_slice(), written[0].finish),
            ([4, 5, 0].as_slice(), Finish::Length)
        );
    }

    /// A network that says 3 for ever.
    struct Stuck;

    impl Step for Stuck {
        fn step(&mut self, next: &[i64], _: &[usize]) -> Result<Vec<f32>> {
            let mut logits = vec![0.0; 10 * next.len()];
            logits.chunks_mut(10).for_each(|row| row[3] = 1.0);
            Ok(logits)
        }
    }

    #[test]
    fn a_loop_is_left() {
        let round = Rules {
            most: 100,
            ends: vec![],
            ..rules()
        };
        let logits = Stuck.step(&[0], &[0]).unwrap();
        let written = generate(1, &[], &logits, &round, &mut Stuck).unwrap();
        assert_eq!(
            (written[0].ids.len(), written[0].finish),
            (LOOP, Finish::Loop)
        );
        let free = Rules {
            no_repeat: 3,
            most: 30,
            ..round
        };
        let written = generate(1, &[], &logits, &free, &mut Stuck).unwrap();
        assert_eq!(written[0].ids.len(), 30, "no trigram comes twice");
    }

    #[test]
    fn probabilities_add_up_to_one() {
        let mut row = [1.0, 2.0, 1000.0, f32::NEG_INFINITY];
        log_softmax(&mut row);
        let sum: f32 = row.iter().map(|log| log.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-6);
    }
}
