//! Reserves: records that are selected only where others are too few.

use stage::Result;
use stage::log::warn;

use crate::Args;
use crate::limits::Limits;
use crate::selection::select;
use crate::spread::Spread;

/// Draws on the reserves, one after another, until as many records are chosen as each is to make up.
/// `places` are the candidates of every cell, and the weights of all.
pub(crate) fn draw(
    args: &Args,
    chosen: &mut Vec<usize>,
    (by_cell, weights): (&[Vec<usize>], &[f32]),
    spread: &mut Spread,
    limits: &mut Limits,
) -> Result<()> {
    let target = args.target().unwrap_or(weights.len());
    for (number, reserve) in args.reserve.iter().enumerate() {
        let wanted = reserve.records(args.target())?.min(target);
        let others = chosen.len();
        let lacking = wanted.saturating_sub(others);
        if lacking == 0 || !limits.open_reserve(number, lacking) {
            continue;
        }
        spread.again(chosen);
        select(wanted, chosen, by_cell, weights, spread, limits);
        let taken = chosen.len() - others;
        if taken > 0 {
            warn!(
                "took {taken} of the reserve {}: only {others} others were selected, and {wanted} are needed",
                reserve.name()
            );
        }
    }
    Ok(())
}
