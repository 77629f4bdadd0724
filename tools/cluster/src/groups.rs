//! What a record is told of its cluster.

use std::cmp::Reverse;

use ndarray::Array2;
use stage::manifest::shapes::Cluster;

use crate::distance::squared;

/// The cluster of every row, by any numbering; `None` is noise.
pub(crate) type Labels = Vec<Option<usize>>;

/// The place of every row.
pub(crate) fn places(matrix: &Array2<f32>, labels: &Labels) -> Vec<Cluster> {
    let mut distances = vec![f32::INFINITY; labels.len()];
    for rows in numbered(labels) {
        let centre = mean(matrix, &rows);
        for row in rows {
            let own = matrix.row(row);
            distances[row] = squared(own.as_slice().unwrap_or_default(), &centre).sqrt();
        }
    }
    told(labels, &distances)
}

/// The place of every row, by its label and its distance to the mean of those with that label. Clusters are
/// numbered by size, and by their first record where sizes are equal, so that the numbering of `labels` has no say.
pub(crate) fn told(labels: &Labels, distances: &[f32]) -> Vec<Cluster> {
    let noise = labels.iter().filter(|label| label.is_none()).count();
    let lost = Cluster {
        id: -1,
        size: noise,
        distance: None,
        representative: false,
    };
    let mut places = vec![lost; labels.len()];
    for (id, rows) in (0..).zip(numbered(labels)) {
        let mut nearest = (f32::INFINITY, rows[0]);
        for &row in &rows {
            let distance = distances[row];
            if distance < nearest.0 {
                nearest = (distance, row);
            }
            places[row] = Cluster {
                id,
                size: rows.len(),
                distance: Some(distance),
                representative: false,
            };
        }
        places[nearest.1].representative = true;
    }
    places
}

/// The rows of every cluster, in the order of the clusters' numbers.
fn numbered(labels: &Labels) -> Vec<Vec<usize>> {
    let count = labels.iter().flatten().max().map_or(0, |most| most + 1);
    let mut clusters = vec![Vec::new(); count];
    for (row, label) in labels.iter().enumerate() {
        if let Some(label) = label {
            clusters[*label].push(row);
        }
    }
    clusters.retain(|rows| !rows.is_empty());
    clusters.sort_by_key(|rows| (Reverse(rows.len()), rows[0]));
    clusters
}

fn mean(matrix: &Array2<f32>, rows: &[usize]) -> Vec<f32> {
    let mut sums = vec![0.0; matrix.ncols()];
    for &row in rows {
        for (sum, &number) in sums.iter_mut().zip(matrix.row(row)) {
            *sum += f64::from(number);
        }
    }
    let count = rows.len() as f64;
    sums.into_iter().map(|sum| (sum / count) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn clusters_are_numbered_by_size_then_by_first_record() {
        let matrix = array![[9.0], [0.0], [1.0], [5.0], [3.5], [7.0]];
        let labels = vec![Some(7), Some(2), Some(2), Some(4), Some(2), None];
        let places = places(&matrix, &labels);
        let ids: Vec<_> = places.iter().map(|place| place.id).collect();
        assert_eq!(ids, [1, 0, 0, 2, 0, -1]);
        assert_eq!(places[4].distance, Some(2.0));
        let representatives: Vec<_> = places.iter().map(|p| p.representative).collect();
        assert_eq!(representatives, [true, false, true, true, false, false]);
        assert_eq!((places[5].size, places[5].distance), (1, None));
    }
}
