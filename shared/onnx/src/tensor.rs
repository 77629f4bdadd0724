//! What goes into a network and comes out of it.

use std::borrow::Cow;

use anyhow::{Result, anyhow, bail, ensure};
use ort::value::{DynValue, TensorElementType, ValueType};

use crate::contract::Kind;

/// Numbers with a shape, on the machine's memory, row-major.
///
/// What came out of one network goes into another without being copied.
#[derive(Debug)]
pub struct Tensor(pub(crate) DynValue);

impl Tensor {
    /// Floats.
    pub fn floats(shape: &[usize], numbers: Vec<f32>) -> Result<Self> {
        fits(shape, numbers.len())?;
        let tensor = ort::value::Tensor::from_array((shape.to_vec(), numbers));
        Ok(Self(tensor.map_err(said)?.into_dyn()))
    }

    /// Integers of 64 bits.
    pub fn integers(shape: &[usize], numbers: Vec<i64>) -> Result<Self> {
        fits(shape, numbers.len())?;
        let tensor = ort::value::Tensor::from_array((shape.to_vec(), numbers));
        Ok(Self(tensor.map_err(said)?.into_dyn()))
    }

    /// Bytes.
    pub fn bytes(shape: &[usize], numbers: Vec<u8>) -> Result<Self> {
        fits(shape, numbers.len())?;
        let tensor = ort::value::Tensor::from_array((shape.to_vec(), numbers));
        Ok(Self(tensor.map_err(said)?.into_dyn()))
    }

    /// Truth values.
    pub fn truths(shape: &[usize], truths: Vec<bool>) -> Result<Self> {
        fits(shape, truths.len())?;
        let tensor = ort::value::Tensor::from_array((shape.to_vec(), truths));
        Ok(Self(tensor.map_err(said)?.into_dyn()))
    }

    /// Its size along each axis.
    pub fn shape(&self) -> Vec<usize> {
        match self.0.dtype() {
            ValueType::Tensor { shape, .. } => {
                let sizes = shape.iter().map(|size| usize::try_from(*size).unwrap_or(0));
                sizes.collect()
            }
            _ => Vec::new(),
        }
    }

    /// What its numbers are.
    pub fn kind(&self) -> Kind {
        Kind::of(self.0.dtype())
    }

    /// Its numbers as floats; those of 16 bits are widened.
    pub fn as_floats(&self) -> Result<Cow<'_, [f32]>> {
        match self.kind() {
            Kind::F32 => {
                let (_, numbers) = self.0.try_extract_tensor::<f32>().map_err(said)?;
                Ok(Cow::Borrowed(numbers))
            }
            Kind::F16 => {
                let (_, numbers) = self.0.try_extract_tensor::<half::f16>().map_err(said)?;
                Ok(numbers.iter().map(|number| number.to_f32()).collect())
            }
            other => bail!("a tensor of {other} instead of floats"),
        }
    }

    /// Its numbers as integers; those of 32 bits are widened.
    pub fn as_integers(&self) -> Result<Cow<'_, [i64]>> {
        match self.kind() {
            Kind::I64 => {
                let (_, numbers) = self.0.try_extract_tensor::<i64>().map_err(said)?;
                Ok(Cow::Borrowed(numbers))
            }
            Kind::I32 => {
                let (_, numbers) = self.0.try_extract_tensor::<i32>().map_err(said)?;
                Ok(numbers.iter().map(|number| i64::from(*number)).collect())
            }
            other => bail!("a tensor of {other} instead of integers"),
        }
    }

    /// Its numbers, if they are bytes.
    pub fn as_bytes(&self) -> Result<&[u8]> {
        match self.kind() {
            Kind::U8 => Ok(self.0.try_extract_tensor::<u8>().map_err(said)?.1),
            other => bail!("a tensor of {other} instead of bytes"),
        }
    }

    /// Its truth values.
    pub fn as_truths(&self) -> Result<&[bool]> {
        match self.kind() {
            Kind::Bool => Ok(self.0.try_extract_tensor::<bool>().map_err(said)?.1),
            other => bail!("a tensor of {other} instead of truth values"),
        }
    }

    /// The same numbers as `kind`, where a graph wants another width than it
    /// was given; `None` where it needs no change.
    pub(crate) fn to_kind(&self, kind: Kind) -> Result<Option<Self>> {
        let shape = self.shape();
        let value = match (self.kind(), kind) {
            (own, wanted) if own == wanted => return Ok(None),
            (Kind::F32, Kind::F16) => {
                let wide = self.as_floats()?;
                let narrow: Vec<half::f16> = wide.iter().map(|x| half::f16::from_f32(*x)).collect();
                ort::value::Tensor::from_array((shape, narrow))
                    .map_err(said)?
                    .into_dyn()
            }
            (Kind::F16, Kind::F32) => {
                return Self::floats(&shape, self.as_floats()?.into_owned()).map(Some);
            }
            (Kind::I32, Kind::I64) => {
                return Self::integers(&shape, self.as_integers()?.into_owned()).map(Some);
            }
            (Kind::I64, Kind::I32) => {
                let narrow: Result<Vec<i32>, _> = self
                    .as_integers()?
                    .iter()
                    .map(|x| i32::try_from(*x))
                    .collect();
                ort::value::Tensor::from_array((shape, narrow?))
                    .map_err(said)?
                    .into_dyn()
            }
            (own, wanted) => bail!("is a tensor of {own}, but the graph takes {wanted}"),
        };
        Ok(Some(Self(value)))
    }
}

fn fits(shape: &[usize], numbers: usize) -> Result<()> {
    let wanted = shape
        .iter()
        .try_fold(1_usize, |all, size| all.checked_mul(*size));
    ensure!(
        wanted == Some(numbers),
        "a tensor of shape {shape:?} cannot hold {numbers} numbers"
    );
    Ok(())
}

/// The runtime's error as this crate's callers see it.
pub(crate) fn said<T>(error: ort::Error<T>) -> anyhow::Error {
    anyhow!("{}", error.message())
}

impl Kind {
    pub(crate) fn of(value: &ValueType) -> Self {
        match value {
            ValueType::Tensor { ty, .. } => match ty {
                TensorElementType::Float32 => Self::F32,
                TensorElementType::Float16 => Self::F16,
                TensorElementType::Int64 => Self::I64,
                TensorElementType::Int32 => Self::I32,
                TensorElementType::Uint8 => Self::U8,
                TensorElementType::Bool => Self::Bool,
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn a_tensor_holds_as_many_numbers_as_its_shape_says() {
        crate::library::for_tests();
        assert!(Tensor::floats(&[2, 3], vec![0.0; 6]).is_ok());
        let error = Tensor::floats(&[2, 3], vec![0.0; 5]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a tensor of shape [2, 3] cannot hold 5 numbers"
        );
        assert_eq!(
            Tensor::floats(&[1, 4, 0, 8], Vec::new()).unwrap().shape(),
            [1, 4, 0, 8]
        );
    }

    #[test]
    fn widths_change_where_the_graph_wants_another() {
        crate::library::for_tests();
        let tensor = Tensor::floats(&[3], vec![0.5, -2.0, 65504.0]).unwrap();
        let narrow = tensor.to_kind(Kind::F16).unwrap().unwrap();
        assert_eq!(narrow.kind(), Kind::F16);
        assert_eq!(narrow.as_floats().unwrap(), [0.5, -2.0, 65504.0].as_slice());
        let numbers = Tensor::integers(&[2], vec![7, -1]).unwrap();
        assert_eq!(
            numbers
                .to_kind(Kind::I32)
                .unwrap()
                .unwrap()
                .as_integers()
                .unwrap(),
            [7, -1].as_slice()
        );
        assert!(numbers.to_kind(Kind::F32).is_err());
        let large = Tensor::integers(&[1], vec![1 << 40]).unwrap();
        assert!(
            large.to_kind(Kind::I32).is_err(),
            "a number must not be cut"
        );
    }
}
