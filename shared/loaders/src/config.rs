//! Data set configurations, as strict as their readers.

pub mod ai_toolkit;
pub mod concepts;
pub mod diffusion_pipe;
pub mod musubi;
mod schema;
pub mod sd_scripts;
pub mod simple_tuner;

/// Something wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A word for the kind of problem.
    pub code: &'static str,
    /// Where in the configuration, as `datasets[0].subsets[1].image_dir`.
    pub place: String,
    /// What is wrong, and what comes of it.
    pub text: String,
    /// Whether the trainer stops at it; if not, it goes on in another way
    /// than was meant.
    pub fatal: bool,
}

impl Problem {
    fn fatal(code: &'static str, place: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            code,
            place: place.into(),
            text: text.into(),
            fatal: true,
        }
    }
}
