//! Growing a mask by an exact disc, in two passes whatever the radius.

/// Marks what lies within `radius` of a marked pixel. The length is a multiple of `width`, which is
/// not zero.
///
/// First each pixel learns how far the next marked one in its column is. Then, along a row, a pixel
/// whose column has a marked one at distance `d` reaches `sqrt(radius^2 - d^2)` to either side; the
/// reaches are begun and ended in a row of counters.
pub(crate) fn disc(marked: &[bool], width: usize, radius: u32) -> Vec<bool> {
    let height = marked.len() / width;
    // No distance in the image is larger, so that a huge radius costs nothing.
    let radius = (radius as usize).min(width + height);
    let distances = down_columns(marked, width, radius);
    let reaches: Vec<usize> = (0..=radius)
        .map(|distance| (radius * radius - distance * distance).isqrt())
        .collect();
    let mut result = Vec::with_capacity(marked.len());
    let mut changes = vec![0_i32; width + 1];
    for row in distances.chunks_exact(width) {
        changes.fill(0);
        for (x, distance) in row.iter().enumerate() {
            if let Some(reach) = reaches.get(*distance as usize) {
                changes[x.saturating_sub(*reach)] += 1;
                changes[(x + reach + 1).min(width)] -= 1;
            }
        }
        let mut open = 0;
        result.extend(changes[..width].iter().map(|change| {
            open += change;
            open > 0
        }));
    }
    result
}

/// The distance to the nearest marked pixel in the same column; `radius + 1` if that is farther.
fn down_columns(marked: &[bool], width: usize, radius: usize) -> Vec<u32> {
    let far = radius as u32 + 1;
    let mut distances: Vec<u32> = marked
        .iter()
        .map(|marked| if *marked { 0 } else { far })
        .collect();
    for at in width..distances.len() {
        distances[at] = distances[at].min(distances[at - width] + 1);
    }
    for at in (width..distances.len()).rev() {
        distances[at - width] = distances[at - width].min(distances[at] + 1);
    }
    distances
}
