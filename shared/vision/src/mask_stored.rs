//! A mask as a record holds it, read and not yet decoded.

use std::path::{Path, PathBuf};

use geometry::MaskShape;

use crate::decode;
use crate::error::{Error, Result};
use crate::mask::{self, Mask, Rle};

/// A mask that is read and not yet decoded. Its bytes name what is made of it, which may be remembered,
/// so that nothing has to be decoded.
#[derive(Debug, Clone)]
pub struct Stored {
    form: Form,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Form {
    File(PathBuf),
    Runs(Rle),
}

impl Stored {
    /// Reads the file, or the run lengths, of a mask in a record.
    ///
    /// # Errors
    /// A file that cannot be read, with its path; run lengths that are none.
    ///
    /// ```
    /// use geometry::{Counts, MaskShape, RunLengths};
    /// let runs = |counts| MaskShape::Runs(RunLengths { size: [2, 3], counts });
    /// let numbers = vision::mask::Stored::read(&runs(Counts::Numbers(vec![2, 1, 3]))).unwrap();
    /// assert_eq!(numbers.decode().unwrap().area(), 1);
    /// // The same mask, compressed.
    /// let text = vision::mask::Stored::read(&runs(Counts::Text("213".to_owned()))).unwrap();
    /// assert_eq!(text.bytes(), numbers.bytes());
    /// ```
    pub fn read(shape: &MaskShape) -> Result<Self> {
        Ok(match shape {
            MaskShape::File(path) => Self {
                bytes: decode::read(path).map_err(|cause| in_file(path, cause))?,
                form: Form::File(path.clone()),
            },
            MaskShape::Runs(runs) => {
                let runs = Rle::try_from(runs)?;
                let numbers = [runs.height(), runs.width()];
                let numbers = numbers.iter().chain(runs.counts());
                Self {
                    bytes: numbers.flat_map(|number| number.to_le_bytes()).collect(),
                    form: Form::Runs(runs),
                }
            }
        })
    }

    /// The file that it is in, if it is in one.
    pub fn path(&self) -> Option<&Path> {
        match &self.form {
            Form::File(path) => Some(path),
            Form::Runs(_) => None,
        }
    }

    /// The content of the file; of run lengths their numbers.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The mask.
    ///
    /// # Errors
    /// As [`mask::read`], with the path of the file.
    pub fn decode(&self) -> Result<Mask> {
        match &self.form {
            Form::File(path) => mask::from_bytes(&self.bytes).map_err(|cause| in_file(path, cause)),
            Form::Runs(runs) => runs.decode(),
        }
    }

    /// The mask of an image of `size`, width and height.
    ///
    /// # Errors
    /// As [`Stored::decode`]; a mask of another size.
    pub fn decode_for(&self, size: (u32, u32)) -> Result<Mask> {
        let mask = self.decode()?.for_image(size);
        mask.map_err(|cause| match &self.form {
            Form::File(path) => in_file(path, cause),
            Form::Runs(_) => cause,
        })
    }
}

/// The mask that a record holds, be it a file or run lengths.
///
/// # Errors
/// As [`Stored::read`] and [`Stored::decode`].
pub fn open(shape: &MaskShape) -> Result<Mask> {
    Stored::read(shape)?.decode()
}

/// The mask that a record holds of an image of `size`, width and height.
///
/// # Errors
/// As [`open`]; a mask of another size, with the path of its file.
pub fn open_for(shape: &MaskShape, size: (u32, u32)) -> Result<Mask> {
    Stored::read(shape)?.decode_for(size)
}

fn in_file(path: &Path, cause: Error) -> Error {
    Error::File {
        path: path.to_owned(),
        cause: Box::new(cause),
    }
}
