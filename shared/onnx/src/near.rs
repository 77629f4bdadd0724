//! Inputs that stay the same over many runs: where the network runs on a card they are copied there once.
//!
//! ONNX Runtime copies each input from the machine's memory to the card before every run. A captioner that writes word
//! after word gives it what it knows of the image each time: 21 MB an image of Florence-2-base in 32 bits.

use std::sync::Once;

use anyhow::{Context, Result};
use ort::memory::AllocationDevice;
use ort::value::DynTensorValueType;

use crate::net::Net;
use crate::tensor::{Tensor, said};

/// Said once: that a copy failed, and nothing is lost by it but time.
static SAID: Once = Once::new();

impl Net {
    /// What `tensor`, which is to be the input `name` of many runs, is best replaced by: the same numbers in the width
    /// that the graph wants, and on the card if it runs there, where only networks can read them. `None` where it is
    /// as good as it is, or the card does not take it.
    ///
    /// # Errors
    /// An input that the graph does not have, or of another kind of number.
    pub fn near(&self, name: &str, tensor: &Tensor) -> Result<Option<Tensor>> {
        let port = self.inputs().iter().find(|port| port.name == name);
        let port = port.with_context(|| format!("has no input `{name}`"))?;
        let changed = tensor.to_kind(port.kind)?;
        if self.provenance().device != "cuda" {
            return Ok(changed);
        }
        match copied(changed.as_ref().unwrap_or(tensor), AllocationDevice::CUDA) {
            Ok(near) => Ok(Some(near)),
            Err(error) => {
                SAID.call_once(|| {
                    log::warn!("inputs are copied to the card before every run: {error:#}");
                });
                Ok(changed)
            }
        }
    }
}

/// The same numbers in the memory of a device, the first of its kind.
fn copied(tensor: &Tensor, device: AllocationDevice<'static>) -> Result<Tensor> {
    let value = tensor.0.view().downcast::<DynTensorValueType>();
    let value = value.map_err(said)?;
    Ok(Tensor(value.to(device, 0).map_err(said)?.into_dyn()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn a_copy_has_the_same_shape_and_numbers() {
        crate::library::for_tests();
        let floats = Tensor::floats(&[2, 3], vec![0.5, -1.0, 2.0, 0.0, 7.25, 1e30]).unwrap();
        let copy = copied(&floats, AllocationDevice::CPU).unwrap();
        assert_eq!(copy.shape(), [2, 3]);
        assert_eq!(copy.as_floats().unwrap(), floats.as_floats().unwrap());
        let mask = Tensor::integers(&[1, 2], vec![1, -9]).unwrap();
        let copy = copied(&mask, AllocationDevice::CPU).unwrap();
        assert_eq!(copy.as_integers().unwrap(), [1, -9].as_slice());
    }

    #[test]
    fn a_device_that_is_not_there_is_an_error_and_the_numbers_are_left() {
        crate::library::for_tests();
        let floats = Tensor::floats(&[2], vec![0.5, -1.0]).unwrap();
        assert!(copied(&floats, AllocationDevice::DIRECTML).is_err());
        assert_eq!(floats.as_floats().unwrap(), [0.5, -1.0].as_slice());
    }
}
