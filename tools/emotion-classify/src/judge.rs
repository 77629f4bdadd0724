//! What is said of an expression's scores.

use nets::emotion::Emotion;
use serde::Serialize;
use serde_json::{Map, Value};
use stage::{Result, ensure};

/// What is said where the scores say too little.
pub(crate) const UNKNOWN: &str = "unknown";

/// Thresholds of the scores.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Bounds {
    /// Write `unknown` if no class has at least this score, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.35, value_parser = stage::share::<f64>)]
    threshold: f64,

    /// Write `unknown` if the best class leads over the second by less than this, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.15, value_parser = stage::share::<f64>)]
    margin: f64,

    /// Lead over the second class from which the intensity is medium
    #[arg(long, value_name = "SCORE", default_value_t = 0.4, value_parser = stage::share::<f64>)]
    medium: f64,

    /// Lead over the second class from which the intensity is high
    #[arg(long, value_name = "SCORE", default_value_t = 0.75, value_parser = stage::share::<f64>)]
    high: f64,
}

/// The key `emotion`.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    label: &'static str,
    intensity: &'static str,
    scores: Map<String, Value>,
    margin: f64,
    second: &'static str,
}

impl Bounds {
    /// Whether the flags go together.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            self.medium <= self.high,
            "--high {}: is below --medium {}",
            self.high,
            self.medium
        );
        Ok(())
    }

    /// What is said of `scores`, of all classes that the network knows.
    ///
    /// The lead over the second class stands for the strength of the expression: networks of
    /// expressions are not trained on strength, but are surer of stronger ones.
    pub(crate) fn verdict(&self, scores: &[(Emotion, f32)]) -> Verdict {
        let mut ranked: Vec<(Emotion, f64)> = { scores.iter() }
            .map(|(emotion, score)| (*emotion, f64::from(*score)))
            .collect();
        ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let at = |place: usize| ranked.get(place).copied();
        let (first, best) =
            at(0).map_or((UNKNOWN, 0.0), |(emotion, score)| (emotion.word(), score));
        let (second, next) =
            at(1).map_or((UNKNOWN, 0.0), |(emotion, score)| (emotion.word(), score));
        let margin = best - next;
        let known = best >= self.threshold && margin >= self.margin;
        let intensity = match margin {
            _ if !known => UNKNOWN,
            margin if margin >= self.high => "high",
            margin if margin >= self.medium => "medium",
            _ => "low",
        };
        let words = scores
            .iter()
            .map(|(emotion, score)| (emotion.word().to_owned(), Value::from(f64::from(*score))));
        Verdict {
            label: if known { first } else { UNKNOWN },
            intensity,
            scores: words.collect(),
            margin,
            second,
        }
    }
}
