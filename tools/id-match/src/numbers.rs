//! Numbers that flags take.

fn number(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number = text.parse().ok();
    let number = number.filter(|number: &f64| (least..=most).contains(number));
    number.ok_or_else(|| format!("not a number from {least} to {most}"))
}

/// A cosine.
pub(crate) fn cosine(text: &str) -> Result<f64, String> {
    number(text, -1.0, 1.0)
}

/// A share of what overlaps.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    number(text, 0.01, 1.0)
}

/// A share from one half to below one.
pub(crate) fn agreement(text: &str) -> Result<f64, String> {
    let share = number(text, 0.5, 1.0).ok().filter(|share| *share < 1.0);
    share.ok_or_else(|| "not a number from 0.5 up to, but not including, 1".to_owned())
}
