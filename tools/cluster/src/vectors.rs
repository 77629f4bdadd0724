//! The vectors to be grouped: out of the records, and into one matrix.

use ndarray::{Array2, Axis};
use stage::{Context, Record, Result, bail, ensure};

use crate::Args;
use crate::choices::Metric;

/// Where a record's vector comes from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// The array of numbers that a JSON pointer leads to.
    Vector { pointer: String, unit: bool },
    /// Numbers that JSON pointers lead to, one each.
    Figures(Vec<String>),
}

impl Origin {
    /// What the flags ask for.
    pub(crate) fn of(args: &Args) -> Self {
        if args.figures.is_empty() {
            Self::Vector {
                pointer: args.on.clone(),
                unit: args.metric == Metric::Cosine,
            }
        } else {
            Self::Figures(args.figures.clone())
        }
    }

    /// The vector of one record.
    pub(crate) fn read(&self, record: &Record) -> Result<Vec<f32>> {
        match self {
            Self::Vector { pointer, unit } => {
                let missing = || format!("key `{pointer}` is missing");
                let mut vector = ::vectors::at(record, pointer)?.with_context(missing)?;
                check(&vector, pointer)?;
                if *unit {
                    scale(&mut vector).with_context(|| format!("key `{pointer}`"))?;
                }
                Ok(vector)
            }
            Self::Figures(pointers) => {
                let figure = |pointer: &String| {
                    let figure: Option<f32> = record.at(pointer)?;
                    let figure = figure.with_context(|| format!("key `{pointer}` is missing"))?;
                    check(&[figure], pointer).map(|()| figure)
                };
                pointers.iter().map(figure).collect()
            }
        }
    }

    /// Makes the matrix, one row a vector of that many numbers; figures are brought to zero mean
    /// and unit variance, so that none counts for more by its unit.
    pub(crate) fn matrix(
        &self,
        vectors: impl ExactSizeIterator<Item = Result<Vec<f32>>>,
        columns: usize,
    ) -> Result<Array2<f32>> {
        let rows = vectors.len();
        let mut flat = Vec::with_capacity(rows * columns);
        for vector in vectors {
            flat.extend(vector?);
        }
        let mut matrix = Array2::from_shape_vec((rows, columns), flat)?;
        if matches!(self, Self::Figures(_)) {
            standardise(&mut matrix);
        }
        Ok(matrix)
    }
}

fn check(vector: &[f32], pointer: &str) -> Result<()> {
    ensure!(!vector.is_empty(), "key `{pointer}`: the vector is empty");
    // Squares of larger numbers do not add up any more.
    match vector.iter().position(|number| number.abs() > 1e15) {
        Some(at) => bail!(
            "key `{pointer}`: number {at} is {:e}, too large",
            vector[at]
        ),
        None => Ok(()),
    }
}

/// Brings a vector to unit length.
pub(crate) fn scale(vector: &mut [f32]) -> Result<()> {
    let squares: f64 = vector.iter().map(|&x| f64::from(x).powi(2)).sum();
    ensure!(
        squares > 0.0,
        "all numbers are zero, so it has no direction"
    );
    let length = squares.sqrt();
    for number in vector {
        *number = (f64::from(*number) / length) as f32;
    }
    Ok(())
}

/// Brings every column to zero mean and unit variance; a column that is the
/// same all over becomes zero.
fn standardise(matrix: &mut Array2<f32>) {
    for mut column in matrix.axis_iter_mut(Axis(1)) {
        let count = column.len() as f64;
        let mean = column.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let squares: f64 = column.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum();
        let deviation = (squares / count).sqrt();
        // What remains of rounding is no variance.
        let flat = deviation <= 1e-6 * mean.abs().max(f64::MIN_POSITIVE);
        column.mapv_inplace(|x| {
            if flat {
                0.0
            } else {
                ((f64::from(x) - mean) / deviation) as f32
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn figures_get_zero_mean_and_unit_variance() {
        let origin = Origin::Figures(vec!["/a".into(), "/b".into()]);
        let vectors = [vec![1.0, 7.0], vec![3.0, 7.0]].map(Ok);
        let matrix = origin.matrix(vectors.into_iter(), 2).unwrap();
        assert_eq!(matrix, array![[-1.0, 0.0], [1.0, 0.0]]);
    }

    #[test]
    fn a_vector_is_scaled_to_unit_length() {
        let mut vector = [3.0, 4.0];
        scale(&mut vector).unwrap();
        assert!((vector[0] - 0.6).abs() < 1e-7 && (vector[1] - 0.8).abs() < 1e-7);
        assert!(scale(&mut [0.0, 0.0]).is_err());
    }
}
